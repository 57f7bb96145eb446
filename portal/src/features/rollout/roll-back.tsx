// The way back: a rollout of its own, to which this leads.
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { usePlaces } from '../../shell/places'
import { Dialog, DialogFooter } from '../../ui/dialog'
import { Reason } from '../../ui/reason-dialog'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { ROLL_BACK } from './mutations'
import { isOpen, type Rollout } from './queries'

export function RollBackDialog({ rollout, close }: { rollout: Rollout; close: () => void }) {
  const { act, isBusy, error } = useAction(ROLL_BACK)
  const places = usePlaces()
  const navigate = useNavigate()
  const [reason, setReason] = useState('')
  const { application, name, version } = rollout
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await act({ application: application.name, name, reason: reason.trim() })
    if (!answer) return
    const { rollout: back, warnings } = answer.rolloutRollBack
    toast(`${back.name} leads back`)
    for (const warning of warnings) toast(warning)
    close()
    void navigate({ to: places.rollout(application.name, back.name) })
  }
  return (
    <Dialog
      open
      onClose={close}
      title={`Roll back ${name}`}
      description={`Each target that runs ${version} goes back to what it ran before, in one wave, within the same limits. None goes below a release of no return, or to one that was revoked.${isOpen(rollout) ? ' This rollout is aborted first.' : ''}`}
    >
      <form className="form" onSubmit={event => void submit(event)}>
        <Reason reason={reason} put={setReason} />
        <DialogFooter
          close={close}
          error={error}
          line={commandLine(
            'distr',
            'rollout',
            'roll-back',
            name,
            '--app',
            application.name,
            '--reason',
            reason.trim() || 'REASON',
          )}
          kind="danger"
          isOff={isBusy || reason.trim() === ''}
        >
          Roll back
        </DialogFooter>
      </form>
    </Dialog>
  )
}
