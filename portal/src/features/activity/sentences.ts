// Events as sentences. What a type does not say in words is said by its own name.
import type { Names } from './names'

const NOBODY: Names = new Map()
const SENTENCES: Record<string, string> = {
  ApplicationCatalogued: 'changed what the catalogue says of an application',
  ApplicationIconRemoved: 'removed the icon of an application',
  ApplicationIconSet: 'set the icon of an application',
  ApplicationCreated: 'created an application',
  ApplicationDescribed: 'described an application anew',
  BrandingImageRemoved: 'removed a picture of the branding',
  HistoryKeyReplaced: 'replaced the key that signs the history',
  BrandingImageSet: 'set a picture of the branding',
  BrandingSet: 'changed how customers see the organization',
  ChannelCreated: 'created a channel',
  CredentialConfirmed: 'confirmed its new credential',
  CredentialRotated: 'rotated its credential',
  CustomerCreated: 'created a customer',
  CustomerRenamed: 'renamed a customer',
  CustomerViewed: 'looked at the portal as a customer',
  DeploymentFailed: 'reported that a deployment failed',
  DeploymentFlapping: 'reported that a deployment keeps changing',
  DeploymentSteady: 'reported a deployment steady again',
  DeploymentHealthy: 'reported a deployment healthy',
  DeploymentHeld: 'reported that the host holds a deployment',
  DeploymentRemoved: 'reported a deployment removed',
  DeploymentRetrying: 'reported that a deployment is tried again',
  DeploymentStepped: 'reported the next step of a deployment',
  DeploymentUnhealthy: 'reported a deployment unhealthy',
  DesiredReleaseSet: 'asked for a release on a target',
  DriftDetected: 'found a deployment changed by hand',
  DriftRepaired: 'repaired a deployment',
  EnrolmentOffered: 'offered an enrolment',
  Heartbeat: 'sent a report',
  FeatureTagsChanged: 'changed the tags of features',
  InvitationAccepted: 'accepted an invitation',
  InvitationRenewed: 'renewed an invitation',
  LicenseAmended: 'amended a license',
  LicenseIssued: 'issued a license',
  LicenseResumed: 'resumed a license',
  LicenseRevoked: 'revoked a license',
  LicenseSeatReleased: 'gave a seat back',
  LicenseSeatTaken: 'took a seat',
  LicenseSuspended: 'suspended a license',
  ManifestDeleted: 'deleted a manifest',
  ManifestPushed: 'pushed a manifest',
  MemberAdded: 'added a member',
  MemberInvited: 'invited a member',
  MemberRemoved: 'removed a member',
  MemberRoleChanged: 'changed the role of a member',
  OrganizationCreated: 'created the organization',
  OrganizationRenamed: 'renamed the organization',
  OwnerLeft: 'ended being an owner',
  OwnerReturned: 'became an owner again',
  PasswordChanged: 'changed a password',
  PasswordReset: 'set a new password',
  PasswordResetOffered: 'voided a password and offered a new one',
  QuotaCleared: 'cleared the quota of a repository',
  QuotaSet: 'set the quota of a repository',
  ReleaseDemoted: 'took a release back from a channel',
  ReleaseDeprecated: 'deprecated a release',
  ReleaseDrafted: 'drafted a release',
  ReleaseMarkedNoReturn: 'marked a release as one that nobody goes back from',
  ReleasePromoted: 'promoted a release',
  ReleasePublished: 'published a release',
  ReleaseRequired: 'required a release on the way of upgrades',
  ReleaseRevoked: 'revoked a release',
  ReleaseSigned: 'signed a release',
  ReleaseUnrequired: 'required a release no longer',
  RepositoryEmptied: 'emptied a repository',
  RemovalRequested: 'asked to remove a deployment',
  RetentionCleared: 'cleared the retention of a repository',
  RetentionSet: 'set the retention of a repository',
  RolloutPlanned: 'planned a rollout',
  RolloutApproved: 'approved a rollout',
  RolloutApprovalRefused: 'refused to approve a rollout',
  RolloutApprovalLapsed: 'found an approval of a rollout to count no more',
  RolloutStarted: 'started a rollout',
  TargetsPlaced: 'placed targets in a wave',
  TargetsLeft: 'took targets out of a rollout',
  WaveOpened: 'opened a wave',
  WaveHeld: 'said what holds a wave',
  WaveSoaking: 'let a wave soak',
  WavePassed: 'passed a wave',
  WaveSkipped: 'skipped a wave',
  TargetsReleased: 'released targets of a wave',
  TargetsSettled: 'settled targets of a rollout',
  TargetsAmended: 'amended what became of targets',
  TargetsWithdrawn: 'withdrew what no agent had begun',
  RolloutAdjusted: 'adjusted the limits of a rollout',
  RolloutPaused: 'paused a rollout',
  RolloutHalted: 'halted a rollout',
  RolloutResumed: 'resumed a rollout',
  RolloutTailing: 'kept a rollout open for those who return',
  RolloutCompleted: 'completed a rollout',
  RolloutAborted: 'aborted a rollout',
  RolloutSuperseded: 'gave a rollout up for a newer one',
  RolloutPolicySet: 'set a rollout policy',
  RolloutPolicyRemoved: 'removed a rollout policy',
  SeatReleased: 'gave a seat back',
  SeatTaken: 'took a seat',
  AlertPutOff: 'put an alert off',
  AlertTakenUp: 'took an alert up again',
  SecretRemoved: 'removed a secret',
  SecretSet: 'set a secret',
  SigningPolicyChanged: 'changed whose signatures are trusted',
  TagDeleted: 'deleted a tag',
  TagMoved: 'moved a tag',
  TagsMadeImmutable: 'made tags immutable',
  TagsMadeMutable: 'made tags mutable',
  TargetEnrolled: 'enrolled',
  TargetLabelled: 'labelled a target',
  NamespacesSet: 'set the namespaces of a target',
  TargetRegistered: 'registered a target',
  TargetRetired: 'retired a target',
  TokenIssued: 'issued a token',
  TokenReplaced: 'replaced a token',
  TokenRevoked: 'revoked a token',
  UpgradeBlocked: 'blocked upgrades to a release',
  UpgradeUnblocked: 'opened upgrades to a release again',
  VisibilityChanged: 'changed who may pull from a repository',
}

const ACTIONS: Record<string, string> = {
  pull: 'pulled',
  pull_blob: 'pulled a blob of',
  push: 'pushed',
  mount: 'mounted',
  delete: 'deleted',
  deploy: 'deployed',
  sign_in: 'signed in',
}

type Told = { type: string; data: unknown; stream?: string | null | undefined }
export type Said = {
  verb: string
  about: string | undefined
  where: string | undefined
  reason: string | undefined
  isRefused: boolean
}

export function sentence({ type, data, stream }: Told, names: Names = NOBODY): Said {
  const facts = (data ?? {}) as Record<string, unknown>
  if (type === 'Access') return access(facts, names)
  const named = ['name', 'display_name', 'label', 'repository', 'key'].find(key => typeof facts[key] === 'string')
  const about = [named && facts[named], facts.tag, facts.version, facts.text]
  const text = about.filter(value => typeof value === 'string').join(' ') || versionOf(facts)
  return {
    verb: SENTENCES[type] ?? type,
    about: text,
    where: whereOf(facts, stream, names, text),
    reason: typeof facts.reason === 'string' ? facts.reason : undefined,
    isRefused: false,
  }
}

function versionOf(facts: Record<string, unknown>): string | undefined {
  const desired = facts.desired as { version?: unknown } | undefined
  return typeof desired?.version === 'string' ? desired.version : undefined
}

const IDS = ['target', 'application', 'license', 'customer']

/** The things that the event names by id, each once. */
function whereOf(
  facts: Record<string, unknown>,
  stream: string | null | undefined,
  names: Names,
  about = '',
): string | undefined {
  const desired = (facts.desired ?? {}) as Record<string, unknown>
  // `license-<id>`
  const ids = [stream?.slice(-36), ...IDS.map(key => facts[key] ?? desired[key])]
  let told = ''
  for (const id of ids) {
    const name = typeof id === 'string' ? names.get(id) : undefined
    if (name && !told.includes(name) && name !== about) told += told ? `, ${name}` : name
  }
  return told || undefined
}

function access(facts: Record<string, unknown>, names: Names): Said {
  const outcome = (facts.outcome ?? {}) as Record<string, unknown>
  const isRefused = outcome.outcome === 'refused'
  const action = String(facts.action)
  const isSignIn = action === 'sign_in'
  return {
    verb: isRefused ? `was refused: ${action.replace('_', ' ')}` : (ACTIONS[action] ?? action),
    about: isSignIn ? undefined : String(facts.subject ?? ''),
    where: whereOf(facts, undefined, names),
    reason: isRefused ? String(outcome.reason ?? outcome.code ?? '') : undefined,
    isRefused,
  }
}
