// What an entry of a license's audit says.
import type { AuditKind } from '../../gql/graphql'

export const WORDS: Record<AuditKind, string> = {
  ISSUED: 'issued',
  AMENDED: 'amended',
  SUSPENDED: 'suspended',
  RESUMED: 'resumed',
  REVOKED: 'revoked',
  SEAT_TAKEN: 'seat taken',
  SEAT_RELEASED: 'seat given back',
  PULL_GRANTED: 'pull granted',
  PULL_REFUSED: 'pull refused',
  DEPLOY_GRANTED: 'deployment granted',
  DEPLOY_REFUSED: 'deployment refused',
}
