// An agent as the hub knows one: it enrols, and reports what it is told to say.
import { randomUUID } from 'node:crypto'

const EVERY = 1_000

export class Agent {
  #hub
  #secret
  #boot = randomUUID()
  #sequence = 0
  #says = []
  #timer

  static async enrol(hub, token) {
    const agent = new Agent()
    agent.#hub = hub
    agent.#secret = (await agent.#post('/agent/v1/enrol', token, { agent_version: '0.2.0' })).secret
    return agent
  }

  /** One that enrolled before, with the secret that it was given then. */
  static of(hub, secret) {
    const agent = new Agent()
    agent.#hub = hub
    agent.#secret = secret
    return agent
  }

  get secret() {
    return this.#secret
  }

  /** Once, and nothing until it is asked again. */
  sayOnce(...deployments) {
    this.#says = deployments
    return this.report()
  }

  /** From now on, until it says something else. */
  async say(...deployments) {
    this.#says = deployments
    await this.report()
    this.#timer ??= setInterval(() => void this.report().catch(() => undefined), EVERY)
    this.#timer.unref()
  }

  fallSilent() {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  report() {
    this.#sequence += 1
    const at = new Date().toISOString()
    const report = {
      id: randomUUID(),
      boot: this.#boot,
      sequence: this.#sequence,
      at,
      agent_version: '0.2.0',
      deployments: this.#says,
    }
    return this.#post('/agent/v1/heartbeats', this.#secret, { reports: [report], sent_at: at })
  }

  async #post(path, secret, body) {
    const answer = await fetch(`${this.#hub.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
}

/** What an agent says of a deployment that is where it should be. */
export function healthy({ id, generation }, version) {
  return { deployment: id, generation, step: 'applied', running: { generation, version }, health: 'ok' }
}

export function under({ id, generation }, step, more = {}) {
  return { deployment: id, generation, step, health: 'unknown', ...more }
}
