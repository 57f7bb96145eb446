// Other limits for a rollout that is open. Lower ones stop new starts, and take nothing back.
import { type FormEvent, useState } from 'react'
import { Change, Dialog, DialogFooter } from '../../ui/dialog'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { limitsDraft, limitsOf } from './draft'
import { LimitFields } from './limit-fields'
import { ADJUST } from './mutations'
import type { Limits, Rollout } from './queries'
import { limitsWords } from './rule-words'
import { Wrong } from './wrong'

export function AdjustDialog({ rollout, close }: { rollout: Rollout; close: () => void }) {
  const { act, isBusy, error } = useAction(ADJUST)
  const before = rollout.limits
  const [draft, setDraft] = useState(() => (before ? limitsDraft(before) : undefined))
  if (!before || !draft) return null
  const { limits, wrong } = limitsOf(draft)
  const { application, name } = rollout
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await act({ application: application.name, name, limits })
    if (!answer) return
    toast(answer.rolloutAdjust.changed ? `${name} has other limits` : 'It was so already')
    close()
  }
  const line = commandLine(
    'distr',
    'rollout',
    'adjust',
    name,
    '--app',
    application.name,
    '--in-flight',
    draft.inFlight,
    '--per-customer',
    draft.perCustomer || '0',
    ...(limits.perLabel ? ['--per-label', `${limits.perLabel.label}=${limits.perLabel.most}`] : []),
    '--starts-per-minute',
    draft.starts || '0',
  )
  return (
    <Dialog
      open
      wide
      onClose={close}
      title={`Limits of ${name}`}
      description="Lower ones stop new starts, and take nothing back."
    >
      <form className="form" onSubmit={event => void submit(event)}>
        <LimitFields draft={draft} put={setDraft} />
        <Change
          what="The limits"
          before={limitsWords(before)}
          after={wrong.length > 0 ? 'not yet known' : limitsWords(limits as Limits)}
        />
        <Wrong wrong={wrong} />
        <DialogFooter close={close} error={error} line={line} isOff={isBusy || wrong.length > 0}>
          Adjust
        </DialogFooter>
      </form>
    </Dialog>
  )
}
