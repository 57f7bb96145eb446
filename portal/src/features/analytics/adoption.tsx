// How versions came and went, day by day.
import type { AnalyticsQuery } from '../../gql/graphql'
import { DaysChart, DaysTable, Legend } from '../../ui/chart'
import { Definition } from '../../ui/definition'
import { Panel } from '../../ui/page'
import { seriesOf } from './series'

export function Adoption({ days }: { days: AnalyticsQuery['analytics']['adoption'] }) {
  const series = seriesOf(days)
  const names = days.map(({ day }) => day)
  return (
    <Panel
      title="Adoption"
      aside={
        <Definition of="adoption">
          Counted are deployments by the version that ran at the end of each day (UTC): from when it was first healthy
          until another version was, the application was removed, or the target retired. The denominator of a day is all
          that ran any version. A failed update counts for what really ran. Silence in the past is not known, so targets
          that were silent count with their last version.
        </Definition>
      }
    >
      {series.length === 0 ? (
        <p className="muted">Nothing ran in these days.</p>
      ) : (
        <>
          <DaysChart label="Deployments by version and day" days={names} series={series} kind="levels" />
          <Legend names={series.map(({ name }) => name)} />
          <DaysTable days={names} series={series} total="Any" />
        </>
      )}
    </Panel>
  )
}
