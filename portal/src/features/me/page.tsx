// Oneself: the password, where one is signed in, and how this browser shows things.
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import type { MySessionsQuery } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { setKeys, useKeysOn } from '../../shell/shortcuts'
import { setTheme, THEMES, useTheme } from '../../shell/theme'
import { Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { RefusalNote } from '../../ui/dialog'
import { Field } from '../../ui/field'
import { Fact, Facts, Page, Panel } from '../../ui/page'
import { Failed, Loading, Unknown } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { type Column, Table } from '../../ui/table'
import { Time } from '../../ui/time'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { setZone, useZone } from '../../ui/zone'
import { NewPassword } from '../session/new-password'
import { roleWord, useWhoIsThere } from '../session/viewer'
import { programOf } from './program'

const SESSIONS = graphql(`
  query MySessions {
    sessions { id current createdAt expiresAt createdFrom userAgent lastUsedAt lastUsedFrom }
  }
`)

const CHANGE = graphql(`
  mutation PasswordChange($current: String!, $new: String!) {
    passwordChange(current: $current, new: $new) { changed }
  }
`)

const END = graphql(`
  mutation SessionEndNamed($id: ID!) {
    sessionEnd(id: $id) { changed }
  }
`)

const END_OTHERS = graphql(`
  mutation SessionEndOthers {
    sessionEndOthers { changed }
  }
`)

type Session = MySessionsQuery['sessions'][number]

export function MePage() {
  const { viewer } = useWhoIsThere()
  return (
    <Page title={viewer.name ?? viewer.email ?? 'You'} section="You">
      <Facts>
        <Fact name="E-mail">{viewer.email ?? <Unknown why="none is known" />}</Fact>
        <Fact name="Role">{roleWord(viewer.role)}</Fact>
        <Fact name="Of">{viewer.customer?.displayName ?? viewer.organization.displayName}</Fact>
      </Facts>
      <Shown />
      <Sessions />
      <PasswordPanel />
    </Page>
  )
}

/** Kept in this browser alone. */
function Shown() {
  const [theme, zone, keysOn] = [useTheme(), useZone(), useKeysOn()]
  const zoneName = Intl.DateTimeFormat().resolvedOptions().timeZone
  return (
    <Panel title="How this browser shows things">
      <div className="switches">
        <Switch what="Theme" value={theme} values={THEMES.map(name => [name, name])} put={setTheme} />
        <Switch
          what="Times"
          value={zone}
          values={[
            ['viewer', `yours, ${zoneName}`],
            ['utc', 'UTC'],
          ]}
          put={setZone}
        />
        <Switch
          what="Keys without Ctrl"
          value={keysOn ? 'on' : 'off'}
          values={[
            ['on', 'on'],
            ['off', 'off'],
          ]}
          put={value => setKeys(value === 'on')}
        />
      </div>
    </Panel>
  )
}

function Switch<Value extends string>({
  what,
  value,
  values,
  put,
}: {
  what: string
  value: Value
  values: [Value, string][]
  put: (value: Value) => void
}) {
  return (
    <div className="switch">
      <span className="hint">{what}</span>
      <div className="facet" role="group" aria-label={what}>
        {values.map(([name, word]) => (
          <button
            key={name}
            type="button"
            className="facet-value"
            aria-pressed={name === value}
            onClick={() => put(name)}
          >
            {word}
          </button>
        ))}
      </div>
    </div>
  )
}

function Sessions() {
  const { data, error, isLoading, again } = useLive(SESSIONS, {})
  const others = useAction(END_OTHERS)
  const sessions = data?.sessions ?? []
  const endOthers = async () => {
    if (!(await others.act({}))) return
    toast('Your other sessions ended')
    again()
  }
  return (
    <Panel
      title="Where you are signed in"
      aside={
        sessions.length > 1 ? (
          <Button onClick={() => void endOthers()} disabled={others.isBusy}>
            End all others
          </Button>
        ) : null
      }
    >
      {error && !data ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="your sessions" rows={2} /> : null}
      <RefusalNote error={others.error} />
      {data ? <SessionTable sessions={[...sessions].reverse()} done={again} /> : null}
      {data ? <SameInCli line="distr session list" /> : null}
    </Panel>
  )
}

function SessionTable({ sessions, done }: { sessions: Session[]; done: () => void }) {
  const columns: Column<Session>[] = [
    {
      name: 'Program',
      isText: true,
      cell: ({ userAgent, current }) => (
        <span className="with-icon">
          <span title={userAgent ?? undefined}>{programOf(userAgent)}</span>
          {current ? <span className="tag">this one</span> : null}
        </span>
      ),
    },
    { name: 'From', cell: ({ createdFrom }) => createdFrom ?? <Unknown why="not known" /> },
    { name: 'Signed in', width: 'time', cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      name: 'Last use',
      width: 'time',
      cell: ({ lastUsedAt }) => (lastUsedAt ? <Time at={lastUsedAt} /> : <Unknown why="not used yet" />),
    },
    {
      name: 'Ends',
      width: 'time',
      cell: ({ expiresAt }) => (expiresAt ? <Time at={expiresAt} /> : <Unknown why="never by itself" />),
    },
    {
      name: 'Actions',
      isBlank: ({ current }) => current,
      cell: session => (session.current ? null : <EndSession session={session} done={done} />),
    },
  ]
  return <Table label="Sessions" columns={columns} rows={sessions} keyOf={({ id }) => id} />
}

function EndSession({ session, done }: { session: Session; done: () => void }) {
  const { act, isBusy, error } = useAction(END)
  const end = async () => {
    if (!(await act({ id: session.id }))) return
    toast('The session ended')
    done()
  }
  return (
    <span className="row-actions">
      <Button
        kind="quiet"
        onClick={() => void end()}
        disabled={isBusy}
        title={commandLine('distr', 'session', 'end', session.id)}
      >
        End<span className="unseen"> the session of {programOf(session.userAgent)}</span>
      </Button>
      <RefusalNote error={error} />
    </span>
  )
}

function PasswordPanel() {
  const { act, isBusy, error } = useAction(CHANGE)
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await act({ current, new: next })
    if (!answer) return
    setCurrent('')
    setNext('')
    toast(answer.passwordChange.changed ? 'The password is changed; your other sessions ended' : 'It was so already')
  }
  return (
    <Panel title="Password">
      <form className="form is-narrow" onSubmit={event => void submit(event)}>
        <Field
          label="Current password"
          type="password"
          value={current}
          onChange={event => setCurrent(event.target.value)}
          required
          autoComplete="current-password"
        />
        <NewPassword password={next} put={setNext} />
        <RefusalNote error={error} />
        <div className="actions">
          <Button kind="primary" type="submit" disabled={isBusy}>
            {isBusy ? 'Changing…' : 'Change the password'}
          </Button>
        </div>
      </form>
      <SameInCli line="distr password change" />
    </Panel>
  )
}
