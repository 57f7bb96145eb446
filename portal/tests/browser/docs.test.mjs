// The documentation in a browser: open to everybody, found by words, reached from every page; a customer's has the vendor's name.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { axe, launch, lookAt, open, settled, signIn } from '../support/browser.mjs'
import { Hub } from '../support/hub.mjs'
import { World } from '../support/world.mjs'

const VENDORS = [
  ['/docs', 'Documentation'],
  ['/docs/start-vendor', 'Getting started, for vendors'],
  ['/docs/agent', 'distr-agent'],
  ['/docs/operations', 'Running Distr'],
  ['/docs/analytics', 'Analytics'],
  ['/docs/nothing', 'There is no such page'],
  ['/docs/concepts?q=seat', 'Found'],
  ['/docs?q=nothing-has-this-word', 'Found'],
]
const CUSTOMERS = [
  ['/p/acme/docs', 'Documentation'],
  ['/p/acme/docs/start-customer', 'Getting started, for customers'],
  ['/p/acme/docs/troubleshooting', 'Troubleshooting'],
  ['/p/acme/docs/start-vendor', 'There is no such page'],
]

let hub
let world
let browser
let stranger

before(async () => {
  hub = await Hub.start()
  world = await World.make(hub)
  await world.change('brandingSet(accent: "#0b7a75") { changed }')
  browser = await launch()
  stranger = await open(browser, hub)
})

after(async () => {
  await browser?.close()
  world?.end()
  await hub?.remove()
})

for (const scheme of ['light', 'dark']) {
  describe(`every kind of page, ${scheme}, without a sign-in`, () => {
    for (const [path, heading] of [...VENDORS, ...CUSTOMERS]) {
      test(path, () => lookAt(stranger, hub, scheme, path, heading))
    }
  })
}

test('words find a section, which is then in view', async () => {
  const { page, wrong } = stranger
  await page.goto(`${hub.url}/docs`)
  await page.getByRole('searchbox', { name: 'Search the documentation' }).fill('disk full')
  await page.getByRole('link', { name: 'The disk is full', exact: true }).click()
  const heading = page.getByRole('heading', { name: 'The disk is full', level: 2 })
  await heading.waitFor()
  await page.waitForFunction(() => {
    const top = document.getElementById('the-disk-is-full')?.getBoundingClientRect().top
    return top !== undefined && top >= 0 && top < innerHeight
  })
  assert.match(page.url(), /\/docs\/operations#the-disk-is-full$/)
  assert.deepEqual(wrong, [])
})

test('a link from elsewhere leads to its section', async () => {
  const { page } = stranger
  await page.goto(`${hub.url}/docs/troubleshooting#a-license-does-not-work`)
  await page.waitForFunction(() => {
    const top = document.getElementById('a-license-does-not-work')?.getBoundingClientRect().top
    return top !== undefined && top >= 0 && top < innerHeight
  })
})

test('every page of a vendor leads to what explains it, and back', async () => {
  const { page, context, wrong } = await open(browser, hub)
  await signIn(page, hub)
  for (const [room, heading] of [
    ['/v/acme/licenses', 'Concepts'],
    ['/v/acme/apps/hello/publish', 'Releases'],
    ['/v/acme/members', 'People, tokens, and what they may do'],
  ]) {
    await page.goto(`${hub.url}${room}`)
    await settled(page)
    await page.getByRole('link', { name: /^Help: / }).click()
    await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
    await page.goBack()
    await page.locator('.shell').waitFor()
  }
  await page.getByRole('link', { name: 'Documentation', exact: true }).click()
  await page.getByRole('heading', { name: 'Documentation', level: 1 }).waitFor()
  await page.getByRole('link', { name: 'Distr', exact: true }).click()
  await page.locator('.shell').waitFor()
  assert.deepEqual(wrong, [])
  await context.close()
})

test('a customer reads its own chapters, under the vendor’s name', async () => {
  const { page, context, wrong } = await open(browser, hub)
  await signIn(page, hub, await world.member('kim@globex.example', 'CUSTOMER_VIEWER', 'globex', 'Kim'))
  await page.getByRole('link', { name: 'Documentation', exact: true }).click()
  await page.getByRole('heading', { name: 'Documentation', level: 1 }).waitFor()
  assert.equal(new URL(page.url()).pathname, '/p/acme/docs')
  await page.getByRole('banner').getByText('Acme', { exact: true }).waitFor()
  assert.equal(await page.title(), 'Documentation · Acme')
  const names = await page.getByRole('navigation').first().getByRole('link').allTextContents()
  assert.ok(names.includes('For customers') && !names.includes('For vendors'), `${names}`)
  await page.getByRole('link', { name: 'Troubleshooting', exact: true }).first().click()
  await page.getByRole('heading', { name: 'Troubleshooting', level: 1 }).waitFor()
  assert.deepEqual(await axe(page), [])
  assert.deepEqual(wrong, [])
  await context.close()
})

test('at a host of the vendor’s own, the customers’ documentation is at the root', async () => {
  hub.command('portal-host', 'add', 'portal.localhost', '--organization', 'acme')
  const { page, context } = await open(browser, hub)
  await page.goto(`http://portal.localhost:${hub.port}/docs/start-customer`)
  await page.getByRole('heading', { name: 'Getting started, for customers', level: 1 }).waitFor()
  await page.goto(`http://portal.localhost:${hub.port}/docs/start-vendor`)
  await page.getByRole('heading', { name: 'There is no such page', level: 1 }).waitFor()
  await context.close()
})

test('nothing of a page needs more room than a small screen has', async () => {
  const { page, context } = await open(browser, hub, { viewport: { width: 380, height: 800 } })
  for (const path of ['/docs', '/docs/agent', '/docs/operations', '/docs/analytics', '/docs/troubleshooting']) {
    await page.goto(`${hub.url}${path}`)
    await settled(page)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    assert.ok(wide <= 0, `${path} is ${wide} pixels too wide`)
  }
  await context.close()
})
