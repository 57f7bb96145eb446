// The choice of a moment: a time, or a position of the log.
import { type FormEvent, useState } from 'react'
import { hubNow } from '../../live/clock'
import { momentOf, useMoment } from '../../live/moment'
import { useGoToMoment } from '../../shell/use-go-to-moment'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { Field } from '../../ui/field'
import { exact } from '../../ui/time'
import { useZone } from '../../ui/zone'
import { localText, momentOfLocal } from './local'

const HOUR = 3_600_000
const AGO = [
  ['an hour ago', HOUR],
  ['a day ago', 24 * HOUR],
  ['a week ago', 7 * 24 * HOUR],
  ['30 days ago', 30 * 24 * HOUR],
] as const
const POSITION = /^\d{1,20}$/

export default function MomentDialog({ close }: { close: () => void }) {
  const zone = useZone()
  const now = useMoment()
  const go = useGoToMoment()
  const shown = now === undefined ? undefined : momentOf(now)
  const [kind, setKind] = useState<'time' | 'position'>(shown?.kind === 'position' ? 'position' : 'time')
  const [local, setLocal] = useState(() => localText(shown?.kind === 'time' ? shown.at : hubNow() - HOUR, zone))
  const [position, setPosition] = useState(shown?.kind === 'position' ? shown.position : '')
  const moment = kind === 'time' ? momentOfLocal(local, zone) : POSITION.test(position) ? position : undefined
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (moment === undefined) return
    go(moment)
    close()
  }
  return (
    <Dialog
      open
      onClose={close}
      title="As of a moment"
      description="Pages show what was known then. Nothing can be changed until you are back at now."
    >
      <form className="form" onSubmit={submit}>
        <div className="facet" role="group" aria-label="Named by">
          {(['time', 'position'] as const).map(one => (
            <button
              key={one}
              type="button"
              className="facet-value"
              aria-pressed={kind === one}
              onClick={() => setKind(one)}
            >
              {one === 'time' ? 'A time' : 'A position of the log'}
            </button>
          ))}
        </div>
        {kind === 'time' ? (
          <>
            <Field
              label={zone === 'utc' ? 'Time, in UTC' : 'Time, in your zone'}
              type="datetime-local"
              step={1}
              required
              value={local}
              onChange={event => setLocal(event.target.value)}
              hint={
                moment ? `${exact.viewer.format(Date.parse(moment))} · ${exact.utc.format(Date.parse(moment))}` : null
              }
            />
            <div className="moment-ago">
              {AGO.map(([words, ms]) => (
                <Button key={ms} kind="quiet" onClick={() => setLocal(localText(hubNow() - ms, zone))}>
                  {words}
                </Button>
              ))}
            </div>
          </>
        ) : (
          <Field
            label="Position"
            inputMode="numeric"
            pattern="[0-9]{1,20}"
            required
            autoComplete="off"
            value={position}
            onChange={event => setPosition(event.target.value.trim())}
            hint="The number that each event has in the log; what is shown is what was there after it."
          />
        )}
        <div className="dialog-actions">
          {now === undefined ? (
            <Button onClick={close}>Cancel</Button>
          ) : (
            <Button
              onClick={() => {
                go(undefined)
                close()
              }}
            >
              Back to now
            </Button>
          )}
          <Button kind="primary" type="submit" disabled={moment === undefined}>
            Look back
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
