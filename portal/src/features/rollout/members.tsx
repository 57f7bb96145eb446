// The targets of a rollout, by wave and by state, a page at a time; and why each waits.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { graphql } from '../../gql'
import type { RolloutMemberState, RolloutMembersQuery } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { useNowAndThen } from '../../live/use-now-and-then'
import { To, usePlaces } from '../../shell/places'
import { Button } from '../../ui/button'
import { Choice } from '../../ui/field'
import { Panel } from '../../ui/page'
import { Failed, Loading } from '../../ui/page-states'
import { type Column, Pager, Table } from '../../ui/table'
import { Since, Time } from '../../ui/time'
import { useWhoIsThere } from '../session/viewer'
import type { MembersAddress } from './address'
import { Holds } from './holds'
import { isOpen, type Rollout } from './queries'
import { MemberBadge } from './rollout-state'
import { MEMBERS as WORDS } from './words'

const MEMBERS = graphql(`
  query RolloutMembers(
    $application: Name!, $name: Name!, $wave: Int, $state: RolloutMemberState, $hold: String, $first: Int!, $after: String
  ) {
    rollout(application: $application, name: $name) {
      id
      members(wave: $wave, state: $state, hold: $hold, first: $first, after: $after) {
        nodes {
          target { id name customer { id name displayName } }
          wave state reason hop attempt inFlightSince settledAt
          holds { code text until }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`)

type Member = RolloutMembersQuery['rollout']['members']['nodes'][number]
const PAGE = 50
const OFTEN = 3_000

export function Members({ rollout }: { rollout: Rollout }) {
  const { root } = usePlaces()
  const navigate = useNavigate()
  const address = useSearch({ strict: false }) as MembersAddress
  const { application, name, version, waves } = rollout
  const { data, error, isLoading, again, quietly } = useLive(MEMBERS, {
    application: application.name,
    name,
    wave: address.wave ?? null,
    state: address.state ?? null,
    hold: address.hold ?? null,
    first: PAGE,
    after: address.after ?? null,
  })
  useNowAndThen(() => (isOpen(rollout) ? quietly() : undefined), OFTEN)
  const page = data?.rollout.members
  const go = (search: MembersAddress) =>
    void navigate({
      to: `${root}/rollouts/${application.name}/${name}` as string,
      search: search as never,
      resetScroll: false,
    })
  const { after: _after, from: _from, ...filters } = address
  const isFiltered = Object.keys(filters).length > 0
  const narrowed = (key: keyof typeof filters, value: string | number | undefined) => {
    const { [key]: _gone, ...rest } = filters
    go(value === undefined ? rest : ({ ...rest, [key]: value } as MembersAddress))
  }
  return (
    <Panel title="Targets">
      <div className="filters is-members">
        <Choice
          label="Wave"
          value={filters.wave ?? ''}
          onChange={({ target: { value } }) => narrowed('wave', value === '' ? undefined : Number(value))}
        >
          <option value="">all waves</option>
          {waves.map(({ number, name }) => (
            <option key={number} value={number}>
              {number} · {name}
            </option>
          ))}
        </Choice>
        <Choice
          label="State"
          value={filters.state ?? ''}
          onChange={({ target: { value } }) => narrowed('state', value === '' ? undefined : value)}
        >
          <option value="">any state</option>
          {(Object.keys(WORDS) as RolloutMemberState[]).map(state => (
            <option key={state} value={state}>
              {WORDS[state][1]}
            </option>
          ))}
        </Choice>
        {filters.hold ? (
          <Button onClick={() => narrowed('hold', undefined)}>
            Waiting for <code>{filters.hold}</code> ×
          </Button>
        ) : null}
      </div>
      {error && !page ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the targets" rows={4} /> : null}
      {page && page.nodes.length > 0 ? (
        <>
          <MemberTable members={page.nodes} version={version} waves={waves} narrow={hold => narrowed('hold', hold)} />
          <Pager
            from={address.from ?? 0}
            shown={page.nodes.length}
            total={undefined}
            hasNext={page.pageInfo.hasNextPage}
            next={() => go({ ...filters, after: page.pageInfo.endCursor ?? '', from: (address.from ?? 0) + PAGE })}
            first={() => go(filters)}
          />
        </>
      ) : null}
      {page?.nodes.length === 0 ? (
        <None isFiltered={isFiltered} hasStarted={Boolean(rollout.startedAt)} go={go} />
      ) : null}
    </Panel>
  )
}

type NoneProps = { isFiltered: boolean; hasStarted: boolean; go: (address: MembersAddress) => void }

function None({ isFiltered, hasStarted, go }: NoneProps) {
  if (!isFiltered) {
    return (
      <p className="muted">
        {hasStarted ? 'No target is in it.' : 'Targets are placed in their waves when the rollout starts.'}
      </p>
    )
  }
  return (
    <p className="muted">
      No target fits these filters. <Button onClick={() => go({})}>Show all</Button>
    </p>
  )
}

type TableProps = { members: Member[]; version: string; waves: Rollout['waves']; narrow: (hold: string) => void }

function MemberTable({ members, version, waves, narrow }: TableProps) {
  const places = usePlaces()
  const { viewer } = useWhoIsThere()
  const nameOf = (number: number) => waves.find(wave => wave.number === number)?.name
  const customer: Column<Member> = {
    name: 'Customer',
    isText: true,
    cell: ({ target: { customer } }) => <To place={places.customer?.(customer.name)}>{customer.displayName}</To>,
  }
  const columns: Column<Member>[] = [
    { name: 'State', width: 'state', cell: ({ state }) => <MemberBadge state={state} /> },
    {
      name: 'Target',
      isText: true,
      cell: ({ target }) => (
        <To className="name" place={places.target(target.customer.name, target.name)}>
          {target.name}
        </To>
      ),
    },
    ...(viewer.customer ? [] : [customer]),
    { name: 'Wave', cell: ({ wave }) => `${wave} · ${nameOf(wave) ?? ''}` },
    {
      name: 'Why',
      width: 'wide',
      isBlank: ({ holds, reason, hop, attempt }) =>
        holds.length === 0 && !reason && !onTheWay({ hop, attempt }, version),
      cell: member => <Why of={member} version={version} narrow={narrow} />,
    },
    { name: 'When', width: 'time', isNumber: true, cell: member => <When of={member} /> },
  ]
  return <Table label="Targets" columns={columns} rows={members} keyOf={({ target }) => target.id} />
}

/** What is worth a word of how far a target is: a required release on the way, or another try. */
function onTheWay({ hop, attempt }: Pick<Member, 'hop' | 'attempt'>, version: string): string | undefined {
  const words = [
    hop && hop !== version ? `on the way, at ${hop}` : undefined,
    (attempt ?? 1) > 1 ? `try ${attempt}` : undefined,
  ]
  return words.filter(Boolean).join(', ') || undefined
}

function Why({ of, version, narrow }: { of: Member; version: string; narrow: (hold: string) => void }) {
  const { holds, reason, state } = of
  const [strongest, ...others] = holds
  const way = state === 'IN_FLIGHT' ? onTheWay(of, version) : undefined
  return (
    <span className="reason">
      {strongest ? <Holds holds={[strongest]} label={`Why ${of.target.name} waits`} /> : null}
      {others.length > 0 ? (
        <details>
          <summary>and {others.length} more</summary>
          <Holds holds={others} label={`Why else ${of.target.name} waits`} />
        </details>
      ) : null}
      {strongest ? (
        <button type="button" className="link-button" onClick={() => narrow(strongest.code)}>
          all that wait for this
        </button>
      ) : null}
      {reason}
      {way}
    </span>
  )
}

function When({ of: { inFlightSince, settledAt } }: { of: Member }) {
  if (settledAt) return <Time at={settledAt} />
  if (inFlightSince) return <Since at={inFlightSince} />
  return <span className="muted">not yet</span>
}
