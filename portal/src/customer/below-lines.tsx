// Home's lines of what is below a required release, each with the targets and the way up.
import { Link } from '@tanstack/react-router'
import { FloorMark } from '../features/deployment/marks'
import { useMay, useWhoIsThere } from '../features/session/viewer'
import { To, usePlaces } from '../shell/places'
import type { BelowFloor } from './below'
import type { Offered } from './offers'

const SHOWN = 5

type Props = { below: BelowFloor[]; applications: Offered[] | undefined }

export function BelowLines({ below, applications }: Props) {
  return below.map(one => (
    <li key={`${one.application.id} ${one.floor.version}`} className="below-line">
      <FloorMark floor={one.floor} name={one.application.displayName} />
      <On of={one} withheld={withheldOf(one, applications)} />
    </li>
  ))
}

/** Why the required release is not this customer's. */
function withheldOf({ application, floor }: BelowFloor, applications: Offered[] | undefined) {
  const offered = applications?.find(({ id }) => id === application.id)
  return offered?.releases.nodes.find(({ version }) => version === floor.version)?.withheld
}

function On({ of, withheld }: { of: BelowFloor; withheld: string | null | undefined }) {
  const places = usePlaces()
  const mayDeploy = useMay('DEPLOY')
  const { organization } = useWhoIsThere().viewer
  const { application, floor, on } = of
  const rest = on.length - SHOWN
  return (
    <>
      <ul className="below-on" aria-label={`Targets below ${application.displayName} ${floor.version}`}>
        {on.slice(0, SHOWN).map(target => (
          <li key={target.id}>
            <To place={places.target(target.customer.name, target.name)}>{target.name}</To>
            {mayDeploy && !withheld ? (
              <To className="button is-quiet" place={`${places.root}/update/${target.name}/${application.name}`}>
                Update…
                <span className="unseen">
                  {' '}
                  {application.displayName} on {target.name}
                </span>
              </To>
            ) : null}
          </li>
        ))}
        {rest > 0 ? (
          <li>
            <Link to={`${places.root}/targets` as string} search={{ app: application.name } as never}>
              and {rest.toLocaleString()} more
            </Link>
          </li>
        ) : null}
      </ul>
      {withheld ? (
        <p className="muted">
          No license of yours opens {floor.version} ({withheld}): ask {organization.displayName}.
        </p>
      ) : null}
    </>
  )
}
