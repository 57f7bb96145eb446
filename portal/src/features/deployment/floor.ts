// What a deployment is below: a release that the vendor requires, and that is newer. It marks what is asked for, and what runs while the
// required release is only asked for.
import type { ReleaseStatus } from '../../gql/graphql'
import { compareVersions } from '../analytics/series'

type Required = { version: string; reason: string }

export type Floor = Required & {
  /** what is asked for already, while an older release runs */
  isAskedFor?: true
}

type Standing = {
  version: string
  status: ReleaseStatus
  reason?: string | null | undefined
  deprecatedOn?: string | null | undefined
}

export type Below = {
  removal?: unknown
  runningVersion?: string | null | undefined
  release: Standing & { required?: string | null | undefined; outdatedBy?: Required | null | undefined }
}

export function floorOf({ removal, runningVersion, release }: Below): Floor | undefined {
  if (removal) return undefined
  const { version, status, required, outdatedBy } = release
  if (outdatedBy) return { version: outdatedBy.version, reason: outdatedBy.reason }
  const runsOlder = Boolean(runningVersion) && compareVersions(runningVersion ?? '', version) < 0
  return required && runsOlder && status !== 'REVOKED' ? { version, reason: required, isAskedFor: true } : undefined
}

export function floorWords({ version, reason }: Required): string {
  return `below ${version}, which is required: ${reason}`
}

/** Why a release should not be used; nothing of one that may. */
export function standingWords({ status, reason, deprecatedOn }: Standing): string | undefined {
  if (status !== 'DEPRECATED' && status !== 'REVOKED') return undefined
  const word = status === 'REVOKED' ? 'revoked' : deprecatedOn ? `deprecated from ${deprecatedOn}` : 'deprecated'
  return reason ? `${word}: ${reason}` : word
}

export function isMarked(deployment: Below): boolean {
  return floorOf(deployment) !== undefined || (!deployment.removal && standingWords(deployment.release) !== undefined)
}

type Step = { version: string; status: ReleaseStatus; required?: string | null | undefined }

/** The release to deploy next: required releases are installed one after the other, the oldest first. */
export function nextFloor(
  releases: readonly Step[],
  running: string | null | undefined,
  floor: Pick<Required, 'version'>,
): string {
  const between = releases.filter(
    ({ version, status, required }) =>
      required &&
      status !== 'REVOKED' &&
      compareVersions(version, running ?? floor.version) > 0 &&
      compareVersions(version, floor.version) < 0,
  )
  const [first] = between.sort((one, other) => compareVersions(one.version, other.version))
  return first?.version ?? floor.version
}
