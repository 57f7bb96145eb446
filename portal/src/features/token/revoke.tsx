import { graphql } from '../../gql'
import { Dialog, DialogFooter } from '../../ui/dialog'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import type { Token } from './queries'

const REVOKE = graphql(`
  mutation TokenRevoke($id: ID!) {
    tokenRevoke(id: $id) { changed token { ...TokenRow } }
  }
`)

export function RevokeDialog({ token, close, done }: { token: Token; close: () => void; done: () => void }) {
  const { act, isBusy, error } = useAction(REVOKE)
  const revoke = async () => {
    const answer = await act({ id: token.id })
    if (!answer) return
    toast(answer.tokenRevoke.changed ? `${token.label} is revoked` : 'It was revoked already')
    done()
    close()
  }
  return (
    <Dialog
      open
      onClose={close}
      title={`Revoke ${token.label}`}
      description="This is for ever. It lets nobody in from the next request on, nor does any token that was made with it."
    >
      <DialogFooter
        close={close}
        error={error}
        line={commandLine('distr', 'token', 'revoke', token.id)}
        kind="danger"
        act={revoke}
        isOff={isBusy}
      >
        Revoke for ever
      </DialogFooter>
    </Dialog>
  )
}
