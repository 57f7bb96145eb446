// Changes of what upgrades go by, each with its reason. The mark of no return stays for ever.
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import { Dialog, DialogFooter } from '../../ui/dialog'
import { Field } from '../../ui/field'
import { Reason, ReasonDialog } from '../../ui/reason-dialog'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import type { Release } from './release'

export const PATH_OF_RELEASE = graphql(`
  fragment PathOfRelease on ReleasePayload {
    changed release { id required noReturn blockedUpgrades { from reason } }
  }
`)

const REQUIRE = graphql(`
  mutation ReleaseRequire($application: Name!, $version: Version!, $reason: String!) {
    done: releaseRequire(application: $application, version: $version, reason: $reason) { ...PathOfRelease }
  }
`)

const UNREQUIRE = graphql(`
  mutation ReleaseUnrequire($application: Name!, $version: Version!, $reason: String!) {
    done: releaseUnrequire(application: $application, version: $version, reason: $reason) { ...PathOfRelease }
  }
`)

const NO_RETURN = graphql(`
  mutation ReleaseMarkNoReturn($application: Name!, $version: Version!, $reason: String!) {
    done: releaseMarkNoReturn(application: $application, version: $version, reason: $reason) { ...PathOfRelease }
  }
`)

const BLOCK = graphql(`
  mutation ReleaseBlockUpgrade($application: Name!, $version: Version!, $from: VersionRange!, $reason: String!) {
    releaseBlockUpgrade(application: $application, version: $version, from: $from, reason: $reason) {
      ...PathOfRelease
    }
  }
`)

const UNBLOCK = graphql(`
  mutation ReleaseUnblockUpgrade($application: Name!, $version: Version!, $from: VersionRange!) {
    releaseUnblockUpgrade(application: $application, version: $version, from: $from) { ...PathOfRelease }
  }
`)

export type PathStep = { kind: 'require' | 'unrequire' | 'no-return' | 'block' } | { kind: 'unblock'; from: string }
type Props = { release: Release; close: () => void }

const line = ({ application, version }: Release, command: string, ...more: string[]) =>
  commandLine('distr', 'release', command, '--app', application.name, '--version', version, ...more)

export default function PathDialog({ release, step, close }: Props & { step: PathStep }) {
  const { application, version } = release
  const common = {
    variables: { application: application.name, version },
    close,
    line: (reason: string) => line(release, step.kind, '--reason', reason),
  }
  switch (step.kind) {
    case 'require':
      return (
        <ReasonDialog
          {...common}
          document={REQUIRE}
          title={`Require ${version}`}
          description="Whoever runs an older release installs this one before a newer one. A new installation needs it not."
          deed="Require it"
          said={`${version} is required`}
        />
      )
    case 'unrequire':
      return (
        <ReasonDialog
          {...common}
          document={UNREQUIRE}
          title={`Require ${version} no longer`}
          description="Upgrades pass it over from now on."
          deed="Require it no longer"
          said={`${version} is required no longer`}
        />
      )
    case 'no-return':
      return (
        <ReasonDialog
          {...common}
          document={NO_RETURN}
          title={`Mark ${version} as one of no return`}
          description="This is for ever. Older releases cannot read what it makes of its data, so that nobody goes back from it to one of them."
          deed="Mark it for ever"
          said={`${version} is one of no return`}
          kind="danger"
        />
      )
    case 'block':
      return <BlockDialog release={release} close={close} />
    case 'unblock':
      return <UnblockDialog release={release} from={step.from} close={close} />
  }
}

function BlockDialog({ release, close }: Props) {
  const { act, isBusy, error } = useAction(BLOCK)
  const [from, setFrom] = useState('')
  const [reason, setReason] = useState('')
  const { application, version } = release
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const wish = { application: application.name, version, from: from.trim(), reason: reason.trim() }
    if (!(await act(wish))) return
    toast(`Nobody comes to ${version} from ${wish.from}`)
    close()
  }
  const isWhole = from.trim() !== '' && reason.trim() !== ''
  return (
    <Dialog
      open
      onClose={close}
      title={`Block upgrades to ${version}`}
      description="From these versions nobody comes to it. The same versions again change the reason."
    >
      <form className="form" onSubmit={event => void submit(event)}>
        <Field
          label="From versions"
          hint="as <1.3.0, or 1.2.x"
          value={from}
          onChange={event => setFrom(event.target.value)}
          required
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
        />
        <Reason reason={reason} put={setReason} />
        <DialogFooter
          close={close}
          error={error}
          line={line(release, 'block-upgrade', '--from', from || 'RANGE', '--reason', reason || 'REASON')}
          isOff={isBusy || !isWhole}
        >
          Block
        </DialogFooter>
      </form>
    </Dialog>
  )
}

function UnblockDialog({ release, from, close }: Props & { from: string }) {
  const { act, isBusy, error } = useAction(UNBLOCK)
  const { application, version } = release
  const open = async () => {
    if (!(await act({ application: application.name, version, from }))) return
    toast(`The way to ${version} from ${from} is open`)
    close()
  }
  return (
    <Dialog
      open
      onClose={close}
      title={`Open the way from ${from}`}
      description={`Whoever runs one of these versions comes to ${version} again.`}
    >
      <DialogFooter
        close={close}
        error={error}
        line={line(release, 'unblock-upgrade', '--from', from)}
        act={open}
        isOff={isBusy}
      >
        Open the way
      </DialogFooter>
    </Dialog>
  )
}
