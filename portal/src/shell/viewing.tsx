// Over a customer's pages, for a vendor's member who sees them as the customer does: that it is so, until when, and the way back.
import { Eye } from 'lucide-react'
import { useEffect, useState } from 'react'
import { endView } from '../features/session/view-as'
import { useWhoIsThere } from '../features/session/viewer'
import { hubNow } from '../live/clock'
import { refusalOf } from '../ui/errors'
import { Time } from '../ui/time'

export function ViewingBand({ back }: { back: string }) {
  const { viewer } = useWhoIsThere()
  const [refused, setRefused] = useState<string>()
  const until = viewer.viewingUntil ?? undefined
  // the session is the vendor's again then, and this page not its own
  useEffect(() => {
    if (until === undefined) return
    const timer = setTimeout(() => void endView(back), Math.max(0, Date.parse(until) - hubNow()))
    return () => clearTimeout(timer)
  }, [until, back])
  if (until === undefined) return null
  const end = async () => {
    const error = await endView(back)
    setRefused(error && refusalOf(error).sentence)
  }
  return (
    <div className="band is-viewing" role="status">
      <Eye size={15} aria-hidden="true" />
      <span>
        You see what {viewer.customer?.displayName ?? 'the customer'} sees, and change nothing. It ends{' '}
        <Time at={until} />.{refused ? ` ${refused}` : null}
      </span>
      <button type="button" className="button is-quiet" onClick={() => void end()}>
        End the view
      </button>
    </div>
  )
}
