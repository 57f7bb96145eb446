// One policy: what it says, in words; and its removal.
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useLive } from '../../live/use-live'
import { To, usePlaces } from '../../shell/places'
import { Allowed, Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { Dialog, DialogFooter } from '../../ui/dialog'
import { Fact, Facts, Page, Panel } from '../../ui/page'
import { Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { Time } from '../../ui/time'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { useMay } from '../session/viewer'
import { POLICY, REMOVE_POLICY } from './policy-queries'
import { RulesInWords } from './rules'
import './rollout.css'

export default function PolicyPage() {
  const { root } = usePlaces()
  const { policy: name = '' } = useParams({ strict: false }) as Record<string, string>
  const maySet = useMay('MANAGE_ROLLOUT_POLICIES')
  const mayStart = useMay('ROLL_OUT')
  const [isRemoving, setRemoving] = useState(false)
  const { data, error, isLoading, again } = useLive(POLICY, { name })
  const policy = data?.rolloutPolicy
  return (
    <Page
      title={name}
      section="Rollout policies"
      crumbs={<To place={`${root}/rollout-policies`}>Rollout policies</To>}
      actions={
        policy ? (
          <>
            <Allowed may={maySet} needs="the right to set policies">
              <Button kind="quiet" onClick={() => setRemoving(true)}>
                Remove…
              </Button>
              <Link className="button" to={`${root}/rollouts/set-policy` as string} search={{ policy: name } as never}>
                Change…
              </Link>
            </Allowed>
            <Allowed may={mayStart} needs="the right to start rollouts">
              <Link
                className="button is-primary"
                to={`${root}/rollouts/new` as string}
                search={{ policy: name } as never}
              >
                Start a rollout…
              </Link>
            </Allowed>
          </>
        ) : null
      }
    >
      {error && !policy ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the policy" /> : null}
      {policy ? (
        <>
          <Facts>
            <Fact name="Set first">
              <Time at={policy.createdAt} />
            </Fact>
            <Fact name="Changed">
              <Time at={policy.changedAt} />
            </Fact>
          </Facts>
          <Panel title="Rules">
            <RulesInWords rules={policy.rules} withWaves />
          </Panel>
          <SameInCli line={commandLine('distr', 'policy', 'show', name)} />
        </>
      ) : null}
      {isRemoving ? <RemoveDialog name={name} close={() => setRemoving(false)} /> : null}
    </Page>
  )
}

function RemoveDialog({ name, close }: { name: string; close: () => void }) {
  const { act, isBusy, error } = useAction(REMOVE_POLICY)
  const { root } = usePlaces()
  const navigate = useNavigate()
  const remove = async () => {
    if (!(await act({ name }))) return
    toast(`${name} is removed`)
    close()
    void navigate({ to: `${root}/rollout-policies` as string })
  }
  return (
    <Dialog
      open
      onClose={close}
      title={`Remove ${name}`}
      description="Rollouts that were started by it have their copies, and go on. No new one starts by it."
    >
      <DialogFooter
        close={close}
        error={error}
        line={commandLine('distr', 'policy', 'remove', name)}
        kind="danger"
        act={remove}
        isOff={isBusy}
      >
        Remove
      </DialogFooter>
    </Dialog>
  )
}
