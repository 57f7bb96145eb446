// A change that wants a reason, which the log keeps.
import type { TypedDocumentNode } from '@urql/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { Dialog, DialogFooter } from './dialog'
import { TextArea } from './field'
import { toast } from './toast'
import { useAction } from './use-action'

type Done = { done: { changed: boolean } }

type Props<Variables extends { reason: string }> = {
  document: TypedDocumentNode<Done, Variables>
  /** all but the reason */
  variables: Omit<Variables, 'reason'>
  title: string
  description: ReactNode
  deed: string
  /** what is said when it is done */
  said: string
  kind?: 'primary' | 'danger'
  line: (reason: string) => string
  close: () => void
  done?: () => void
}

export function ReasonDialog<Variables extends { reason: string }>(props: Props<Variables>) {
  const { document, variables, title, description, deed, said, kind = 'primary', line, close, done } = props
  const { act, isBusy, error } = useAction(document)
  const [reason, setReason] = useState('')
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await act({ ...variables, reason: reason.trim() } as Variables)
    if (!answer) return
    toast(answer.done.changed ? said : 'It was so already')
    done?.()
    close()
  }
  return (
    <Dialog open onClose={close} title={title} description={description}>
      <form className="form" onSubmit={event => void submit(event)}>
        <Reason reason={reason} put={setReason} />
        <DialogFooter
          close={close}
          error={error}
          line={line(reason.trim() || 'REASON')}
          kind={kind}
          isOff={isBusy || reason.trim() === ''}
        >
          {deed}
        </DialogFooter>
      </form>
    </Dialog>
  )
}

export function Reason({ reason, put }: { reason: string; put: (reason: string) => void }) {
  return (
    <TextArea
      label="Reason"
      hint="The log keeps it, and colleagues read it here."
      required
      maxLength={500}
      rows={2}
      value={reason}
      onChange={event => put(event.target.value)}
    />
  )
}
