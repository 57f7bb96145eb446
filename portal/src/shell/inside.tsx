// Whoever is signed in, on the side where it belongs: the vendor's people at the vendor's pages, a customer's at the customer's. An
// address of the other side says nothing of what is there.
import { Navigate, useNavigate, useParams, useRouter } from '@tanstack/react-router'
import { type ReactNode, useEffect, useState } from 'react'
import { type OperationResult, useClient } from 'urql'
import { ViewerProvider, WHO_IS_THERE, type WhoIsThere } from '../features/session/viewer'
import { setHubTime } from '../live/clock'
import { refusalOf } from '../ui/errors'
import { Failed } from '../ui/page-states'
import { customersRoot, ownHostOf } from './own-host'
import { VendorElsewhere } from './vendor-elsewhere'

/** The first part of a side's addresses. */
export type Side = 'v' | 'p'

export function sideOf({ viewer }: WhoIsThere): Side {
  return viewer.customer ? 'p' : 'v'
}

function useWho() {
  const client = useClient()
  const [answer, setAnswer] = useState<OperationResult<WhoIsThere>>()
  const [tries, setTries] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: each try asks anew
  useEffect(() => {
    let isHere = true
    const asked = Date.now()
    void client
      .query(WHO_IS_THERE, {}, { requestPolicy: 'network-only', asksWhoIsThere: true })
      .toPromise()
      .then(answer => {
        if (answer.data) setHubTime(answer.data.hub.now, asked, Date.now())
        if (isHere) setAnswer(answer)
      })
    return () => {
      isHere = false
    }
  }, [client, tries])
  return { answer, again: () => setTries(tries => tries + 1) }
}

export function Inside({ side, children }: { side: Side; children: ReactNode }) {
  const { answer, again } = useWho()
  const params = useParams({ strict: false })
  const organization = ownHostOf ?? params.organization ?? ''
  if (!answer) return <main className="starting" aria-busy="true" />
  if (answer.error) {
    if (refusalOf(answer.error).code === 'unauthenticated') {
      return <ToSignIn at={`${side === 'p' ? customersRoot(organization) : `/v/${organization}`}/sign-in`} />
    }
    return (
      <main className="starting">
        <Failed error={answer.error} again={again} />
      </main>
    )
  }
  const who = answer.data
  if (!who) return null
  const own = who.viewer.organization.name
  if (ownHostOf && (sideOf(who) !== side || own !== organization)) return <VendorElsewhere who={who} />
  if (sideOf(who) !== side) return <OtherSide path={`${sideOf(who)}/${own}`} />
  if (own !== organization) return <Navigate to={`/${side}/${own}` as string} replace />
  return <ViewerProvider value={who}>{children}</ViewerProvider>
}

/** And back to where it began: the address changes on the way. */
function ToSignIn({ at }: { at: string }) {
  const navigate = useNavigate()
  const { state } = useRouter()
  // biome-ignore lint/correctness/useExhaustiveDependencies: once
  useEffect(() => {
    const next = state.location.href
    void navigate({ to: at, search: { next } as never, replace: true })
  }, [])
  return null
}

/** Another document. */
export function OtherSide({ path }: { path: string }) {
  useEffect(() => location.replace(new URL(path, document.baseURI)), [path])
  return <main className="starting" aria-busy="true" />
}
