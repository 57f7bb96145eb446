// Asking for a release on a target: what runs now, and what is to run then.
import { type FormEvent, useRef, useState } from 'react'
import { graphql } from '../../gql'
import type { DeployChoicesQuery } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { Change, Dialog, DialogFooter } from '../../ui/dialog'
import { SearchedChoice, TextArea } from '../../ui/field'
import { Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { useLast } from '../../ui/use-last'
import { useRested } from '../../ui/use-rested'
import type { TargetDetail } from '../target/detail'
import type { DeploymentDetail } from './card'
import { Chosen } from './chosen'
import { ClusterFields, clusterArguments, clusterWish, type Typed } from './cluster'
import { configArguments, configText, parseConfig } from './config'
import { DowngradeReason, downgradeArguments, downgradeFlags, isDowngrade } from './downgrade'

const APPLICATIONS = graphql(`
  query DeployApplications($search: String) {
    applications(search: $search, first: 50) { nodes { id name displayName } pageInfo { hasNextPage } }
  }
`)

const CHOICES = graphql(`
  query DeployChoices($name: Name!, $search: String) {
    application(name: $name) {
      id name displayName
      channels { id name current }
      releases(search: $search, first: 50) { nodes { id version status withheld required outdatedBy { version reason } } pageInfo { hasNextPage } }
    }
  }
`)

export const DEPLOY = graphql(`
  mutation Deploy(
    $customer: Name!, $target: Name!, $application: Name!, $version: Version, $channel: Name, $config: [ConfigEntryInput!],
    $values: JSON, $namespace: Name, $allowDowngrade: Boolean!, $reason: String
  ) {
    deploymentSetRelease(
      customer: $customer, target: $target, application: $application, version: $version, channel: $channel,
      config: $config, values: $values, namespace: $namespace, allowDowngrade: $allowDowngrade, reason: $reason
    ) {
      changed position warnings
      deployment { id phase desiredVersion generation step target { ...TargetDetail } }
    }
  }
`)

type Props = {
  target: TargetDetail
  deployment?: DeploymentDetail
  /** what is chosen first */
  version?: string | undefined
  close: () => void
}

export function DeployDialog({ target, deployment, version, close }: Props) {
  const [text, setText] = useState('')
  const asked = useRested(text).trim()
  const list = useLive(APPLICATIONS, { search: asked || null }, deployment !== undefined)
  const [chosen, choose] = useState(deployment?.application.name)
  const found = useLast(list.data?.applications)
  const listed = found?.nodes ?? []
  const name = chosen ?? listed[0]?.name
  return (
    <Dialog
      open
      onClose={close}
      title={`Deploy to ${target.name}`}
      description="A license of the customer must entitle to the release and have a seat. The agent proves it healthy before what runs goes."
    >
      {list.error && !list.data ? <Failed error={list.error} again={list.again} /> : null}
      {found && text === '' && listed.length === 0 ? (
        <p>There is no application yet. Publish a release first.</p>
      ) : null}
      {deployment || (listed.length === 0 && text === '') ? null : (
        <SearchedChoice
          label="Application"
          find="Find an application"
          text={text}
          search={setText}
          hasMore={found?.pageInfo.hasNextPage ?? false}
          value={name ?? ''}
          onChange={event => choose(event.target.value)}
        >
          {name === undefined ? <option value="">No application has this in its name</option> : null}
          {name !== undefined && listed.every(one => one.name !== name) ? <option value={name}>{name}</option> : null}
          {listed.map(one => (
            <option key={one.id} value={one.name}>
              {one.displayName}
            </option>
          ))}
        </SearchedChoice>
      )}
      {name === undefined ? null : (
        <DeployForm key={name} name={name} target={target} deployment={deployment} version={version} close={close} />
      )}
    </Dialog>
  )
}

type Application = DeployChoicesQuery['application']
type FormProps = {
  name: string
  target: TargetDetail
  deployment: DeploymentDetail | undefined
  version: string | undefined
  close: () => void
}

function DeployForm({ name, target, deployment, version: proposed, close }: FormProps) {
  const { act, isBusy, error } = useAction(DEPLOY)
  const [text, setText] = useState('')
  const asked = useRested(text).trim()
  const choices = useLive(CHOICES, { name, search: asked || null })
  const application = useLast(choices.data?.application)
  const [chosen, setWish] = useState(proposed && `version:${proposed}`)
  const [typed, setTyped] = useState<string>()
  const first = useFirst(application && firstWish(application))
  const wish = chosen ?? first ?? ''
  const [kind, value = ''] = wish.split(/:(.*)/s)
  const before = deployment ?? target.deployments.find(one => one.application.name === name)
  const version = kind === 'channel' ? application?.channels.find(one => one.name === value)?.current : value
  const config = typed ?? configText(before?.config ?? [])
  const { entries, wrong } = parseConfig(config)
  const [ofCluster, setOfCluster] = useState<Typed>({})
  const { wrong: wrongValues, ...cluster } = clusterWish(ofCluster)
  const isBack = isDowngrade(before?.runningVersion, version)
  const [reason, setReason] = useState('')
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
      ...cluster,
      ...downgradeArguments(isBack, reason),
    })
    if (!answer) return
    const { changed: isNew, deployment: after, warnings } = answer.deploymentSetRelease
    toast(isNew ? `${name} ${after.desiredVersion} is asked for on ${target.name}` : 'It was asked for already')
    for (const warning of warnings) toast(warning)
    close()
  }
  if (choices.error && !application) return <Failed error={choices.error} again={choices.again} />
  if (!application) return <Loading what="the releases" rows={4} />
  return (
    <form className="form" onSubmit={event => void submit(event)}>
      <ReleaseChoice application={application} value={wish} choose={setWish} text={text} search={setText} />
      <Change
        what="What runs"
        before={before?.runningVersion ?? (before ? `nothing known, ${before.desiredVersion} wanted` : 'nothing')}
        after={version || 'nothing: no release is chosen'}
      />
      <Chosen
        application={name}
        version={version}
        running={before?.runningVersion}
        releases={application.releases.nodes}
        choose={version => setWish(`version:${version}`)}
      />
      {isBack ? <DowngradeReason reason={reason} put={setReason} /> : null}
      <details className="config" open={before ? before.config.length > 0 : false}>
        <summary>Configuration · {entries.length}</summary>
        <TextArea
          label={target.runtime === 'KUBERNETES' ? 'Variables of the chart' : 'Variables of the compose file'}
          hint="A KEY=VALUE on each line. A secret is named, not written: ${secret:NAME}."
          rows={4}
          spellCheck={false}
          autoCapitalize="none"
          value={config}
          onChange={event => setTyped(event.target.value)}
        />
        {wrong.length > 0 ? (
          <p className="refusal" role="alert">
            Line {wrong.join(', ')} is no KEY=VALUE.
          </p>
        ) : null}
      </details>
      {target.runtime === 'KUBERNETES' ? (
        <ClusterFields target={target} before={before} typed={ofCluster} put={setOfCluster} wrong={wrongValues} />
      ) : null}
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
          ...clusterArguments(ofCluster),
          ...downgradeFlags(isBack, reason),
        )}
        isOff={isBusy || !version || (isBack && !reason.trim()) || wrong.length > 0 || wrongValues !== undefined}
      >
        {isBusy ? 'Asking…' : 'Deploy'}
      </DialogFooter>
    </form>
  )
}

/** What was there first: a search does not change what is chosen. */
function useFirst<Thing>(thing: Thing | undefined): Thing | undefined {
  const first = useRef(thing)
  first.current ??= thing
  return first.current
}

function firstWish(application: Application): string {
  const channel = application.channels.find(one => one.current)
  if (channel) return `channel:${channel.name}`
  const release = application.releases.nodes.find(one => one.status === 'PUBLISHED')
  return release ? `version:${release.version}` : ''
}

type ReleaseProps = {
  application: Application
  value: string
  choose: (wish: string) => void
  text: string
  search: (text: string) => void
}

function ReleaseChoice({ application, value, choose, text, search }: ReleaseProps) {
  const { nodes, pageInfo } = application.releases
  const releases = nodes.filter(one => one.status === 'PUBLISHED' || one.status === 'DEPRECATED')
  const [kind, named = ''] = value.split(/:(.*)/s)
  const isListed = kind !== 'version' || releases.some(({ version }) => version === named)
  return (
    <SearchedChoice
      label="Release"
      find="Find a version"
      text={text}
      search={search}
      hasMore={pageInfo.hasNextPage}
      value={value}
      onChange={event => choose(event.target.value)}
    >
      {value === '' ? <option value="">No release is published</option> : null}
      <optgroup label="What a channel points to now">
        {application.channels.map(({ id, name, current }) => (
          <option key={id} value={`channel:${name}`} disabled={!current}>
            {name}: {current ?? 'points to nothing'}
          </option>
        ))}
      </optgroup>
      <optgroup label="A version">
        {isListed ? null : <option value={value}>{named}</option>}
        {releases.map(({ id, version, status, withheld, outdatedBy }) => (
          <option key={id} value={`version:${version}`} disabled={Boolean(withheld)}>
            {version}
            {status === 'DEPRECATED' ? ' · deprecated' : ''}
            {outdatedBy ? ` · below ${outdatedBy.version}, which is required` : ''}
            {withheld ? ` · ${withheld}` : ''}
          </option>
        ))}
      </optgroup>
    </SearchedChoice>
  )
}
