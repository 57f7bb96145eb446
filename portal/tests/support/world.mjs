// A vendor with an application, customers, licenses, and targets in every state, made through the API alone.
import { Agent, healthy, under } from './agent.mjs'
import { push } from './registry.mjs'

const DAY = 86_400_000
const compose = host => version =>
  `services:
  web:
    image: ${host}/acme/hello:${version}
    environment:
      GREETING: hello
    ports: ["18080:80"]
`

export class World {
  agents = {}

  static async make(hub) {
    const world = new World()
    world.hub = hub
    world.owner = await hub.signIn()
    await world.catalogue()
    await world.customers()
    return world
  }

  change(fields) {
    return this.hub.ask(this.owner, `mutation { ${fields} }`)
  }

  async catalogue() {
    await this.change(`organizationRename(displayName: "Acme") { changed }`)
    await this.change(
      `applicationCreate(name: "hello", displayName: "Hello", description: "A page that tells its own version") { changed }`,
    )
    for (const channel of ['alpha', 'beta', 'stable']) {
      await this.change(`channelCreate(application: "hello", name: "${channel}") { changed }`)
    }
    const robot = await this.change('robotAdd(name: "ci", role: PUBLISHER) { member { id } }')
    const issued = await this.change(
      `tokenIssue(label: "ci", scopes: [PULL, PUSH], member: "${robot.robotAdd.member.id}") { secret }`,
    )
    this.registryToken = issued.tokenIssue.secret
    for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0', '1.4.0']) {
      await push(this.hub, issued.tokenIssue.secret, 'hello', version)
      await this.publish(version)
    }
    await this.change(
      'releaseDeprecate(application: "hello", version: "1.0.0", on: "2030-01-01", reason: "old") { changed }',
    )
    await this.change(
      'releaseRevoke(application: "hello", version: "1.1.0", reason: "it loses data on restart") { changed }',
    )
    for (const [channel, version] of [
      ['stable', '1.2.0'],
      ['stable', '1.3.0'],
      ['beta', '1.4.0'],
    ]) {
      await this.change(`channelPromote(application: "hello", name: "${channel}", version: "${version}") { changed }`)
    }
  }

  publish(version) {
    const file = compose(`127.0.0.1:${this.hub.port}`)(version)
    const query = `mutation ($file: String!) {
      releasePublish(application: "hello", version: "${version}", packages: [{ compose: { file: $file } }],
        notes: "What is new in ${version}:\\n- it starts faster\\n- it says its version in the title") { changed }
    }`
    return this.hub.ask(this.owner, query, { file })
  }

  async customers() {
    await this.change('customerCreate(name: "globex", displayName: "Globex Corporation") { changed }')
    await this.change('customerCreate(name: "initech", displayName: "Initech") { changed }')
    const end = new Date(Date.now() + 12 * DAY).toISOString()
    await this.change(
      `licenseIssue(customer: "globex", application: "hello", name: "hello-2026", terms: { seats: 8, expiresAt: "${end}" }) { changed }`,
    )
    await this.change(
      'licenseIssue(customer: "initech", application: "hello", name: "trial", terms: { seats: 1, versions: ["1.x"] }) { changed }',
    )
    await this.change('licenseIssue(customer: "initech", application: "hello", name: "old", terms: {}) { changed }')
    await this.change('licenseRevoke(customer: "initech", name: "old", reason: "the contract ended") { changed }')
  }

  /** A target with an agent; `deploy` names a version that is asked for. */
  async target(customer, name, deploy) {
    const made = await this.change(`targetRegister(customer: "${customer}", name: "${name}") { enrolment { token } }`)
    const agent = await Agent.enrol(this.hub, made.targetRegister.enrolment.token)
    this.agents[name] = agent
    const deployment = deploy && (await this.deploy(customer, name, deploy))
    return { agent, deployment }
  }

  async deploy(customer, target, version) {
    const made = await this.change(
      `deploymentSetRelease(customer: "${customer}", target: "${target}", application: "hello", version: "${version}") { deployment { id generation } }`,
    )
    return made.deploymentSetRelease.deployment
  }

  /** Targets in every state but offline, which takes its time. */
  async fleet() {
    const ok = await this.target('globex', 'factory', '1.3.0')
    await ok.agent.say(healthy(ok.deployment, '1.3.0'))
    const failed = await this.target('globex', 'lab', '1.2.0')
    await failed.agent.say(healthy(failed.deployment, '1.2.0'))
    const again = await this.deploy('globex', 'lab', '1.4.0')
    const error = { category: 'unhealthy', text: 'web: unhealthy for 60 s: connection to db:5432 refused' }
    const running = { generation: failed.deployment.generation, version: '1.2.0' }
    await failed.agent.say({ ...under(again, 'failed', { error, running }), health: 'ok' })
    const moving = await this.target('globex', 'headquarters', '1.4.0')
    await moving.agent.say(under(moving.deployment, 'proving'))
    const held = await this.target('globex', 'warehouse', '1.3.0')
    const policy = {
      category: 'policy',
      text: 'policy.yaml: ports: 18080 is not allowed; allow it with ports: [18080]',
    }
    await held.agent.say(under(held.deployment, 'pending', { error: policy }))
    const drifted = await this.target('globex', 'office', '1.3.0')
    await drifted.agent.say({ ...healthy(drifted.deployment, '1.3.0'), drift: 'web: container stopped by hand' })
    const silent = await this.target('initech', 'basement', '1.3.0')
    await silent.agent.say(healthy(silent.deployment, '1.3.0'))
    silent.agent.fallSilent()
    await this.change('targetRegister(customer: "initech", name: "branch") { changed }')
    return { ok, failed, moving, held, drifted, silent }
  }

  /** Registered and never heard from, in one request for each fifty. */
  async crowd(count, customer = 'globex') {
    for (let from = 0; from < count; from += 50) {
      const names = Array.from(
        { length: Math.min(50, count - from) },
        (_, index) => `edge-${String(from + index).padStart(4, '0')}`,
      )
      await this.change(
        names
          .map((name, index) => `t${index}: targetRegister(customer: "${customer}", name: "${name}") { changed }`)
          .join(' '),
      )
    }
  }

  async member(email, role, customer, name = 'Kim Auditor') {
    const of = customer ? `, customer: "${customer}"` : ''
    const invited = await this.change(`memberInvite(email: "${email}", role: ${role}${of}) { code }`)
    const query = `mutation ($code: String!, $password: String!, $name: String!) { invitationAccept(code: $code, password: $password, name: $name) { token } }`
    const password = 'a long enough password'
    await this.hub.ask(undefined, query, { code: invited.memberInvite.code, password, name })
    return { email, password }
  }

  end() {
    for (const agent of Object.values(this.agents)) agent.fallSilent()
  }
}
