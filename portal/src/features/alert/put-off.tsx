// An alert is put off until a time, with a reason that colleagues read; and taken up again before.
import { type FormEvent, useState } from 'react'
import { hubNow } from '../../live/clock'
import { Button } from '../../ui/button'
import { Dialog, DialogFooter } from '../../ui/dialog'
import { Choice, Field } from '../../ui/field'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { type Alert, PUT_OFF, TAKE_UP } from './queries'
import { KINDS, PERIODS, type Period, untilOf } from './words'

type Props = { alert: Alert; about: string; close: () => void; done: () => void }

export function PutOffDialog({ alert, about, close, done }: Props) {
  const { act, isBusy, error } = useAction(PUT_OFF)
  const [period, setPeriod] = useState<Period>('1 week')
  const [reason, setReason] = useState('')
  const until = untilOf(period, hubNow())
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!(await act({ id: alert.id, until, reason }))) return
    toast(`Put off for ${period}`)
    done()
    close()
  }
  return (
    <Dialog
      open
      onClose={close}
      title={`Put off: ${KINDS[alert.kind][1]}`}
      description={`${about}. Nobody in the organization is shown it until then, unless it is settled and comes again.`}
    >
      <form className="form" onSubmit={event => void submit(event)}>
        <Choice label="For" value={period} onChange={({ target }) => setPeriod(target.value as Period)}>
          {Object.keys(PERIODS).map(name => (
            <option key={name}>{name}</option>
          ))}
        </Choice>
        <Field
          label="Reason"
          hint="Your colleagues read it, here and in the activity."
          value={reason}
          required
          maxLength={500}
          onChange={({ target }) => setReason(target.value)}
        />
        <DialogFooter
          close={close}
          error={error}
          line={commandLine('distr', 'alerts', 'put-off', alert.id, '--until', until, '--reason', reason || 'REASON')}
          isOff={isBusy || reason.trim() === ''}
        >
          Put it off
        </DialogFooter>
      </form>
    </Dialog>
  )
}

export function TakeUp({ alert, about, done }: { alert: Alert; about: string; done: () => void }) {
  const { act, isBusy, error } = useAction(TAKE_UP)
  const take = async () => {
    if (!(await act({ id: alert.id }))) return
    toast('Taken up again')
    done()
  }
  return (
    <>
      <Button onClick={() => void take()} disabled={isBusy} aria-label={`Take up: ${about}`}>
        Take up
      </Button>
      {error ? <span role="alert">{error.message}</span> : null}
    </>
  )
}
