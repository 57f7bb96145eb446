// The hub's address alone: to one's own side if one is signed in, else to the sign-in.
import { Navigate } from '@tanstack/react-router'
import { useQuery } from 'urql'
import { WHO_IS_THERE } from '../features/session/viewer'
import { refusalOf } from '../ui/errors'
import { Failed } from '../ui/page-states'
import { OtherSide, sideOf } from './inside'

export function WhoIsHome() {
  const [{ data, error }, again] = useQuery({ query: WHO_IS_THERE, context: ASKING })
  if (data && sideOf(data) === 'p') return <OtherSide path={`p/${data.viewer.organization.name}`} />
  if (data) return <Navigate to="/v/$organization" params={{ organization: data.viewer.organization.name }} replace />
  if (!error) return <main className="starting" aria-busy="true" />
  if (refusalOf(error).code === 'unauthenticated') return <Navigate to="/sign-in" replace />
  return (
    <main className="starting">
      <Failed error={error} again={() => again({ requestPolicy: 'network-only' })} />
    </main>
  )
}

const ASKING = { asksWhoIsThere: true }
