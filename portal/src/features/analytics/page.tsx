// Figures, where people look: what runs, how versions were taken up, what fails, how licenses are used.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useLive } from '../../live/use-live'
import { Choice } from '../../ui/field'
import { Page } from '../../ui/page'
import { Empty, Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { APPLICATIONS } from '../overview/page'
import { useMay } from '../session/viewer'
import { Adoption } from './adoption'
import { Errors } from './errors'
import { Licenses } from './licenses'
import { ANALYTICS } from './queries'
import { Running } from './running'
import { Velocity } from './velocity'

const PERIODS = [7, 30, 90] as const
const USUAL = 30
export type FiguresOf = { app?: string; days?: number }

export function readFigures(search: Record<string, unknown>): FiguresOf {
  const { app, days } = search
  return {
    ...(typeof app === 'string' && app !== '' ? { app } : {}),
    ...(PERIODS.some(period => period === days) && days !== USUAL ? { days: days as number } : {}),
  }
}

export function AnalyticsPage() {
  const { app, days = USUAL } = useSearch({ from: '/v/$organization/analytics' })
  const readsLicenses = useMay('READ_CUSTOMERS')
  const { data, error, isLoading, again } = useLive(APPLICATIONS, { first: 500, after: null })
  const applications = data?.applications.nodes
  const chosen = app ?? applications?.[0]?.name
  return (
    <Page title="Analytics">
      {error && !applications ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the applications" /> : null}
      {applications?.length === 0 ? (
        <Empty title="No applications yet" line={commandLine('distr', 'apply', '-f', 'distr.yaml')}>
          Once an application runs on targets, you see here which versions run, how fast they are taken up, and what
          fails.
        </Empty>
      ) : null}
      {applications && chosen ? (
        <>
          <Chooser applications={applications} chosen={chosen} days={days} />
          <OfApplication application={chosen} days={days} />
        </>
      ) : null}
      {readsLicenses ? <Licenses days={days} /> : null}
    </Page>
  )
}

function Chooser({
  applications,
  chosen,
  days,
}: {
  applications: { name: string; displayName: string }[]
  chosen: string
  days: number
}) {
  const navigate = useNavigate({ from: '/v/$organization/analytics' })
  const choose = (next: FiguresOf) => void navigate({ search: readFigures({ app: chosen, days, ...next }) })
  return (
    <div className="figures-choice">
      <Choice label="Application" value={chosen} onChange={({ target }) => choose({ app: target.value })}>
        {applications.map(({ name, displayName }) => (
          <option key={name} value={name}>
            {displayName}
          </option>
        ))}
      </Choice>
      <div className="facet" role="group" aria-label="Days up to today">
        {PERIODS.map(period => (
          <button
            key={period}
            type="button"
            className="facet-value"
            aria-pressed={period === days}
            onClick={() => choose({ days: period })}
          >
            {period} days
          </button>
        ))}
      </div>
    </div>
  )
}

function OfApplication({ application, days }: { application: string; days: number }) {
  const { data, error, isLoading, again } = useLive(ANALYTICS, { application, days })
  if (error && !data) return <Failed error={error} again={again} />
  if (isLoading || !data) return <Loading what="the figures" rows={8} />
  const { running, adoption, velocity, errors } = data.analytics
  return (
    <>
      <Running of={running} />
      <Adoption days={adoption} />
      <Velocity of={velocity} />
      <Errors of={errors} days={days} />
    </>
  )
}
