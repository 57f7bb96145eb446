// Making a release: what it is made of, the hub's check of that, and then for ever.
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { type FormEvent, useRef, useState } from 'react'
import { type CombinedError, useClient } from 'urql'
import type { PublishBeforeQuery } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { RefusalNote } from '../../ui/dialog'
import { Choice, Field, TextArea } from '../../ui/field'
import { Page, Panel } from '../../ui/page'
import { Failed, Loading, NoPermission } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { PROMOTE } from '../application/promote'
import { useMay } from '../session/viewer'
import { Findings, ImagesChecked } from './check'
import { ComposeField } from './compose'
import { type Finding, findings, rangeOf } from './findings'
import { BEFORE, type Checked, DRAFT, OLD_DRAFT, PUBLISH } from './queries'
import { nextVersions } from './version'

type Application = PublishBeforeQuery['application']

export function PublishPage() {
  const { organization, application: name } = useParams({ from: '/v/$organization/apps/$application/publish' })
  const mayPublish = useMay('PUBLISH')
  const { data, error, isLoading, again } = useLive(BEFORE, { name }, !mayPublish)
  const crumbs = (
    <>
      <Link to="/v/$organization/apps" params={{ organization }}>
        Applications
      </Link>
      {' / '}
      <Link to="/v/$organization/apps/$application" params={{ organization, application: name }}>
        {data?.application.displayName ?? name}
      </Link>
    </>
  )
  return (
    <Page title="Publish a release" section={name} crumbs={crumbs}>
      {mayPublish ? null : <NoPermission detail="Owners and publishers publish releases." />}
      {error && !data ? <Failed error={error} again={again} /> : null}
      {mayPublish && isLoading ? <Loading what="the application" /> : null}
      {data ? <PublishForm application={data.application} /> : null}
    </Page>
  )
}

/** What was checked, so that nothing else is published by it. */
type Check = { version: string; text: string; notes: string; release: Checked; warnings: string[] }

function refusedFor(error: CombinedError | undefined, text: string): Finding[] {
  const [first] = error?.graphQLErrors ?? []
  const found = first ? findings(first.message, text) : []
  return found.some(({ line, place }) => line || place) ? found : []
}

function PublishForm({ application }: { application: Application }) {
  const client = useClient()
  const newest = application.releases.nodes[0]?.version
  const next = nextVersions(newest)
  const [version, setVersion] = useState(next.patch)
  const [text, setText] = useState('')
  const [notes, setNotes] = useState('')
  const [leavesOut, setLeavesOut] = useState(false)
  const [check, setCheck] = useState<Check>()
  const area = useRef<HTMLTextAreaElement>(null)
  const draft = useAction(DRAFT)
  const old = application.releases.nodes.find(release => release.version === version)
  const isChecked = check?.version === version && check.text === text && check.notes === notes
  const refused = refusedFor(draft.error, text)
  const warned = isChecked ? findings(check.warnings.join('\n'), text) : []
  const marked = new Set([...refused, ...warned].map(({ line }) => line ?? 0))
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await draft.act({ application: application.name, version, file: text, notes })
    setCheck(
      answer && { version, text, notes, release: answer.releaseDraft.release, warnings: answer.releaseDraft.warnings },
    )
  }
  const load = async () => {
    const variables = { application: application.name, version }
    const { data } = await client.query(OLD_DRAFT, variables, { requestPolicy: 'network-only' }).toPromise()
    const packages = data?.release.packages ?? []
    setText(packages.find(one => one.__typename === 'ComposePackage')?.file ?? '')
    setLeavesOut(packages.some(one => one.__typename === 'HelmPackage'))
    setNotes(data?.release.notes ?? '')
  }
  const go = (line: number) => {
    const [begin, end] = rangeOf(text, line)
    area.current?.focus()
    area.current?.setSelectionRange(begin, end)
  }
  return (
    <>
      <form className="form publish" onSubmit={event => void submit(event)}>
        <div className="version-field">
          <Field
            label="Version"
            value={version}
            onChange={event => setVersion(event.target.value.trim())}
            required
            autoCapitalize="none"
            spellCheck={false}
            hint={newest ? `The newest is ${newest}.` : 'The first release of this application.'}
          />
          <div className="facet" role="group" aria-label="Proposed versions">
            {[next.patch, next.minor].map(proposed => (
              <button
                key={proposed}
                type="button"
                className="facet-value"
                aria-pressed={version === proposed}
                onClick={() => setVersion(proposed)}
              >
                {proposed}
              </button>
            ))}
          </div>
        </div>
        {old?.status === 'DRAFT' ? (
          <p className="note">
            There is a draft of {version}; a check replaces it.{' '}
            <Button kind="quiet" onClick={() => void load()}>
              Go on with the draft
            </Button>
          </p>
        ) : null}
        {leavesOut ? (
          <p className="note is-error">
            The draft has a Helm chart as well, which a check here leaves out. To keep both, draft it with{' '}
            <code>distr release draft --compose … --chart …</code>
          </p>
        ) : null}
        {old && old.status !== 'DRAFT' ? (
          <p className="note is-error">{version} is there already, and never changes again.</p>
        ) : null}
        <ComposeField text={text} put={setText} area={area} marked={marked} />
        <TextArea
          label="Notes"
          hint="What is new, for those who install it."
          rows={4}
          value={notes}
          onChange={event => setNotes(event.target.value)}
        />
        {refused.length > 0 ? (
          <section className="panel" role="alert" aria-label="Refused">
            <h2>The hub refuses the file</h2>
            <Findings found={refused} text={text} go={go} />
          </section>
        ) : (
          <RefusalNote error={draft.error} />
        )}
        <div className="actions">
          <Button kind={isChecked ? 'plain' : 'primary'} type="submit" disabled={draft.isBusy}>
            {draft.isBusy ? 'Checking…' : isChecked ? 'Check again' : 'Check'}
          </Button>
          <span className="hint">A check keeps a draft, which nobody can have.</span>
        </div>
      </form>
      {check && !isChecked && !draft.error ? (
        <p className="note">It changed since the check; check it again before you publish it.</p>
      ) : null}
      {isChecked ? <Checks application={application} check={check} warned={warned} go={go} /> : null}
      <SameInCli
        line={commandLine(
          'distr',
          'release',
          'publish',
          '--app',
          application.name,
          '--version',
          version,
          '--compose',
          'compose.yaml',
          ...(notes ? ['--notes', notes] : []),
        )}
      />
    </>
  )
}

type ChecksProps = { application: Application; check: Check; warned: Finding[]; go: (line: number) => void }

function Checks({ application, check, warned, go }: ChecksProps) {
  return (
    <>
      <Panel title={`What the hub makes of ${check.version}`}>
        <ImagesChecked images={check.release.images ?? []} demands={application.signingKeys.length > 0} />
        {warned.length > 0 ? <Findings found={warned} text={check.text} isWarning go={go} /> : null}
      </Panel>
      <PublishPanel application={application} version={check.version} />
    </>
  )
}

function PublishPanel({ application, version }: { application: Application; version: string }) {
  const { organization } = useParams({ from: '/v/$organization/apps/$application/publish' })
  const navigate = useNavigate()
  const publish = useAction(PUBLISH)
  const promote = useAction(PROMOTE)
  const [channel, setChannel] = useState('')
  const [isPublished, setPublished] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!isPublished) {
      if (!(await publish.act({ application: application.name, version }))) return
      setPublished(true)
      toast(`${version} is published`)
    }
    if (channel) {
      if (!(await promote.act({ application: application.name, name: channel, version }))) return
      toast(`${channel} points to ${version}`)
    }
    void navigate({
      to: '/v/$organization/apps/$application/releases/$version',
      params: { organization, application: application.name, version },
    })
  }
  return (
    <Panel title="Publish">
      <form className="form is-narrow" onSubmit={event => void submit(event)}>
        <p>A published release never changes again; it can be taken back.</p>
        <Choice label="Then" value={channel} onChange={event => setChannel(event.target.value)}>
          <option value="">promote it nowhere</option>
          {application.channels.map(({ id, name, current }) => (
            <option key={id} value={name}>
              promote it to {name}, which points to {current ?? 'nothing'}
            </option>
          ))}
        </Choice>
        <RefusalNote error={publish.error} />
        {promote.error ? <p className="note">{version} is published, but not promoted.</p> : null}
        <RefusalNote error={promote.error} />
        <div className="actions">
          <Button kind="primary" type="submit" disabled={publish.isBusy || promote.isBusy}>
            {channel ? (isPublished ? 'Promote' : 'Publish and promote') : 'Publish'}
          </Button>
        </div>
        {channel ? (
          <SameInCli
            line={commandLine('distr', 'channel', 'promote', channel, '--app', application.name, '--version', version)}
          />
        ) : null}
      </form>
    </Panel>
  )
}
