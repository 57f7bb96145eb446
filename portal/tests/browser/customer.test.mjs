// The customer's side: what needs it, installing, updating, and that nothing of others is there.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Agent, healthy, under } from '../support/agent.mjs'
import { axe, launch, lookAt, open, signIn } from '../support/browser.mjs'
import { Hub } from '../support/hub.mjs'
import { push } from '../support/registry.mjs'
import { World } from '../support/world.mjs'

const ROOMS = [
  ['/p/acme', 'Globex Corporation'],
  ['/p/acme/targets', 'Targets'],
  ['/p/acme/targets/factory', 'factory'],
  ['/p/acme/targets/lab', 'lab'],
  ['/p/acme/targets/nowhere', 'nowhere'],
  ['/p/acme/install', 'Install on a machine'],
  ['/p/acme/install/factory', 'Install on factory'],
  ['/p/acme/update/factory/hello', 'Update Hello'],
  ['/p/acme/license', 'Licenses'],
  ['/p/acme/license/hello-2026', 'hello-2026'],
  ['/p/acme/downloads', 'Downloads'],
  ['/p/acme/apps/hello/releases/1.3.0', '1.3.0'],
  ['/p/acme/activity', 'Activity'],
  ['/p/acme/members', 'Members'],
  ['/p/acme/tokens', 'Tokens'],
  ['/p/acme/me', 'Kim'],
]
/** Of the vendor and of other customers; nothing of it may come to this one. */
const PLANTED = /initech|basement|hidden-product|hidden-repository|owner@acme|Zaphod|staff@acme/i

let hub
let world
let fleet
let browser
let admin
let kim

before(async () => {
  hub = await Hub.start()
  world = await World.make(hub)
  await world.change('applicationCreate(name: "hidden-product", displayName: "Hidden-product") { changed }')
  await push(hub, world.registryToken, 'hidden-repository', '1')
  await world.member('staff@acme.example', 'SUPPORT', undefined, 'Zaphod')
  fleet = await world.fleet()
  kim = await world.member('kim@globex.example', 'CUSTOMER_ADMIN', 'globex', 'Kim')
  browser = await launch()
  admin = await open(browser, hub)
  await signIn(admin.page, hub, kim)
})

after(async () => {
  await browser?.close()
  world?.end()
  await hub?.remove()
})

const row = (page, name) => page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })

for (const scheme of ['light', 'dark']) {
  describe(`every room, ${scheme}`, () => {
    for (const [path, heading] of ROOMS) {
      test(path, () => lookAt(admin, hub, scheme, path, heading))
    }
  })
}

describe('two sides', () => {
  test('an address of the other side leads home', async () => {
    const { page } = admin
    await page.goto(`${hub.url}/v/acme/customers/globex`)
    await page.getByRole('heading', { name: 'Globex Corporation', level: 1 }).waitFor()
    assert.equal(new URL(page.url()).pathname, '/p/acme')
    const owner = await open(browser, hub)
    await signIn(owner.page, hub)
    await owner.page.goto(`${hub.url}/p/acme/downloads`)
    await owner.page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
    assert.equal(new URL(owner.page.url()).pathname, '/v/acme')
    await owner.context.close()
  })

  test('a link leads to its page by way of the sign-in, on its own side', async () => {
    const { page, context, wrong } = await open(browser, hub)
    await page.goto(`${hub.url}/p/acme/downloads`)
    await page.getByLabel('E-mail').fill(kim.email)
    await page.getByLabel('Password', { exact: true }).fill(kim.password)
    assert.deepEqual(await axe(page), [])
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Downloads', level: 1 }).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor()
    assert.equal(new URL(page.url()).pathname, '/p/acme/sign-in')
    assert.deepEqual(wrong, [])
    await context.close()
  })

  test('each side labels a target for itself, and sees what the other wrote', async () => {
    await world.change(
      'targetSetLabels(customer: "globex", name: "office", labels: [{key: "tier", value: "gold"}]) { changed }',
    )
    const { page } = admin
    await page.goto(`${hub.url}/p/acme/targets/office`)
    await page.getByRole('list', { name: 'Labels of Acme' }).getByText('tier').waitFor()
    await page.getByRole('button', { name: 'Label…' }).click()
    const dialog = page.getByRole('dialog')
    assert.equal(await dialog.getByLabel('Labels').inputValue(), '')
    await dialog.getByLabel('Labels').fill('hall=7')
    await dialog.getByRole('button', { name: 'Save' }).click()
    const own = page.getByRole('list', { name: 'Labels of Globex Corporation' })
    await own.getByRole('link', { name: 'hall=7' }).click()
    await page.getByRole('heading', { name: 'Targets', level: 1 }).waitFor()
    await row(page, 'office').waitFor()
    assert.equal(await page.locator('tbody tr').count(), 1)
    const seen = '{ target(customer: "globex", name: "office") { labels { value } customerLabels { key } } }'
    const { target } = await hub.ask(world.owner, seen)
    assert.deepEqual(target, { labels: [{ value: 'gold' }], customerLabels: [{ key: 'hall' }] })
  })

  test('nothing of the vendor or of other customers comes to a customer', async () => {
    const { page, context } = await open(browser, hub)
    const texts = []
    page.on('response', async response => {
      if (/graphql|assets|\/p\//.test(response.url())) texts.push(await response.text().catch(() => ''))
    })
    page.on('websocket', socket => socket.on('framereceived', ({ payload }) => texts.push(String(payload))))
    await signIn(page, hub, kim)
    for (const [path, heading] of ROOMS) {
      await page.goto(`${hub.url}${path}`)
      await page.getByRole('heading', { name: heading, level: 1, exact: true }).waitFor()
      await page.waitForLoadState('networkidle')
      texts.push(await page.content())
    }
    assert.equal(texts.length > 40, true)
    for (const text of texts) assert.doesNotMatch(text, PLANTED)
    await context.close()
  })

  test('what a customer loads asks nothing that is the vendor’s', async () => {
    const html = await (await fetch(`${hub.url}/p/acme`, { headers: { accept: 'text/html' } })).text()
    const names = Array.from(html.matchAll(/assets\/[\w.-]+\.js/g), ([name]) => name)
    assert.equal(names.length > 0, true)
    let code = ''
    for (const name of new Set(names)) code += await (await fetch(`${hub.url}/${name}`)).text()
    assert.match(code, /CustomerHome/)
    for (const word of ['/v/$organization', 'OverviewLicenses', 'RepositoryPage', 'eventAppended', 'releasePublish']) {
      assert.equal(code.includes(word), false, word)
    }
  })
})

describe('what a customer does', () => {
  test('home says what needs doing, and an update is followed until it is healthy', async () => {
    const { page, wrong } = admin
    await page.goto(`${hub.url}/p/acme`)
    const needs = page.getByRole('region', { name: 'Needs you' })
    await needs.getByRole('link', { name: 'lab' }).waitFor()
    await needs.getByText('connection to db:5432 refused').waitFor()
    await needs.getByRole('link', { name: 'Hello 1.4.0' }).waitFor()
    await row(page, 'factory').getByRole('link', { name: 'Update…' }).click()
    await page.getByRole('heading', { name: 'Update Hello', level: 1 }).waitFor()
    await page.getByRole('radio', { name: '1.4.0' }).waitFor()
    assert.equal(await page.getByRole('radio', { name: '1.4.0' }).isChecked(), true)
    assert.equal(await page.getByRole('radio', { name: '1.1.0' }).isDisabled(), true)
    await page.getByRole('button', { name: 'Update', exact: true }).click()
    await page.getByRole('region', { name: '1.4.0 is on its way' }).waitFor()
    const query = '{ deployment(customer: "globex", target: "factory", application: "hello") { id generation } }'
    const { deployment } = await hub.ask(world.owner, query)
    const tick = name =>
      page.getByRole('list', { name: 'The way of the release' }).getByRole('listitem').filter({ hasText: name })
    await fleet.ok.agent.say(under(deployment, 'proving', { running: { generation: 1, version: '1.3.0' } }))
    await tick('Pulled').getByText('done').waitFor()
    await tick('Proven').getByText('to do now').waitFor()
    assert.deepEqual(await axe(page), [])
    await fleet.ok.agent.say(healthy(deployment, '1.4.0'))
    await tick('Healthy').getByText('done').waitFor()
    assert.deepEqual(wrong.splice(0), [])
  })

  test('a machine is installed by one command, and each step ticks by what its agent does', async () => {
    const { page, wrong } = admin
    await page.goto(`${hub.url}/p/acme/install`)
    await page.getByLabel('Name').fill('kiosk')
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByRole('heading', { name: 'Install on kiosk', level: 1 }).waitFor()
    await page.getByRole('button', { name: 'Show the install command' }).click()
    const command = await page.locator('.secret code').innerText()
    const [token] = /dse_[\w-]+/.exec(command) ?? []
    assert.equal(Boolean(token), true, command)
    assert.deepEqual(await axe(page), [])
    const tick = name =>
      page.getByRole('list', { name: 'The way to a healthy release' }).getByRole('listitem').filter({ hasText: name })
    const agent = await Agent.enrol(hub, token)
    world.agents.kiosk = agent
    await agent.say()
    await tick('Agent installed').getByText('done').waitFor()
    await tick('Heard from').getByText('done').waitFor()
    assert.doesNotMatch(await page.content(), /dse_/)
    await page.getByRole('button', { name: 'Choose a release…' }).click()
    await page.getByRole('dialog').getByLabel('Release', { exact: true }).selectOption('channel:stable')
    await page.getByRole('dialog').getByText('Configuration').click()
    const variables = page.getByRole('dialog').getByLabel('Variables of the compose file')
    await variables.fill('GREETING=moin\nnonsense')
    await page.getByRole('dialog').getByText('Line 2 is no KEY=VALUE').waitFor()
    await variables.fill('GREETING=moin')
    assert.deepEqual(await axe(page), [])
    await page.getByRole('dialog').getByRole('button', { name: 'Deploy', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await tick('1.3.0 asked for').getByText('done').waitFor()
    const query =
      '{ deployment(customer: "globex", target: "kiosk", application: "hello") { id generation config { key value } } }'
    const { deployment } = await hub.ask(world.owner, query)
    assert.deepEqual(deployment.config, [{ key: 'GREETING', value: 'moin' }])
    await agent.say(healthy(deployment, '1.3.0'))
    await page.getByText('runs on kiosk, and is healthy').waitFor()
    assert.deepEqual(wrong.splice(0), [])
  })

  test('what may be pulled has its command, by tag and by digest', async () => {
    const { page } = admin
    await page.goto(`${hub.url}/p/acme/downloads`)
    const images = page.getByRole('table', { name: 'Images of 1.4.0' })
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await images.getByRole('button', { name: 'docker pull of web by tag' }).click()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    assert.equal(copied, `docker pull 127.0.0.1:${hub.port}/acme/hello:1.4.0`)
    await page.getByText('not yours').first().waitFor()
  })

  test('the newest of what happened stands first', async () => {
    const { page } = admin
    await page.goto(`${hub.url}/p/acme/activity`)
    const audit = page.getByRole('table', { name: 'Audit' })
    await audit.getByRole('row').nth(1).waitFor()
    const times = await audit.locator('time').evaluateAll(all => all.map(time => Date.parse(time.dateTime)))
    assert.deepEqual(
      times,
      [...times].sort((one, other) => other - one),
    )
    assert.match(await audit.innerText(), /Acme/)
  })

  test('a viewer looks, and is told what the rest needs', async () => {
    const viewer = await world.member('vera@globex.example', 'CUSTOMER_VIEWER', 'globex', 'Vera')
    const { page, context, wrong } = await open(browser, hub)
    await signIn(page, hub, viewer)
    await row(page, 'factory').waitFor()
    assert.equal(await page.getByRole('link', { name: /Update…/ }).count(), 0)
    await page.getByText('needs the role admin').waitFor()
    assert.equal(await page.getByRole('link', { name: 'Members' }).count(), 0)
    assert.deepEqual(await axe(page), [])
    await page.goto(`${hub.url}/p/acme/install`)
    await page.getByText('Your role does not show this').waitFor()
    await page.goto(`${hub.url}/p/acme/tokens`)
    await page.getByRole('heading', { name: 'Tokens', level: 1 }).waitFor()
    assert.deepEqual(wrong, [])
    await context.close()
  })
})
