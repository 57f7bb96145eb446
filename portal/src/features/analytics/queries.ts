import { graphql } from '../../gql'

export const ANALYTICS = graphql(`
  query Analytics($application: Name!, $days: Int!) {
    analytics(application: $application, days: $days) {
      running { deployments unknown silent versions { version deployments silent } }
      adoption { day deployments versions { version deployments } }
      velocity { version publishedAt eligible reached secondsToHalf secondsToMost }
      errors { category reason example times deployments open versions firstAt lastAt }
    }
  }
`)

export const LICENSE_USE = graphql(`
  query LicenseUse($days: Int!) {
    licenseUse(days: $days) { day pulls deployments refusals }
    licenses(first: 500) { nodes { ...LicenseRow } pageInfo { hasNextPage } }
  }
`)
