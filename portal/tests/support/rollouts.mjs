// What rollouts need of the world: targets that run a release, policies, and agents that do what a rollout asks of them.
import { healthy, under } from './agent.mjs'
import { until } from './wait.mjs'

/** The machine is busy: whoever waits, waits for what happens. */
const PATIENCE = 120_000

export const CAREFUL = `waves: [{ name: "canary", count: 1 }, { name: "rest", rest: true }],
  limits: { inFlight: 2 }, gate: { minDecided: 1, maxFailures: 0, maxFailurePercent: 100 }`

export function setPolicy(world, name, rules) {
  return world.change(`rolloutPolicySet(name: "${name}", policy: { ${rules} }) { changed }`)
}

export function start(world, { policy, version, name, secret = world.owner, more = '' }) {
  const called = name ? `, name: "${name}"` : ''
  return world.hub.ask(
    secret,
    `mutation { rolloutStart(application: "hello", version: "${version}", policyName: "${policy}"${called} ${more}) { rollout { name state } } }`,
  )
}

export function rolloutOf(world, name) {
  const query = `{ rollout(application: "hello", name: "${name}") {
    state haltedBecause waves { number state members succeeded failed lost waiting inFlight }
    members(first: 500) { nodes { state wave target { name } } } } }`
  return world.hub.ask(world.owner, query).then(({ rollout }) => rollout)
}

export const untilState = (world, name, ...states) =>
  until(`rollout ${name} ${states.join(' or ')}`, PATIENCE, async () => {
    const rollout = await rolloutOf(world, name)
    return states.includes(rollout.state) && rollout
  })

/** The names of those in the state, as soon as there are so many. */
export const untilMembers = (world, name, state, count) =>
  until(`${count} ${state} of ${name}`, PATIENCE, async () => {
    const { members } = await rolloutOf(world, name)
    const those = members.nodes.filter(member => member.state === state)
    return those.length >= count && those.map(({ target }) => target.name)
  })

export async function deploymentOf(world, customer, target) {
  const query = `{ deployment(customer: "${customer}", target: "${target}", application: "hello") { id generation desiredVersion } }`
  return (await world.hub.ask(world.owner, query)).deployment
}

/** A target that runs the version, healthily. */
export async function running(world, customer, name, version) {
  const { agent, deployment } = await world.target(customer, name, version)
  await agent.say(healthy(deployment, version))
  return { agent, deployment, customer, name, version }
}

/** The agent does what it is asked now. */
export async function obey(world, target) {
  const wish = await deploymentOf(world, target.customer, target.name)
  await target.agent.say(healthy(wish, wish.desiredVersion))
}

/** The agent fails at what it is asked now, and goes on with what ran. */
export async function fail(world, target) {
  const wish = await deploymentOf(world, target.customer, target.name)
  const error = { category: 'unhealthy', text: 'web: unhealthy for 60 s' }
  const before = { generation: target.deployment.generation, version: target.version }
  await target.agent.say({ ...under(wish, 'failed', { error, running: before }), health: 'ok' })
}
