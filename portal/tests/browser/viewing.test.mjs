// A vendor's member who sees the portal as a customer does: read-only, said on every page, written down, and over when it ends.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { axe, launch, open, settled, signIn } from '../support/browser.mjs'
import { Hub } from '../support/hub.mjs'
import { World } from '../support/world.mjs'

let hub
let world
let browser
let owner

before(async () => {
  hub = await Hub.start()
  world = await World.make(hub)
  await world.fleet()
  browser = await launch()
  owner = await open(browser, hub)
  await signIn(owner.page, hub)
})

after(async () => {
  await browser?.close()
  world?.end()
  await hub?.remove()
})

test('an owner sees what a customer sees, on every page under a band', async () => {
  const { page, wrong } = owner
  await page.goto(`${hub.url}/v/acme/customers/initech`)
  await page.getByRole('button', { name: 'View as customer…' }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('ticket 7')
  assert.deepEqual(await axe(page), [])
  await page.getByRole('button', { name: 'View', exact: true }).click()
  await page.waitForURL(/\/p\/acme/)
  await page.getByText('You see what Initech sees').waitFor()
  await settled(page)
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme })
    assert.deepEqual(await axe(page), [])
  }
  await page.getByText('basement').first().waitFor()
  // another customer's targets are nowhere
  assert.equal(await page.getByText('factory').count(), 0)
  for (const room of ['/targets', '/license', '/downloads', '/activity', '/targets/basement']) {
    await page.goto(`${hub.url}/p/acme${room}`)
    await settled(page)
    await page.getByText('You see what Initech sees').waitFor()
  }
  // the agent's deployment can be looked at, and not be changed
  for (const name of ['Deploy…', 'Remove…']) {
    for (const button of await page.getByRole('button', { name, exact: true }).all()) {
      await button.click({ force: true })
      assert.equal(await page.getByRole('dialog').count(), 0, name)
    }
  }
  // the vendor's side is another's
  await page.goto(`${hub.url}/v/acme/members`)
  await page.waitForURL(/\/p\/acme/)
  assert.deepEqual(wrong, [])
})

test('the view ends at a press, in every tab, and the activity says that it was', async () => {
  const { page, context, wrong } = owner
  const other = await context.newPage()
  await other.goto(`${hub.url}/p/acme/targets`)
  await settled(other)
  await page.goto(`${hub.url}/p/acme`)
  await page.getByRole('button', { name: 'End the view' }).click()
  await page.waitForURL(/\/v\/acme\/customers\/initech/)
  await page.getByRole('heading', { name: 'Initech', level: 1 }).waitFor()
  await other.waitForURL(/\/v\/acme\/customers\/initech/)
  await other.close()
  await page.goto(`${hub.url}/v/acme/activity`)
  const line = page.getByRole('button').filter({ hasText: 'looked at the portal as a customer' })
  await line.getByText('ticket 7').waitFor()
  await line.getByText('Initech').waitFor()
  assert.deepEqual(wrong, [])
})

test('a publisher is told that it may not', async () => {
  const { page, context } = await open(browser, hub)
  await signIn(page, hub, await world.member('pub@acme.example', 'PUBLISHER'))
  await page.goto(`${hub.url}/v/acme/customers/initech`)
  await settled(page)
  const button = page.getByRole('button', { name: /View as customer/ })
  await button.click({ force: true })
  assert.equal(await page.getByRole('dialog').count(), 0)
  await context.close()
})
