// GraphQL of this hub, with a cache in which a thing is one thing wherever it is shown.
import { type Cache, cacheExchange, type Data } from '@urql/exchange-graphcache'
import { Client, fetchExchange, mapExchange, subscriptionExchange } from 'urql'
import { currentLine, signedOut } from './line'
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
  'CodePayload',
  'ComposePackage',
  'ConfigEntry',
  'DeploymentError',
  'Enrolment',
  'ErrorGroup',
  'EventPage',
  'FeatureTags',
  'HeartbeatHour',
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
  'RetentionPlan',
  'RetentionRules',
  'RoleRights',
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

export const client = new Client({
  url: new URL('graphql', document.baseURI).href,
  preferGetMethod: false,
  requestPolicy: 'cache-and-network',
  fetchOptions: { headers: { 'x-distr-portal': '1' }, credentials: 'same-origin' },
  exchanges: [
    mapExchange({
      onError(error, operation) {
        const isOut = error.graphQLErrors.some(one => one.extensions?.code === 'unauthenticated')
        // asked for on purpose: the shell, to know who is there
        if (isOut && !operation.context.asksWhoIsThere && currentLine().state !== 'signed-out') signedOut()
      },
    }),
    cacheExchange({
      keys: { ...Object.fromEntries(EMBEDDED.map(name => [name, embedded])), Repository: byName },
      updates: { Mutation: { alertPutOff: alertsAnew, alertTakeUp: alertsAnew } },
    }),
    fetchExchange,
    subscriptionExchange({ forwardSubscription }),
  ],
})
