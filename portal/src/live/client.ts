// GraphQL of this hub, with a cache in which a thing is one thing wherever it is shown.
import { type Cache, cacheExchange, type Data } from '@urql/exchange-graphcache'
import { Client, fetchExchange, mapExchange, subscriptionExchange } from 'urql'
import { currentLine, signedOut } from './line'
import { ofMoment } from './past'
import { forwardSubscription } from './socket'

const embedded = () => null
const byName = (data: Data) => (typeof data.name === 'string' ? data.name : null)
const EMBEDDED = [
  'AdoptedVersion',
  'AdoptionDay',
  'AgentError',
  'AlertPayload',
  'AlertPutOff',
  'Analytics',
  'Attachment',
  'Checkpoint',
  'CheckpointKey',
  'CodePayload',
  'ComposePackage',
  'ConfigEntry',
  'DeploymentError',
  'Enrolment',
  'Entitlement',
  'ErrorGroup',
  'EventPage',
  'EventProof',
  'FeatureTags',
  'HeartbeatHour',
  'History',
  'Hub',
  'IdentifiedKey',
  'LastReport',
  'LicenseAuditEntry',
  'LicenseUseDay',
  'MemberPayload',
  'PackageFile',
  'PasswordPayload',
  'RegistryUsage',
  'RepositoryAccess',
  'RepositoryPayload',
  'RepositoryTag',
  'RequiredRelease',
  'RetentionPlan',
  'RetentionRules',
  'RoleRights',
  'RolloutApproval',
  'RolloutApprovalRule',
  'RolloutBlackout',
  'RolloutGate',
  'RolloutHold',
  'RolloutLabelLimit',
  'RolloutLimits',
  'RolloutMember',
  'RolloutPayload',
  'RolloutPlan',
  'RolloutPlanHold',
  'RolloutPlanTarget',
  'RolloutPlanWave',
  'RolloutPolicyPayload',
  'RolloutPolicyRemovePayload',
  'RolloutRules',
  'RolloutScope',
  'RolloutStartPayload',
  'RolloutWave',
  'RolloutWaveRule',
  'RolloutWindow',
  'RolloutWindows',
  'RunningNow',
  'RunningVersion',
  'ReleaseImage',
  'ReleasePayload',
  'ReleaseSignature',
  'ReleaseVelocity',
  'SigningKey',
  'SigningPolicyChange',
  'TargetCounts',
  'Viewer',
  'ViewerToken',
  'Why',
  'SessionStartPayload',
  'SignOutPayload',
  'DeploymentPayload',
  'DeploymentSetReleasePayload',
  'TargetPayload',
  'TokenPayload',
  'ChannelPayload',
]

/** The lists of them, and their count: those that are shown are asked for again. */
function alertsAnew(_result: unknown, _variables: unknown, cache: Cache) {
  for (const { fieldName, arguments: variables } of cache.inspectFields('Query')) {
    if (fieldName === 'alerts') cache.invalidate('Query', fieldName, variables)
  }
}

const SETTINGS = {
  url: new URL('graphql', document.baseURI).href,
  preferGetMethod: false,
  fetchOptions: { headers: { 'x-distr-portal': '1' }, credentials: 'same-origin' },
} as const

const noticeSignOut = mapExchange({
  onError(error, operation) {
    const isOut = error.graphQLErrors.some(one => one.extensions?.code === 'unauthenticated')
    // asked for on purpose: the shell, to know who is there
    if (isOut && !operation.context.asksWhoIsThere && currentLine().state !== 'signed-out') signedOut()
  },
})

const cached = () =>
  cacheExchange({
    keys: { ...Object.fromEntries(EMBEDDED.map(name => [name, embedded])), Repository: byName },
    updates: { Mutation: { alertPutOff: alertsAnew, alertTakeUp: alertsAnew } },
  })

export const client = new Client({
  ...SETTINGS,
  requestPolicy: 'cache-and-network',
  exchanges: [noticeSignOut, cached(), fetchExchange, subscriptionExchange({ forwardSubscription })],
})

/** A client of its own: what a thing was is in no cache of what it is. What was does not change. */
export function clientOf(moment: string): Client {
  return new Client({
    ...SETTINGS,
    requestPolicy: 'cache-first',
    exchanges: [noticeSignOut, ofMoment(moment), cached(), fetchExchange],
  })
}
