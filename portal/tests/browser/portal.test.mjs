// The portal in a browser, at a real hub: every room in light and dark, and what a person does in it.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { healthy, under } from '../support/agent.mjs'
import { axe, launch, lookAt, open, settled, signIn } from '../support/browser.mjs'
import { Hub, OWNER, PASSWORD } from '../support/hub.mjs'
import { World } from '../support/world.mjs'

const ROOMS = [
  ['/v/acme', 'Overview'],
  ['/v/acme/targets', 'Targets'],
  ['/v/acme/targets?state=%5B%22FAILED%22%5D', 'Targets'],
  ['/v/acme/targets?q=nothing-has-this-name', 'Targets'],
  ['/v/acme/targets/globex/factory', 'factory'],
  ['/v/acme/targets/globex/lab', 'lab'],
  ['/v/acme/targets/globex/nowhere', 'nowhere'],
  ['/v/acme/targets/initech/branch', 'branch'],
  ['/v/acme/apps', 'Applications'],
  ['/v/acme/apps/hello', 'Hello'],
  ['/v/acme/apps/hello/releases/1.3.0', '1.3.0'],
  ['/v/acme/customers', 'Customers'],
  ['/v/acme/customers/globex', 'Globex Corporation'],
  ['/v/acme/licenses', 'Licenses'],
  ['/v/acme/licenses/globex/hello-2026', 'hello-2026'],
  ['/v/acme/activity', 'Activity'],
]

let hub
let world
let fleet
let browser
let owner

const row = (page, name) => page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })

before(async () => {
  hub = await Hub.start()
  world = await World.make(hub)
  fleet = await world.fleet()
  browser = await launch()
  owner = await open(browser, hub)
})

after(async () => {
  await browser?.close()
  world?.end()
  await hub?.remove()
})

describe('signing in', () => {
  test('a wrong password is refused in one sentence, and a right one opens the overview', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/`)
    await page.getByLabel('Organization').fill('acme')
    await page.getByLabel('E-mail').fill('owner@acme.example')
    await page.getByLabel('Password', { exact: true }).fill('not the password')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').getByText('do not fit together').waitFor()
    assert.deepEqual(await axe(page), [])
    await signIn(page, hub)
    assert.equal(new URL(page.url()).pathname, '/v/acme')
  })

  test('a link to a room leads there by way of the sign-in', async () => {
    const { page, context, wrong } = await open(browser, hub)
    await page.goto(`${hub.url}/v/acme/targets?q=fact`)
    await page.getByLabel('E-mail').fill(OWNER)
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await row(page, 'factory').waitFor()
    assert.match(page.url(), /\/v\/acme\/targets\?q=fact$/)
    assert.deepEqual(wrong, [])
    await context.close()
  })

  test('no script reads the session', async () => {
    const { page, context } = owner
    assert.equal(await page.evaluate(() => document.cookie), '')
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))
    assert.doesNotMatch(kept, /dss_/)
    const [cookie] = await context.cookies()
    assert.equal(cookie.httpOnly, true)
    assert.equal(cookie.sameSite, 'Strict')
    assert.match(cookie.value, /^dss_/)
  })

  test('the cookie counts for the hub’s own pages alone', async () => {
    const [{ name, value }] = await owner.context.cookies()
    const own = {
      cookie: `${name}=${value}`,
      'content-type': 'application/json',
      'x-distr-portal': '1',
      origin: hub.url,
    }
    const ask = async (headers, body = '{"query":"{ viewer { role } }"}') => {
      const answer = await fetch(`${hub.url}/graphql`, { method: 'POST', headers, body })
      return [answer.status, await answer.json()]
    }
    const [status, { data }] = await ask(own)
    assert.deepEqual([status, data.viewer.role], [200, 'OWNER'])
    for (const [header, instead] of [
      ['origin', 'https://evil.example'],
      ['origin', `http://127.0.0.1:${hub.port + 1}`],
      ['origin', undefined],
      ['x-distr-portal', undefined],
      ['content-type', 'text/plain'],
    ]) {
      const { [header]: _, ...rest } = own
      const [status, { code }] = await ask(instead ? { ...rest, [header]: instead } : rest)
      assert.deepEqual([status, code], [403, 'session.origin'], `${header}: ${instead}`)
    }
    // a start of a session, too
    const { 'x-distr-portal': _, cookie: _cookie, ...rest } = own
    const start = 'mutation { sessionStart(organization: "acme", email: "e", password: "p") { expiresAt } }'
    const [, { errors }] = await ask(rest, JSON.stringify({ query: start }))
    assert.equal(errors[0].extensions.code, 'session.origin')
  })
})

for (const scheme of ['light', 'dark']) {
  describe(`every room, ${scheme}`, () => {
    for (const [path, heading] of ROOMS) {
      test(path, () => lookAt(owner, hub, scheme, path, heading))
    }
  })
}

describe('the fleet by state', () => {
  test('a filter holds the targets that are in the state, and the counts agree', async () => {
    const all = `{ targets(first: 500) { nodes { name state } } targetCounts { total ok progressing held failed stale offline unknown } }`
    const { targets, targetCounts } = await hub.ask(world.owner, all)
    assert.equal(targetCounts.total, targets.nodes.length)
    for (const state of ['OK', 'PROGRESSING', 'HELD', 'FAILED', 'STALE', 'UNKNOWN', 'OFFLINE']) {
      const expected = targets.nodes.filter(target => target.state === state).map(target => target.name)
      const filtered = await hub.ask(world.owner, `{ targets(filter: { states: [${state}] }) { nodes { name } } }`)
      const names = filtered.targets.nodes.map(target => target.name)
      assert.deepEqual([names, targetCounts[state.toLowerCase()]], [expected, expected.length], state)
      if (state !== 'OFFLINE') assert.notEqual(expected.length, 0, `no target is ${state}`)
    }
  })

  test('a search looks at targets and customers, an application at what is deployed', async () => {
    const named = async filter => {
      const { targets } = await hub.ask(world.owner, `{ targets(filter: ${filter}) { nodes { name } } }`)
      return targets.nodes.map(target => target.name)
    }
    assert.deepEqual(await named('{ search: "FACT" }'), ['factory'])
    assert.deepEqual(await named('{ search: "initech" }'), ['basement', 'branch'])
    assert.deepEqual(await named('{ search: "initech", application: "hello" }'), ['basement'])
    assert.deepEqual(await named('{ search: "%" }'), [])
    assert.deepEqual(await named('{ application: "nothing" }'), [])
  })
})

describe('what is live', () => {
  test('a change is seen where the row stands, without a load', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/targets`)
    await row(page, 'factory').getByText('ok', { exact: true }).waitFor()
    await page.locator('.line.is-live').waitFor()
    await page.evaluate(() => {
      window.isTheSame = true
    })
    const error = { category: 'network', text: 'the registry did not answer' }
    await fleet.ok.agent.say({ ...healthy(fleet.ok.deployment, '1.3.0'), health: 'fail', error })
    await row(page, 'factory').getByText('failed', { exact: true }).waitFor()
    await fleet.ok.agent.say(healthy(fleet.ok.deployment, '1.3.0'))
    await row(page, 'factory').getByText('ok', { exact: true }).waitFor()
    assert.equal(await page.evaluate(() => window.isTheSame), true)
  })

  test('a target that falls silent becomes stale by the hub’s clock, and comes back', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/targets/globex/office`)
    const state = page.locator('.page-title .state')
    await state.getByText('ok', { exact: true }).waitFor()
    await page.locator('.line.is-live').waitFor()
    fleet.drifted.agent.fallSilent()
    await state.getByText('stale', { exact: true }).waitFor()
    await fleet.drifted.agent.say(healthy(fleet.drifted.deployment, '1.3.0'))
    await state.getByText('ok', { exact: true }).waitFor()
  })
})

describe('what a person does', () => {
  test('the filter is the address, and goes back as the browser does', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/targets`)
    await row(page, 'factory').waitFor()
    await page.getByRole('group', { name: 'States' }).getByRole('button', { name: 'held' }).click()
    await row(page, 'factory').waitFor({ state: 'detached' })
    await row(page, 'warehouse').waitFor()
    assert.match(page.url(), /HELD/)
    await page.reload()
    await row(page, 'warehouse').waitFor()
    assert.equal(await page.getByRole('table').getByRole('row').count(), 2)
    await page.goBack()
    await row(page, 'factory').waitFor()
    await page.getByRole('searchbox').fill('init')
    await row(page, 'factory').waitFor({ state: 'detached' })
    await row(page, 'branch').waitFor()
  })

  test('a label finds the targets that have it, whichever side gave it', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/targets/globex/factory`)
    await page.getByRole('button', { name: 'Label…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Labels').fill('ring=1\nspare')
    await dialog.getByRole('button', { name: 'Save' }).click()
    const labels = page.getByRole('list', { name: 'Labels of Acme' })
    await labels.getByRole('link', { name: 'ring=1' }).click()
    await page.getByRole('heading', { name: 'Targets', level: 1 }).waitFor()
    await row(page, 'factory').waitFor()
    assert.equal(await page.locator('tbody tr').count(), 1)
    assert.deepEqual(await axe(page), [])
    await page.getByRole('button', { name: 'Without the label ring=1' }).click()
    await row(page, 'lab').waitFor()
    await page.getByLabel('With a label').fill('spare')
    await page.getByLabel('With a label').press('Enter')
    await row(page, 'lab').waitFor({ state: 'detached' })
    await row(page, 'factory').waitFor()
    await page.getByLabel('With a label').fill('spare=no')
    await page.getByLabel('With a label').press('Enter')
    await page.getByRole('button', { name: 'Without the label spare=no' }).waitFor()
    await row(page, 'factory').waitFor({ state: 'detached' })
    assert.deepEqual(wrong.splice(0), [])
  })

  test('the list is saved as it is filtered', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/targets?state=%5B%22HELD%22%5D`)
    await row(page, 'warehouse').waitFor()
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'CSV' }).click()
    const file = await saved
    assert.match(file.suggestedFilename(), /^targets-acme-\d{4}-\d\d-\d\dT\d{4}Z\.csv$/)
    const lines = (await readFile(await file.path(), 'utf8')).split('\r\n')
    assert.match(lines[0], /^target,customer,state,application,running,/)
    assert.match(lines[1], /^warehouse,globex,held,hello,,1\.3\.0,held,/)
    assert.equal(lines.length, 3)
    assert.deepEqual(wrong.splice(0), [])
  })

  test('a deployment is asked for with what is before and what is after', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/targets/globex/factory`)
    await page.getByRole('button', { name: 'Deploy…' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Release', { exact: true }).selectOption('channel:beta')
    assert.match(await dialog.getByLabel('What runs').innerText(), /1\.3\.0[\s\S]*1\.4\.0/)
    await dialog.getByText('Same in the CLI').click()
    const line = 'distr deploy --customer globex --target factory --app hello --channel beta'
    assert.equal(await dialog.locator('.command code').innerText(), line)
    assert.deepEqual(await axe(page), [])
    await dialog.getByRole('button', { name: 'Deploy', exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
    const wish = await hub.ask(
      world.owner,
      '{ deployment(customer: "globex", target: "factory", application: "hello") { id generation desiredVersion } }',
    )
    assert.equal(wish.deployment.desiredVersion, '1.4.0')
    await fleet.ok.agent.say(under(wish.deployment, 'pulling', { running: { generation: 1, version: '1.3.0' } }))
    await page.locator('[aria-current=step]').getByText('pulling').waitFor()
    await fleet.ok.agent.say(healthy(wish.deployment, '1.4.0'))
    await page.getByText('healthy', { exact: true }).waitFor()
    assert.deepEqual(wrong.splice(0), [])
  })

  test('a refusal stays in the dialog, with its code', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/targets/initech/branch`)
    await page.getByRole('button', { name: 'Deploy…' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Deploy', exact: true }).click()
    await dialog.getByRole('alert').locator('code').waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })

  test('the palette goes to a target by its name', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme`)
    await settled(page)
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('wareh')
    await page.getByRole('option', { name: /warehouse/ }).waitFor()
    assert.deepEqual(await axe(page), [])
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'warehouse', level: 1 }).waitFor()
  })

  test('a channel is promoted', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/apps/hello`)
    await page.getByRole('listitem').filter({ hasText: 'alpha' }).getByRole('button', { name: 'Promote…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Release', { exact: true }).selectOption('1.3.0')
    await dialog.getByRole('button', { name: 'Promote' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('listitem').filter({ hasText: 'alpha' }).getByText('1.3.0').waitFor()
  })
})

describe('others', () => {
  test('an auditor reads, and is told what the rest needs', async () => {
    const auditor = await world.member('auditor@acme.example', 'AUDITOR')
    const { page, context, wrong } = await open(browser, hub)
    await signIn(page, hub, auditor)
    await page.goto(`${hub.url}/v/acme/targets`)
    await page.getByText('needs the right to manage targets').waitFor()
    await settled(page)
    assert.deepEqual(await axe(page), [])
    await page.goto(`${hub.url}/v/acme/activity`)
    await page.getByRole('list', { name: 'Events' }).waitFor()
    assert.deepEqual(wrong, [])
    await context.close()
  })
})

describe('the line', () => {
  test('a hub that is away is said so, and no target is called silent for it', async () => {
    const { page } = owner
    page.expected.push('ERR_CONNECTION_REFUSED', 'WebSocket connection')
    await page.goto(`${hub.url}/v/acme/targets`)
    await row(page, 'factory').getByText('ok', { exact: true }).waitFor()
    await page.locator('.line.is-live').waitFor()
    await hub.kill()
    await page.getByText('No news from the hub since').waitFor({ timeout: 20_000 })
    assert.equal(await row(page, 'factory').getByText('ok', { exact: true }).count(), 1)
    await hub.run()
    await page.locator('.line.is-live').waitFor({ timeout: 45_000 })
    await page.getByText('No news from the hub since').waitFor({ state: 'detached' })
  })

  test('signing out ends the session in every tab', async () => {
    const { page, context } = owner
    await page.goto(`${hub.url}/v/acme`)
    const other = await context.newPage()
    await other.goto(`${hub.url}/v/acme/targets`)
    await row(other, 'factory').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor()
    await other.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor()
    assert.deepEqual(await context.cookies(), [])
  })
})
