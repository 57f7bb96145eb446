import { graphql } from '../../gql'
import type { RepositoryPageQuery } from '../../gql/graphql'

export const REPOSITORY = graphql(`
  query RepositoryPage($name: RepositoryName!, $asOf: Moment) {
    repository(name: $name, asOf: $asOf) {
      name manifests visibility lastPushedAt immutableExcept
      usage { bytes quota }
      retention { keepLast keepDays keepTags untaggedDays }
      retentionPlan { tags manifests }
      tags { name digest size movedAt releases { id version status application { id name displayName } } }
    }
  }
`)

/** Read for the tags that are shown alone: it takes a look into each. */
export const PLATFORMS = graphql(`
  query TagPlatforms($name: RepositoryName!, $only: [Tag!]!, $asOf: Moment) {
    repository(name: $name, asOf: $asOf) { name tags(only: $only) { name digest platforms } }
  }
`)

export type Repository = NonNullable<RepositoryPageQuery['repository']>
export type Tag = Repository['tags'][number]

export const shortDigest = (digest: string) => `${digest.slice(0, 19)}…`
