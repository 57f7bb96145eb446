// The open rollouts of an application, where the application or a release of it is shown.
import { useLive } from '../../live/use-live'
import { useNowAndThen } from '../../live/use-now-and-then'
import { Panel } from '../../ui/page'
import { Failed, Loading } from '../../ui/page-states'
import { RolloutsLink } from './link'
import { ROLLOUTS } from './queries'
import { RolloutTable } from './table'

const MOST = 10

export default function OpenRollouts({ application }: { application: string }) {
  const { data, error, isLoading, again, quietly } = useLive(ROLLOUTS, {
    application,
    open: true,
    first: MOST,
    after: null,
  })
  useNowAndThen(quietly)
  const rows = data?.rollouts.nodes
  return (
    <Panel title="Open rollouts" aside={<RolloutsLink application={application}>All rollouts</RolloutsLink>}>
      {error && !rows ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the open rollouts" rows={1} /> : null}
      {rows?.length === 0 ? <p className="muted">No rollout of it is open.</p> : null}
      {rows && rows.length > 0 ? <RolloutTable rows={rows} ofOne /> : null}
    </Panel>
  )
}
