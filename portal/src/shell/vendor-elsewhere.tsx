// At a host of an organization's customers, somebody who is none of them: the way to the hub itself.
import { signOut } from '../features/session/sign-out'
import type { WhoIsThere } from '../features/session/viewer'
import { Button } from '../ui/button'

export function VendorElsewhere({ who: { viewer, hub } }: { who: WhoIsThere }) {
  return (
    <main className="starting">
      <div className="page-state">
        <h1>Your pages are elsewhere</h1>
        <p>
          At this address customers find their portal. You are signed in as {viewer.email ?? viewer.name ?? 'a member'}{' '}
          of {viewer.organization.displayName}, whose pages are at <a href={hub.publicUrl}>{hub.publicUrl}</a>.
        </p>
        <Button onClick={() => void signOut('')}>Sign out here</Button>
      </div>
    </main>
  )
}
