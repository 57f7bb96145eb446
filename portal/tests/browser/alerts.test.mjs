// Alerts in a browser: what needs somebody, with its reason, counted in the navigation, put off and taken up again.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { axe, launch, lookAt, open, settled, signIn } from '../support/browser.mjs'
import { Hub } from '../support/hub.mjs'
import { World } from '../support/world.mjs'

const DAY = 86_400_000

let hub
let world
let browser
let owner

const row = (page, word) => page.getByRole('row').filter({ hasText: word })
const room = page => page.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name: /^Alerts/ })

before(async () => {
  hub = await Hub.start()
  browser = await launch()
  owner = await open(browser, hub)
  await signIn(owner.page, hub)
})

after(async () => {
  await browser?.close()
  world?.end()
  await hub?.remove()
})

test('when nothing needs anybody it says what was looked at, and counts nothing', async () => {
  for (const scheme of ['light', 'dark']) await lookAt(owner, hub, scheme, '/v/acme/alerts', 'Alerts')
  await owner.page.getByText('Nothing needs anybody').waitFor()
  assert.equal(await room(owner.page).textContent(), 'Alerts')
  world = await World.make(hub)
  await world.fleet()
  const end = new Date(Date.now() + 5 * DAY).toISOString()
  await world.change(`tokenIssue(label: "laptop", scopes: [READ], expiresAt: "${end}") { changed }`)
})

test('each alert says where and why, and the navigation how many there are', async () => {
  const { page, wrong } = owner
  await page.goto(`${hub.url}/v/acme/alerts`)
  await settled(page)
  await row(page, 'deployment failed').getByText('connection to db:5432 refused').waitFor()
  await row(page, 'deployment failed').getByRole('link', { name: 'lab' }).waitFor()
  await row(page, 'deployment held').getByText('18080 is not allowed').waitFor()
  await row(page, 'license ends').getByRole('link', { name: 'hello-2026' }).waitFor()
  await row(page, 'license used up').getByText('1 of 1 seats are taken').waitFor()
  await row(page, 'token ends').getByText('laptop').waitFor()
  const { alerts } = await hub.ask(world.owner, '{ alerts { nodes { id } } }')
  const shown = await page.getByRole('table', { name: 'Alerts' }).getByRole('row').count()
  assert.equal(shown - 1, alerts.nodes.length)
  assert.equal(await room(page).textContent(), `Alerts${alerts.nodes.length} need somebody`)
  assert.deepEqual(wrong, [])
})

for (const scheme of ['light', 'dark']) {
  test(`with alerts, ${scheme}`, async () => {
    await lookAt(owner, hub, scheme, '/v/acme/alerts', 'Alerts')
    await row(owner.page, 'deployment failed')
      .getByRole('button', { name: /^Put off: / })
      .click()
    await owner.page.getByRole('dialog').waitFor()
    assert.deepEqual(await axe(owner.page), [])
    await owner.page.keyboard.press('Escape')
  })
}

test('an alert is put off with a reason, told to colleagues, and taken up again', async () => {
  const { page, wrong } = owner
  await page.goto(`${hub.url}/v/acme/alerts`)
  await settled(page)
  const before = Number.parseInt((await room(page).textContent()).slice(6), 10)
  await row(page, 'deployment held')
    .getByRole('button', { name: /^Put off: / })
    .click()
  const dialog = page.getByRole('dialog')
  assert.equal(await dialog.getByRole('button', { name: 'Put it off' }).isDisabled(), true)
  await dialog.getByLabel('Reason').fill('they look at it on Monday')
  await dialog.getByRole('button', { name: 'Put it off' }).click()
  await row(page, 'deployment held').waitFor({ state: 'detached' })
  await room(page)
    .getByText(`${before - 1}`, { exact: false })
    .waitFor()
  await page.getByRole('button', { name: 'Put off', exact: true }).click()
  await row(page, 'deployment held').getByText('they look at it on Monday').waitFor()
  for (const scheme of ['light', 'dark']) await lookAt(owner, hub, scheme, '/v/acme/alerts?is=put-off', 'Alerts')
  await page.goto(`${hub.url}/v/acme/activity`)
  await page.getByText('put an alert off').waitFor()
  await page.goto(`${hub.url}/v/acme/alerts?is=put-off`)
  await page.getByRole('button', { name: /^Take up: / }).click()
  await page.getByText('Nothing is put off.').waitFor()
  await page.getByRole('button', { name: 'Need somebody' }).click()
  await row(page, 'deployment held').waitFor()
  assert.deepEqual(wrong, [])
})

test('an auditor sees alerts and puts none off; small screens have room for all', async () => {
  const { page, context, wrong } = await open(browser, hub, { viewport: { width: 380, height: 800 } })
  await signIn(page, hub, await world.member('audit@acme.example', 'AUDITOR'))
  await page.goto(`${hub.url}/v/acme/alerts`)
  await settled(page)
  await page.getByText('Owners and support can put alerts off.').waitFor()
  assert.equal(await page.getByRole('button', { name: /^Put off: / }).count(), 0)
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  assert.ok(wide <= 0, `${wide} pixels too wide`)
  assert.deepEqual(await axe(page), [])
  assert.deepEqual(wrong, [])
  await context.close()
})
