// A hub as a process of its own, on a free port and with a Postgres of its own.
import { spawn, spawnSync } from 'node:child_process'
import { openSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './wait.mjs'

export const OWNER = 'owner@acme.example'
export const PASSWORD = 'correct horse battery'
export const BINARY =
  process.env.DISTR_HUB_BINARY ??
  join(process.env.CARGO_TARGET_DIR ?? new URL('../../../target', import.meta.url).pathname, 'debug/distr-hub')

function freePort() {
  return new Promise((done, failed) => {
    const server = createServer().once('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}

export class Hub {
  #child
  #environment

  /** In a folder of its own, or in one that is kept. */
  static async start(environment = {}, folder = undefined) {
    const hub = new Hub()
    hub.folder = folder ?? (await mkdtemp(join(tmpdir(), 'distr-portal-')))
    // the private Postgres runs as another user
    await chmod(hub.folder, 0o755)
    await writeFile(join(hub.folder, 'password'), PASSWORD)
    hub.port = await freePort()
    hub.url = `http://127.0.0.1:${hub.port}`
    hub.#environment = environment
    await hub.run()
    return hub
  }

  get pid() {
    return this.#child.pid
  }

  async run() {
    const log = openSync(join(this.folder, 'log'), 'a')
    this.#child = spawn(BINARY, ['serve'], {
      stdio: ['ignore', log, log],
      env: {
        ...process.env,
        DISTR_DATA_DIR: join(this.folder, 'hub'),
        DISTR_LISTEN: `127.0.0.1:${this.port}`,
        DISTR_BOOTSTRAP_ORGANIZATION: 'acme',
        DISTR_BOOTSTRAP_EMAIL: OWNER,
        DISTR_BOOTSTRAP_PASSWORD_FILE: join(this.folder, 'password'),
        DISTR_HEARTBEAT_SECONDS: '1',
        DISTR_STALE_SECONDS: '4',
        DISTR_OFFLINE_SECONDS: '600',
        DISTR_RATE_LIMIT: '100000',
        DISTR_DISK_RESERVE: '16MiB',
        ...this.#environment,
      },
    })
    let failure
    this.#child.once('error', error => {
      failure = error
    })
    await until('a ready hub', 90_000, async () => {
      if (failure) throw failure
      if (this.#child.exitCode !== null) throw new Error(`the hub ended: ${await this.log()}`)
      return (await fetch(`${this.url}/readyz`).catch(() => undefined))?.ok
    })
  }

  /** As when its machine loses power. */
  async kill() {
    const ended = new Promise(done => this.#child.once('exit', done))
    this.#child.kill('SIGKILL')
    await ended
  }

  /** Asks it to stop, and returns when it has. */
  async stop() {
    const child = this.#child
    if (!child || child.exitCode !== null) return
    const ended = new Promise(done => child.once('exit', done))
    child.kill('SIGTERM')
    await ended
  }

  async remove() {
    await this.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  /** One of its operator's, beside it. */
  command(...args) {
    const env = { ...process.env, DISTR_DATA_DIR: join(this.folder, 'hub') }
    const { status, stderr } = spawnSync(BINARY, args, { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`distr-hub ${args.join(' ')}: ${stderr}`)
  }

  log() {
    return readFile(join(this.folder, 'log'), 'utf8')
  }

  async ask(secret, query, variables = {}) {
    const headers = { 'content-type': 'application/json', ...(secret && { authorization: `Bearer ${secret}` }) }
    const answer = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors, message } = await answer.json()
    if (!data) throw new Error(`${query}: ${errors?.map(error => error.message).join('; ') ?? message}`)
    return data
  }

  async signIn(email = OWNER, password = PASSWORD) {
    const query = `mutation ($email: String!, $password: String!) {
      sessionCreate(organization: "acme", email: $email, password: $password) { token }
    }`
    return (await this.ask(undefined, query, { email, password })).sessionCreate.token
  }
}
