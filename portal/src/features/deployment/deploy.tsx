// Asking for a release on a target: what runs now, and what is to run then.
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import type { DeployChoicesQuery } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { Change, Dialog, DialogFooter } from '../../ui/dialog'
import { Choice, TextArea } from '../../ui/field'
import { Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import type { TargetDetail } from '../target/detail'
import type { DeploymentDetail } from './card'
import { configArguments, configText, parseConfig } from './config'

const CHOICES = graphql(`
  query DeployChoices {
    applications(first: 100) {
      nodes {
        id name displayName
        channels { id name current }
        releases(first: 50) { nodes { id version status withheld } }
      }
    }
  }
`)

export const DEPLOY = graphql(`
  mutation Deploy(
    $customer: Name!, $target: Name!, $application: Name!, $version: Version, $channel: Name, $config: [ConfigEntryInput!]
  ) {
    deploymentSetRelease(
      customer: $customer, target: $target, application: $application, version: $version, channel: $channel,
      config: $config
    ) {
      changed position warnings
      deployment { id phase desiredVersion generation step target { ...TargetDetail } }
    }
  }
`)

type Props = { target: TargetDetail; deployment?: DeploymentDetail; close: () => void }

export function DeployDialog({ target, deployment, close }: Props) {
  const { data, error, again } = useLive(CHOICES, {})
  return (
    <Dialog
      open
      onClose={close}
      title={`Deploy to ${target.name}`}
      description="A license of the customer must entitle to the release and have a seat. The agent proves it healthy before what runs goes."
    >
      {error && !data ? <Failed error={error} again={again} /> : null}
      {!data && !error ? <Loading what="the releases" rows={4} /> : null}
      {data ? (
        <DeployForm target={target} deployment={deployment} close={close} applications={data.applications.nodes} />
      ) : null}
    </Dialog>
  )
}

type Application = DeployChoicesQuery['applications']['nodes'][number]
type FormProps = {
  target: TargetDetail
  deployment: DeploymentDetail | undefined
  close: () => void
  applications: Application[]
}

function DeployForm({ target, deployment, close, applications }: FormProps) {
  const { act, isBusy, error } = useAction(DEPLOY)
  const [name, setName] = useState(deployment?.application.name ?? applications[0]?.name ?? '')
  const application = applications.find(one => one.name === name)
  const [chosen, setWish] = useState<string>()
  const [typed, setTyped] = useState<string>()
  const wish = chosen ?? firstWish(application)
  const [kind, value = ''] = wish.split(/:(.*)/s)
  const before = deployment ?? target.deployments.find(one => one.application.name === name)
  const version = kind === 'channel' ? application?.channels.find(one => one.name === value)?.current : value
  const text = typed ?? configText(before?.config ?? [])
  const { entries, wrong } = parseConfig(text)
  // what nobody touched stays as it is
  const changed = typed === undefined ? undefined : entries
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const names = { customer: target.customer.name, target: target.name, application: name }
    const answer = await act({
      ...names,
      version: kind === 'version' ? value : null,
      channel: kind === 'channel' ? value : null,
      config: changed ?? null,
    })
    if (!answer) return
    const { changed: isNew, deployment: after, warnings } = answer.deploymentSetRelease
    toast(isNew ? `${name} ${after.desiredVersion} is asked for on ${target.name}` : 'It was asked for already')
    for (const warning of warnings) toast(warning)
    close()
  }
  if (!application) return <p>There is no application yet. Publish a release first.</p>
  return (
    <form className="form" onSubmit={event => void submit(event)}>
      {deployment ? null : (
        <Choice
          label="Application"
          value={name}
          onChange={event => {
            setName(event.target.value)
            setWish(undefined)
            setTyped(undefined)
          }}
        >
          {applications.map(one => (
            <option key={one.id} value={one.name}>
              {one.displayName}
            </option>
          ))}
        </Choice>
      )}
      <ReleaseChoice application={application} value={wish} choose={setWish} />
      <Change
        what="What runs"
        before={before?.runningVersion ?? (before ? `nothing known, ${before.desiredVersion} wanted` : 'nothing')}
        after={version ?? 'nothing: no release is chosen'}
      />
      <details className="config" open={before ? before.config.length > 0 : false}>
        <summary>Configuration · {entries.length}</summary>
        <TextArea
          label="Variables of the compose file"
          hint="A KEY=VALUE on each line. A secret is named, not written: ${secret:NAME}."
          rows={4}
          spellCheck={false}
          autoCapitalize="none"
          value={text}
          onChange={event => setTyped(event.target.value)}
        />
        {wrong.length > 0 ? (
          <p className="refusal" role="alert">
            Line {wrong.join(', ')} is no KEY=VALUE.
          </p>
        ) : null}
      </details>
      <DialogFooter
        close={close}
        error={error}
        line={commandLine(
          'distr',
          'deploy',
          '--customer',
          target.customer.name,
          '--target',
          target.name,
          '--app',
          name,
          `--${kind}`,
          value,
          ...configArguments(changed),
        )}
        isOff={isBusy || !version || wrong.length > 0}
      >
        {isBusy ? 'Asking…' : 'Deploy'}
      </DialogFooter>
    </form>
  )
}

function firstWish(application: Application | undefined): string {
  const channel = application?.channels.find(one => one.current)
  if (channel) return `channel:${channel.name}`
  const release = application?.releases.nodes.find(one => one.status === 'PUBLISHED')
  return release ? `version:${release.version}` : ''
}

function ReleaseChoice({
  application,
  value,
  choose,
}: {
  application: Application
  value: string
  choose: (wish: string) => void
}) {
  const releases = application.releases.nodes.filter(one => one.status === 'PUBLISHED' || one.status === 'DEPRECATED')
  return (
    <Choice label="Release" value={value} onChange={event => choose(event.target.value)}>
      {value === '' ? <option value="">No release is published</option> : null}
      <optgroup label="What a channel points to now">
        {application.channels.map(({ id, name, current }) => (
          <option key={id} value={`channel:${name}`} disabled={!current}>
            {name}: {current ?? 'points to nothing'}
          </option>
        ))}
      </optgroup>
      <optgroup label="A version">
        {releases.map(({ id, version, status, withheld }) => (
          <option key={id} value={`version:${version}`} disabled={Boolean(withheld)}>
            {version}
            {status === 'DEPRECATED' ? ' · deprecated' : ''}
            {withheld ? ` · ${withheld}` : ''}
          </option>
        ))}
      </optgroup>
    </Choice>
  )
}
