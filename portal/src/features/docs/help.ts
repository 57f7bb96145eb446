// Where each room is explained: the page of the documentation, and the section if it has one. Keys are the first part of an address
// below the side's first page; `publish` is the end of one.

type Help = Record<string, string>

export const VENDORS_HELP: Help = {
  '': 'concepts',
  alerts: 'concepts#alerts',
  targets: 'concepts#targets-and-agents',
  apps: 'concepts#applications-releases-channels',
  publish: 'releases',
  rollouts: 'rollouts',
  new: 'rollouts#from-the-plan-to-the-end',
  'set-policy': 'rollouts#the-rules-a-policy',
  'rollout-policies': 'rollouts#the-rules-a-policy',
  registry: 'registry',
  customers: 'concepts#organizations-customers-members',
  licenses: 'concepts#licenses',
  entitlement: 'start-auditor#what-was-at-any-moment',
  activity: 'start-auditor#who-did-what',
  proof: 'audit',
  analytics: 'concepts#what-a-figure-counts',
  start: 'start-vendor',
  members: 'access',
  tokens: 'access',
  branding: 'operations#hosts-of-customers-portals',
  me: 'access',
}

export const CUSTOMERS_HELP: Help = {
  '': 'start-customer',
  targets: 'concepts#targets-and-agents',
  install: 'start-customer#3-install-the-agent',
  update: 'start-customer#4-run-the-product',
  rollouts: 'concepts',
  license: 'concepts#licenses',
  entitlement: 'concepts#licenses',
  downloads: 'concepts#applications-releases-channels',
  apps: 'concepts#applications-releases-channels',
  activity: 'concepts#events',
  proof: 'audit',
  members: 'access',
  tokens: 'access',
  me: 'access',
}

/** `path` is below the side's first page. */
export function helpOf(help: Help, path: string): string | undefined {
  const parts = path.split('/').filter(Boolean)
  return help[parts.at(-1) ?? ''] ?? help[parts[0] ?? '']
}
