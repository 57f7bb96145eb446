// Events as sentences. What a type does not say in words is said by its own name.
const SENTENCES: Record<string, string> = {
  ApplicationCreated: 'created an application',
  ApplicationDescribed: 'described an application anew',
  ChannelCreated: 'created a channel',
  CredentialConfirmed: 'confirmed its new credential',
  CredentialRotated: 'rotated its credential',
  CustomerCreated: 'created a customer',
  CustomerRenamed: 'renamed a customer',
  DeploymentFailed: 'reported that a deployment failed',
  DeploymentHealthy: 'reported a deployment healthy',
  DeploymentHeld: 'reported that the host holds a deployment',
  DeploymentRemoved: 'reported a deployment removed',
  DeploymentStepped: 'reported the next step of a deployment',
  DeploymentUnhealthy: 'reported a deployment unhealthy',
  DesiredReleaseSet: 'asked for a release on a target',
  DriftDetected: 'found a deployment changed by hand',
  DriftRepaired: 'repaired a deployment',
  EnrolmentOffered: 'offered an enrolment',
  FeatureTagsChanged: 'changed the tags of features',
  InvitationAccepted: 'accepted an invitation',
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
  PasswordChanged: 'changed a password',
  ReleaseDemoted: 'took a release back from a channel',
  ReleaseDeprecated: 'deprecated a release',
  ReleaseDrafted: 'drafted a release',
  ReleasePromoted: 'promoted a release',
  ReleasePublished: 'published a release',
  ReleaseRevoked: 'revoked a release',
  ReleaseSigned: 'signed a release',
  RemovalRequested: 'asked to remove a deployment',
  SecretRemoved: 'removed a secret',
  SecretSet: 'set a secret',
  SigningPolicyChanged: 'changed whose signatures are trusted',
  TagDeleted: 'deleted a tag',
  TagMoved: 'moved a tag',
  TargetEnrolled: 'enrolled',
  TargetRegistered: 'registered a target',
  TargetRetired: 'retired a target',
  TokenIssued: 'issued a token',
  TokenReplaced: 'replaced a token',
  TokenRevoked: 'revoked a token',
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

type Told = { type: string; data: unknown }
export type Said = { verb: string; about: string | undefined; reason: string | undefined; isRefused: boolean }

export function sentence({ type, data }: Told): Said {
  const facts = (data ?? {}) as Record<string, unknown>
  if (type === 'Access') return access(facts)
  const about = ['name', 'version', 'display_name', 'tag', 'label', 'repository', 'key', 'text'].map(key => facts[key])
  return {
    verb: SENTENCES[type] ?? type,
    about: about.filter(value => typeof value === 'string').join(' ') || versionOf(facts),
    reason: typeof facts.reason === 'string' ? facts.reason : undefined,
    isRefused: false,
  }
}

function versionOf(facts: Record<string, unknown>): string | undefined {
  const desired = facts.desired as { version?: unknown } | undefined
  return typeof desired?.version === 'string' ? desired.version : undefined
}

function access(facts: Record<string, unknown>): Said {
  const outcome = (facts.outcome ?? {}) as Record<string, unknown>
  const isRefused = outcome.outcome === 'refused'
  const action = String(facts.action)
  const isSignIn = action === 'sign_in'
  return {
    verb: isRefused ? `was refused: ${action.replace('_', ' ')}` : (ACTIONS[action] ?? action),
    about: isSignIn ? undefined : String(facts.subject ?? ''),
    reason: isRefused ? String(outcome.reason ?? outcome.code ?? '') : undefined,
    isRefused,
  }
}
