// What stands around every page: who is there, the rooms, the line, the palette.
import { Navigate, Outlet, useNavigate, useParams, useRouter } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { type OperationResult, useClient } from 'urql'
import { ViewerProvider, WHO_IS_THERE, type WhoIsThere } from '../features/session/viewer'
import { setHubTime } from '../live/clock'
import { connect } from '../live/socket'
import { Button } from '../ui/button'
import { refusalOf } from '../ui/errors'
import { Failed } from '../ui/page-states'
import { Toasts } from '../ui/toast'
import { LineBand, SignedOutDialog } from './line-indicator'
import { Nav, ROOMS } from './nav'
import { Palette } from './palette'

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

export function Shell() {
  const { answer, again } = useWho()
  const { organization } = useParams({ strict: false })
  if (!answer) return <main className="starting" aria-busy="true" />
  if (answer.error) {
    if (refusalOf(answer.error).code === 'unauthenticated') {
      return <ToSignIn organization={organization ?? ''} />
    }
    return (
      <main className="starting">
        <Failed error={answer.error} again={again} />
      </main>
    )
  }
  const who = answer.data
  if (!who) return null
  // another organization's address says nothing of what is there
  if (who.viewer.organization.name !== organization) {
    return <Navigate to="/v/$organization" params={{ organization: who.viewer.organization.name }} replace />
  }
  return (
    <ViewerProvider value={who}>
      <Rooms />
    </ViewerProvider>
  )
}

/** And back to where it began: the address changes on the way. */
function ToSignIn({ organization }: { organization: string }) {
  const navigate = useNavigate()
  const { state } = useRouter()
  // biome-ignore lint/correctness/useExhaustiveDependencies: once
  useEffect(() => {
    const next = state.location.href
    void navigate({ to: '/v/$organization/sign-in', params: { organization }, search: { next }, replace: true })
  }, [])
  return null
}

function Rooms() {
  const [isFinding, setFinding] = useState(false)
  useEffect(() => void connect(), [])
  useShortcuts(() => setFinding(true))
  return (
    <div className="shell">
      <button type="button" className="skip" onClick={toMain}>
        Skip to the page
      </button>
      <Nav openPalette={() => setFinding(true)} />
      <div className="column">
        <LineBand />
        <main id="main" tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      {isFinding ? <Palette close={() => setFinding(false)} /> : null}
      <SignedOutDialog />
      <Toasts />
    </div>
  )
}

function toMain() {
  document.getElementById('main')?.focus()
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

function useShortcuts(find: () => void) {
  const navigate = useNavigate()
  const { organization = '' } = useParams({ strict: false })
  useEffect(() => {
    let goes = false
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        return find()
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      const room = goes ? ROOMS.find(room => room.key === event.key) : undefined
      goes = event.key === 'g'
      if (room) void navigate({ to: room.to, params: { organization } })
      if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('input[type=search]')
        if (search) event.preventDefault()
        search?.focus()
      }
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [find, navigate, organization])
}

export function NotHere() {
  return (
    <div className="page-state">
      <h1>It is not here</h1>
      <p>There is nothing at this address, or it is not yours to see.</p>
      <Button onClick={() => history.back()}>Go back</Button>
    </div>
  )
}
