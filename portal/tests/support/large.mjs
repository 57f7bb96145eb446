// A fleet as large vendors have it, made through the API as people and agents make it: a hundred targets a customer, each with an
// agent that reported what runs. Made once, it can be kept in a folder and used again.
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent, healthy, under } from './agent.mjs'
import { Hub } from './hub.mjs'
import { until } from './wait.mjs'
import { World } from './world.mjs'

const PER_CUSTOMER = 100
/** What one person may ask for before the hub lets that person wait. */
const PER_PERSON = 1_000
/** Fields of one document. */
const AT_ONCE = 10
const LANES = 32
/** Nobody falls silent while it is looked at; agents report when they are told. */
const QUIET = {
  DISTR_HEARTBEAT_SECONDS: '3600',
  DISTR_STALE_SECONDS: '86400',
  DISTR_OFFLINE_SECONDS: '172800',
}

const numbered = (word, number) => `${word}-${String(number).padStart(5, '0')}`

/** `targets` of them at a hub of its own; in `folder`, if one is named, they are kept and found again. */
export async function largeFleet(targets, folder, say = () => undefined) {
  const kept = folder && join(folder, 'fleet.json')
  if (folder) await mkdir(folder, { recursive: true })
  const hub = await Hub.start(QUIET, folder)
  if (kept && existsSync(kept)) {
    const members = JSON.parse(await readFile(kept, 'utf8'))
    if (members.length !== targets) throw new Error(`${folder} holds ${members.length} targets, not ${targets}`)
    const fleet = members.map(({ secret, ...of }) => ({ ...of, agent: Agent.of(hub, secret) }))
    return { hub, owner: await hub.signIn(), fleet }
  }
  const world = await World.make(hub)
  world.people = await people(world, Math.ceil(targets / PER_PERSON))
  const fleet = await make(world, targets, say)
  await until('the fleet in the read models', 600_000, async () => {
    const { targetCounts } = await hub.ask(world.owner, '{ targetCounts { ok failed } }')
    return targetCounts.ok + targetCounts.failed >= targets
  })
  if (kept) await writeFile(kept, JSON.stringify(fleet.map(({ agent, ...of }) => ({ ...of, secret: agent.secret }))))
  return { hub, owner: world.owner, fleet }
}

/** Sessions of as many owners. */
async function people(world, count) {
  const sessions = []
  for (let at = 0; at < count; at++) {
    const { email, password } = await world.member(`owner-${at}@acme.example`, 'OWNER', undefined, `Owner ${at}`)
    sessions.push(await world.hub.signIn(email, password))
  }
  return sessions
}

async function make(world, targets, say) {
  const customers = Array.from({ length: Math.ceil(targets / PER_CUSTOMER) }, (_, number) => ({
    name: numbered('customer', number),
    displayName: `Customer ${number}`,
  }))
  const members = Array.from({ length: targets }, (_, number) => ({
    name: numbered('target', number),
    customer: customers[Math.floor(number / PER_CUSTOMER)].name,
    version: number % 3 === 0 ? '1.2.0' : '1.3.0',
    isFailed: number % 50 === 7,
  }))
  await inTurn(
    world,
    customers,
    ({ name, displayName }) => `customerCreate(name: "${name}", displayName: "${displayName}") { changed }`,
  )
  await inTurn(
    world,
    customers,
    ({ name }) => `licenseIssue(customer: "${name}", application: "hello", name: "hello-2026", terms: {}) { changed }`,
  )
  say(`${customers.length} customers`)
  const enrolments = await inTurn(
    world,
    members,
    ({ customer, name }) => `targetRegister(customer: "${customer}", name: "${name}") { enrolment { token } }`,
  )
  say(`${targets} targets registered`)
  const wishes = await inTurn(
    world,
    members,
    ({ customer, name, version }) =>
      `deploymentSetRelease(customer: "${customer}", target: "${name}", application: "hello", version: "${version}") {
      deployment { id generation } }`,
  )
  say(`${targets} deployments asked for`)
  return atOnce(members, async (member, at) => {
    const agent = await Agent.enrol(world.hub, enrolments[at].enrolment.token)
    const { deployment } = wishes[at]
    await agent.sayOnce(says({ ...member, deployment }))
    return { ...member, deployment, agent }
  })
}

/** What a member of the fleet reports. */
export function says({ deployment, version, isFailed }) {
  if (!isFailed) return healthy(deployment, version)
  const error = { category: 'unhealthy', text: 'web: unhealthy for 60 s: connection to db:5432 refused' }
  return under(deployment, 'failed', { error })
}

/** The answers of a change for each thing, several to a document. */
async function inTurn(world, things, fieldOf) {
  const documents = Array.from({ length: Math.ceil(things.length / AT_ONCE) }, (_, at) =>
    things.slice(at * AT_ONCE, (at + 1) * AT_ONCE),
  )
  const answers = await atOnce(documents, async (some, at) => {
    const fields = some.map((thing, at) => `m${at}: ${fieldOf(thing)}`).join(' ')
    const answer = await world.hub.ask(world.people[at % world.people.length], `mutation { ${fields} }`)
    return some.map((_, at) => answer[`m${at}`])
  })
  return answers.flat()
}

/** The same for all, a few of them at the same time; the results in the order of the things. */
export async function atOnce(things, act, lanes = LANES) {
  const results = []
  let next = 0
  const lane = async () => {
    while (next < things.length) {
      const at = next++
      results[at] = await act(things[at], at)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return results
}
