// Whether news come. A cut line is said over the page, with the hour since when; what is shown stays, and is not called silent.

import { SignInForm } from '../features/session/sign-in'
import { useWhoIsThere, WHO_IS_THERE } from '../features/session/viewer'
import { client } from '../live/client'
import { readAgain, useLine } from '../live/line'
import { useMoment } from '../live/moment'
import { connect, disconnect } from '../live/socket'
import { Dialog } from '../ui/dialog'

const hour = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const WORDS = {
  connecting: 'connecting',
  live: 'live',
  interrupted: 'live',
  reconnecting: 'reconnecting',
  cut: 'cut',
  'signed-out': 'signed out',
}

/** At a moment of the past there are no news, however the line is. */
export function LineIndicator() {
  const line = useLine()
  const isPast = useMoment() !== undefined
  if (isPast) {
    return (
      <span className="line is-past" role="status">
        <span className="line-dot" aria-hidden="true" />
        paused
      </span>
    )
  }
  return (
    <span className={`line is-${line.state}`} role="status">
      <span className="line-dot" aria-hidden="true" />
      {WORDS[line.state]}
    </span>
  )
}

export function LineBand() {
  const line = useLine()
  if (line.state !== 'cut') return null
  return (
    <div className="band" role="status">
      No news from the hub since {hour.format(line.since)}. What you see is from then; targets are not silent because of
      it.
      <button type="button" className="button is-quiet" onClick={readAgain}>
        Try now
      </button>
    </div>
  )
}

/** Over the page, so that what was typed into it stays. */
export function SignedOutDialog() {
  const line = useLine()
  const { viewer } = useWhoIsThere()
  const done = async () => {
    // what is on the screen belongs to whoever was here
    const answer = await client.query(WHO_IS_THERE, {}, { requestPolicy: 'network-only' }).toPromise()
    if (answer.data?.viewer?.memberId !== viewer.memberId) return location.reload()
    disconnect()
    connect()
    readAgain()
  }
  return (
    <Dialog
      open={line.state === 'signed-out'}
      onClose={() => undefined}
      title="You are signed out"
      description="The session ended. Sign in again, and go on where you were."
    >
      <SignInForm organization={viewer.organization.name} done={done} />
    </Dialog>
  )
}
