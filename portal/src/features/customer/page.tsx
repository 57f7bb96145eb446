// One customer: how its targets are, and what is agreed with it.
import { Link, useParams } from '@tanstack/react-router'
import { Eye } from 'lucide-react'
import { useState } from 'react'
import { graphql } from '../../gql'
import { useLive } from '../../live/use-live'
import { Allowed, Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { Fact, Facts, Page, Panel } from '../../ui/page'
import { Empty, Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { STATES, StateIcon, shapeOf, wordOf } from '../../ui/state'
import { Time } from '../../ui/time'
import { LicenseTable } from '../license/list'
import { useMay } from '../session/viewer'
import { countOf } from '../target/queries'
import { FleetTable } from '../target/table'
import { useFleetNews } from '../target/use-fleet-news'
import { ViewAsDialog } from './view-as'

const CUSTOMER = graphql(`
  query CustomerPage($name: Name!, $asOf: Moment) {
    customer(name: $name, asOf: $asOf) { id name displayName createdAt }
    targetCounts(customer: $name, asOf: $asOf) { total ok progressing held failed stale offline unknown }
    targets(customer: $name, first: 20, asOf: $asOf) { nodes { ...TargetRow } pageInfo { hasNextPage } }
    licenses(customer: $name, first: 100, asOf: $asOf) { nodes { ...LicenseRow } pageInfo { hasNextPage } }
  }
`)

export function CustomerPage() {
  const { organization, customer: name } = useParams({ from: '/v/$organization/customers/$customer' })
  const { data, error, isLoading, again, quietly } = useLive(CUSTOMER, { name })
  const mayView = useMay('MANAGE_CUSTOMERS')
  const [isViewing, setViewing] = useState(false)
  useFleetNews(name, quietly)
  const crumbs = (
    <Link to="/v/$organization/customers" params={{ organization }}>
      Customers
    </Link>
  )
  return (
    <Page
      title={data?.customer.displayName ?? name}
      section="Customers"
      crumbs={crumbs}
      actions={
        data ? (
          <Allowed may={mayView} needs="the role owner or support">
            <Button onClick={() => setViewing(true)}>
              <Eye size={15} aria-hidden="true" /> View as customer…
            </Button>
          </Allowed>
        ) : null
      }
    >
      {error && !data ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the customer" /> : null}
      {data ? (
        <>
          <Facts>
            <Fact name="Name">
              <code>{data.customer.name}</code>
            </Fact>
            <Fact name="Customer since">
              <Time at={data.customer.createdAt} />
            </Fact>
            <Fact name="Targets">
              <span className="tags">
                {data.targetCounts.total.toLocaleString()}
                {STATES.filter(state => countOf(data.targetCounts, state) > 0).map(state => (
                  <span key={state} className={`state is-${shapeOf(state)}`}>
                    <StateIcon shape={shapeOf(state)} /> {countOf(data.targetCounts, state)} {wordOf(state)}
                  </span>
                ))}
              </span>
            </Fact>
          </Facts>
          <Panel title="Targets">
            {data.targets.nodes.length === 0 ? (
              <Empty
                title="No targets yet"
                line={commandLine('distr', 'target', 'create', 'factory', '--customer', name)}
              >
                A target is a machine of this customer, with an agent.
              </Empty>
            ) : (
              <FleetTable rows={data.targets.nodes} />
            )}
            {data.targets.pageInfo.hasNextPage ? (
              <p>
                <Link to="/v/$organization/targets" params={{ organization }} search={{ customer: name }}>
                  All {data.targetCounts.total.toLocaleString()} targets
                </Link>
              </p>
            ) : null}
          </Panel>
          <Panel title="Licenses">
            {data.licenses.nodes.length === 0 ? (
              <Empty
                title="No licenses yet"
                line={commandLine('distr', 'license', 'issue', 'hello-2026', '--customer', name, '--app', 'hello')}
              >
                Without a license in force, nothing may be pulled or deployed.
              </Empty>
            ) : (
              <LicenseTable licenses={data.licenses.nodes} />
            )}
          </Panel>
          <SameInCli line={commandLine('distr', 'fleet', '--customer', name)} looksBack />
          {isViewing ? <ViewAsDialog customer={data.customer} close={() => setViewing(false)} /> : null}
        </>
      ) : null}
    </Page>
  )
}
