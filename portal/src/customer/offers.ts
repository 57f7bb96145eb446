// What the vendor offers: of each application the releases, newest first, and why some are not this customer's.
import { graphql } from '../gql'
import type { OffersQuery } from '../gql/graphql'

export const OFFERS = graphql(`
  query Offers {
    applications(first: 100) {
      nodes {
        id name displayName description
        releases(first: 50) { nodes { id version status withheld required outdatedBy { version } } }
      }
    }
  }
`)

export type Offered = OffersQuery['applications']['nodes'][number]
export type OfferedRelease = Offered['releases']['nodes'][number]

export const isOpen = ({ status, withheld }: Pick<OfferedRelease, 'status' | 'withheld'>) =>
  status === 'PUBLISHED' && !withheld

/** The newest release that this customer may have now. */
export function newestOf(application: Offered | undefined): OfferedRelease | undefined {
  return application?.releases.nodes.find(isOpen)
}

/** The newest one, if it is newer than what is asked for; releases come the newest first. */
export function updateOf(application: Offered | undefined, wanted: string): OfferedRelease | undefined {
  const newest = newestOf(application)
  if (!application || !newest || newest.version === wanted) return undefined
  const versions = application.releases.nodes.map(release => release.version)
  const [at, before] = [versions.indexOf(newest.version), versions.indexOf(wanted)]
  return before < 0 || at < before ? newest : undefined
}
