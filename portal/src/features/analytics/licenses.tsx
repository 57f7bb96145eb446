// How licenses are used, and which end or are used up.
import type { LicenseRowFragment } from '../../gql/graphql'
import { hubNow } from '../../live/clock'
import { useLive } from '../../live/use-live'
import { DaysChart, DaysTable, Legend } from '../../ui/chart'
import { Definition } from '../../ui/definition'
import { Panel } from '../../ui/page'
import { Failed, Loading } from '../../ui/page-states'
import { LicenseTable } from '../license/list'
import { LICENSE_USE } from './queries'

const SOON = 90 * 24 * 3_600_000
const SHADES = ['shade-0', 'shade-2', 'shade-refused']

/** It ends within 90 days, or all seats are taken. */
export function isUsedUp(
  license: Pick<LicenseRowFragment, 'status' | 'expiresAt' | 'seats' | 'seatsTaken'>,
  now: number,
) {
  if (license.status !== 'ACTIVE') return false
  const ends = license.expiresAt ? Date.parse(license.expiresAt) - now < SOON : false
  return ends || (typeof license.seats === 'number' && license.seatsTaken >= license.seats)
}

export function Licenses({ days }: { days: number }) {
  const { data, error, isLoading, again } = useLive(LICENSE_USE, { days })
  const used = data?.licenseUse ?? []
  const series = [
    { name: 'pulls', values: used.map(({ pulls }) => pulls) },
    { name: 'deployments', values: used.map(({ deployments }) => deployments) },
    { name: 'refused', values: used.map(({ refusals }) => refusals) },
  ]
  const names = used.map(({ day }) => day)
  const isUnused = series.every(({ values }) => values.every(value => value === 0))
  const ending = (data?.licenses.nodes ?? []).filter(license => isUsedUp(license, hubNow()))
  return (
    <>
      <Panel
        title="Use of licenses"
        aside={
          <Definition of="use of licenses">
            Counted is what customers and their agents asked for on each day (UTC), of all applications: pulls and
            deployments that a license granted, and those that were refused. The vendor's own pulls are no use of a
            license.
          </Definition>
        }
      >
        {error && !data ? <Failed error={error} again={again} /> : null}
        {isLoading ? <Loading what="the use of licenses" rows={4} /> : null}
        {data && isUnused ? <p className="muted">No license was used in these days.</p> : null}
        {data && !isUnused ? (
          <>
            <DaysChart label="Uses of licenses by day" days={names} series={series} kind="bars" classes={SHADES} />
            <Legend names={series.map(({ name }) => name)} classes={SHADES} />
            <DaysTable days={names} series={series} />
          </>
        ) : null}
      </Panel>
      {data ? (
        <Panel
          title="Licenses that end or are used up"
          aside={
            <Definition of="licenses that end or are used up">
              Active licenses that end within 90 days, and those of which all seats are taken. A seat is one target's
              use of the license; the denominator is the seats of the license.
            </Definition>
          }
        >
          {ending.length === 0 ? (
            <p className="muted">No active license ends within 90 days or is used up.</p>
          ) : (
            <LicenseTable licenses={ending} withCustomer />
          )}
          {data.licenses.pageInfo.hasNextPage ? (
            <p className="muted">Of the first 500 licenses; there are more.</p>
          ) : null}
        </Panel>
      ) : null}
    </>
  )
}
