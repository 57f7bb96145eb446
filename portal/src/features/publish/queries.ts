import { graphql } from '../../gql'
import type { CheckedFragment } from '../../gql/graphql'

export const BEFORE = graphql(`
  query PublishBefore($name: Name!) {
    application(name: $name) {
      id name displayName
      signingKeys { name id }
      channels { id name current }
      releases(first: 50) { nodes { id version status } }
    }
  }
`)

export const CHECKED = graphql(`
  fragment Checked on Release {
    id version status notes
    images { service repository digest tag feature attachments { kind verified } }
    packages { __typename ... on ComposePackage { file files { path } } }
  }
`)

export const DRAFT = graphql(`
  mutation Draft($application: Name!, $version: Version!, $file: String!, $notes: String!) {
    releaseDraft(
      application: $application, version: $version, packages: [{ compose: { file: $file } }], notes: $notes
    ) { changed warnings release { ...Checked } }
  }
`)

export const OLD_DRAFT = graphql(`
  query OldDraft($application: Name!, $version: Version!) {
    release(application: $application, version: $version) { ...Checked }
  }
`)

export const PUBLISH = graphql(`
  mutation Publish($application: Name!, $version: Version!) {
    releasePublish(application: $application, version: $version) {
      changed release { id version status publishedAt }
    }
  }
`)

export type Checked = CheckedFragment
