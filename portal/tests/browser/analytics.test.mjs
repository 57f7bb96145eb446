// Figures in a browser: with data and without, in both themes, by keys, and as the API tells them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { axe, launch, lookAt, open, settled, signIn } from '../support/browser.mjs'
import { Hub } from '../support/hub.mjs'
import { World } from '../support/world.mjs'

let hub
let world
let browser
let owner

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

test('before the first application it says what will be here', async () => {
  for (const scheme of ['light', 'dark']) await lookAt(owner, hub, scheme, '/v/acme/analytics', 'Analytics')
  await owner.page.getByRole('heading', { name: 'No applications yet' }).waitFor()
  await owner.page.getByText('No license was used in these days.').waitFor()
  world = await World.make(hub)
})

test('an application that runs nowhere has no figures, and no zero stands for what is unknown', async () => {
  for (const scheme of ['light', 'dark']) await lookAt(owner, hub, scheme, '/v/acme/analytics', 'Analytics')
  await owner.page.getByText('The application is on no target.').waitFor()
  await owner.page.getByText('Nothing failed in these days, and nothing stands failed now.').waitFor()
})

test('a fleet is made', () => world.fleet())

const panel = name => owner.page.getByRole('region', { name, exact: true })

test('figures are those of the API, each with its denominator', async () => {
  const { page } = owner
  await page.goto(`${hub.url}/v/acme/analytics`)
  await settled(page)
  const query = `{ analytics(application: "hello") {
    running { deployments unknown silent versions { version deployments silent } }
    velocity { version eligible reached } errors { category open deployments }
  } }`
  const { running, errors } = (await hub.ask(world.owner, query)).analytics
  const rows = await panel('Versions that run now').getByRole('row').allTextContents()
  const shown = running.versions.reduce((sum, { deployments }) => sum + deployments, 0) + running.unknown
  assert.equal(shown, running.deployments)
  assert.ok(running.unknown > 0, 'some deployment has not been reported yet')
  assert.ok(
    rows.some(row => row.startsWith('unknown')),
    `${rows}`,
  )
  assert.ok(rows[0].includes(`Of ${running.deployments}`), rows[0])
  await panel('Errors').getByText('web: unhealthy for # s: connection to db:# refused').waitFor()
  await panel('Errors').getByText('policy', { exact: true }).waitFor()
  assert.equal(errors.find(({ category }) => category === 'UNHEALTHY').open, 1)
  await panel('How fast releases are taken up')
    .getByRole('row', { name: /^1\.4\.0/ })
    .waitFor()
  await panel('Licenses that end or are used up').getByRole('link', { name: 'hello-2026' }).waitFor()
})

for (const scheme of ['light', 'dark']) {
  test(`with data, ${scheme}`, async () => {
    await lookAt(owner, hub, scheme, '/v/acme/analytics', 'Analytics')
    await lookAt(owner, hub, scheme, '/v/acme/analytics?app=hello&days=7', 'Analytics')
    for (const summary of await owner.page.getByText('As a table', { exact: true }).all()) await summary.click()
    assert.deepEqual(await axe(owner.page), [])
  })
}

test('days are walked by keys, and what a figure counts is told on focus', async () => {
  const { page, wrong } = owner
  await page.goto(`${hub.url}/v/acme/analytics`)
  await settled(page)
  const chart = page.getByRole('slider', { name: 'Deployments by version and day' })
  await chart.focus()
  const today = await chart.getAttribute('aria-valuetext')
  assert.match(today, /1\.3\.0 \d/)
  await page.keyboard.press('ArrowLeft')
  assert.notEqual(await chart.getAttribute('aria-valuetext'), today)
  await page.keyboard.press('End')
  assert.equal(await chart.getAttribute('aria-valuetext'), today)
  const definition = page.getByRole('button', { name: 'What is counted: adoption' })
  assert.equal(await page.getByRole('tooltip', { name: /A failed update counts/ }).isVisible(), false)
  await definition.focus()
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Tab')
  await page.getByText('A failed update counts for what really ran.').waitFor()
  assert.deepEqual(wrong, [])
})

test('the choice is in the address', async () => {
  const { page } = owner
  await page.goto(`${hub.url}/v/acme/analytics`)
  await page.getByRole('button', { name: '90 days' }).click()
  await page.waitForURL(/days=90/)
  await page.reload()
  await page.getByRole('button', { name: '90 days', pressed: true }).waitFor()
  await page.goto(`${hub.url}/v/acme/analytics?app=nothing`)
  await page.getByRole('alert').getByText('not_found').waitFor()
})

test('on a small screen nothing needs more room than there is', async () => {
  const { page, context } = await open(browser, hub, { viewport: { width: 380, height: 800 } })
  await signIn(page, hub)
  await page.goto(`${hub.url}/v/acme/analytics`)
  await settled(page)
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  assert.ok(wide <= 0, `${wide} pixels too wide`)
  assert.deepEqual(await axe(page), [])
  await context.close()
})
