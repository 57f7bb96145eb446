// A plan as somebody looks at it before the start: its waves with their targets by name, who would wait and why, and the warnings.
import { To, usePlaces } from '../../shell/places'
import { Fact, Facts } from '../../ui/page'
import { Unknown } from '../../ui/page-states'
import { type Column, Table } from '../../ui/table'
import { Holds } from './holds'
import { NAMED, type Plan } from './plan'

type Wave = Plan['waves'][number]
type Target = Wave['targets']['nodes'][number]

export function PlanView({ plan }: { plan: Plan }) {
  const { members, unmatched, warnings, held, waves, digest } = plan
  return (
    <div className="plan">
      {warnings.map(warning => (
        <p key={warning} className="note">
          {warning}
        </p>
      ))}
      <Facts>
        <Fact name="Targets">{members.toLocaleString()}</Fact>
        <Fact name="Left out">{unmatched === 0 ? 'nobody' : `${unmatched.toLocaleString()} that no wave takes`}</Fact>
        <Fact name="Name">{plan.name}</Fact>
        <Fact name="Digest">
          <code className="plan-digest">{digest}</code>
        </Fact>
      </Facts>
      {held.length > 0 ? (
        <section aria-label="Who would wait">
          <h3>Would wait or be skipped, if it were their turn now</h3>
          <ul className="holds">
            {held.map(({ hold, targets }) => (
              <li key={hold.code}>
                <strong>{targets.toLocaleString()}</strong> · {hold.text} <code className="muted">{hold.code}</code>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      {waves.map(wave => (
        <PlanWave key={wave.number} wave={wave} />
      ))}
    </div>
  )
}

/** Small waves stand open. */
const FEW = 12

function PlanWave({ wave: { number, name, members, targets } }: { wave: Wave }) {
  const count = members === 1 ? '1 target' : `${members.toLocaleString()} targets`
  return (
    <details className="plan-wave" open={members > 0 && members <= FEW}>
      <summary>
        Wave {number} · <strong>{name}</strong> · {members === 0 ? 'empty, so that it passes at once' : count}
      </summary>
      {members > 0 ? <Targets label={`Targets of wave ${number}`} targets={targets.nodes} /> : null}
      {targets.pageInfo.hasNextPage ? (
        <p className="muted">The first {NAMED} of them; the command line names all.</p>
      ) : null}
    </details>
  )
}

function Targets({ label, targets }: { label: string; targets: Target[] }) {
  const places = usePlaces()
  const columns: Column<Target>[] = [
    {
      name: 'Target',
      isText: true,
      cell: ({ target: { name, customer } }) => (
        <To className="name" place={places.target(customer.name, name)}>
          {name}
        </To>
      ),
    },
    {
      name: 'Customer',
      isText: true,
      cell: ({ target: { customer } }) => customer.displayName,
    },
    { name: 'Runs', cell: ({ running }) => running ?? <Unknown why="it is not known what runs" /> },
    { name: 'Comes to', cell: ({ hop }) => hop ?? <Unknown why="a reason beside says why there is no way" /> },
    {
      name: 'Would wait',
      width: 'wide',
      isBlank: ({ holds }) => holds.length === 0,
      cell: ({ holds, target }) =>
        holds.length > 0 ? (
          <Holds holds={holds} label={`Why ${target.name} would wait`} />
        ) : (
          <span className="muted">no</span>
        ),
    },
  ]
  return <Table label={label} columns={columns} rows={targets} keyOf={({ target }) => target.id} />
}
