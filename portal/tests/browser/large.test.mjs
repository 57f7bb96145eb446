// Many customers, applications and versions: what is chosen is found by the server, and lists are put in order there.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { axe, launch, open, settled, signIn } from '../support/browser.mjs'
import { Hub } from '../support/hub.mjs'
import { World } from '../support/world.mjs'

const MANY = 120

let hub
let world
let browser
let owner

async function many(fields) {
  for (let from = 0; from < MANY; from += 40) {
    const some = Array.from({ length: 40 }, (_, index) => fields(String(from + index).padStart(3, '0')))
    await world.change(some.map((field, index) => `m${index}: ${field}`).join(' '))
  }
}

before(async () => {
  hub = await Hub.start()
  world = await World.make(hub)
  await many(number => `customerCreate(name: "a-${number}", displayName: "Customer ${number}") { changed }`)
  await many(number => `applicationCreate(name: "a-${number}", displayName: "Product ${number}") { changed }`)
  await world.change('targetRegister(customer: "globex", name: "factory") { changed }')
  await world.change('targetRegister(customer: "initech", name: "branch") { changed }')
  browser = await launch()
  owner = await open(browser, hub)
  await signIn(owner.page, hub)
})

after(async () => {
  await browser?.close()
  world?.end()
  await hub?.remove()
})

test('a target is registered for a customer that no first page has', async () => {
  const { page, wrong } = owner
  await page.goto(`${hub.url}/v/acme/targets`)
  await settled(page)
  await page.getByRole('button', { name: 'Register target' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('searchbox', { name: 'Find a customer' }).fill('Initech')
  await dialog.getByLabel('Customer', { exact: true }).selectOption('initech')
  assert.deepEqual(await axe(page), [])
  // what is chosen stays, whatever is searched for then, and the search keeps its place
  await dialog.getByRole('searchbox', { name: 'Find a customer' }).fill('')
  await dialog.getByText('Customer 000').waitFor({ state: 'attached' })
  assert.equal(await dialog.getByLabel('Customer', { exact: true }).inputValue(), 'initech')
  await dialog.getByLabel('Name', { exact: true }).fill('attic')
  await dialog.getByRole('button', { name: 'Register', exact: true }).click()
  await dialog.getByText('Install the agent on attic').waitFor()
  const { target } = await hub.ask(world.owner, '{ target(customer: "initech", name: "attic") { id } }')
  assert.ok(target.id)
  assert.deepEqual(wrong, [])
})

test('an application is found, and its channel is kept with what is asked for', async () => {
  const { page, wrong } = owner
  await page.goto(`${hub.url}/v/acme/targets/globex/factory`)
  await settled(page)
  await page.getByRole('button', { name: 'Deploy…' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('searchbox', { name: 'Find an application' }).fill('hell')
  await dialog.getByLabel('Application', { exact: true }).selectOption('hello')
  await dialog.getByLabel('Release', { exact: true }).selectOption('channel:stable')
  assert.deepEqual(await axe(page), [])
  await dialog.getByRole('button', { name: 'Deploy', exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText('by channel stable').waitFor()
  assert.deepEqual(wrong, [])
})

test('a removal says why, and the activity too', async () => {
  const { page, wrong } = owner
  await page.goto(`${hub.url}/v/acme/targets/globex/factory`)
  await settled(page)
  await page.getByRole('button', { name: 'Remove…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Reason').fill('moved to the attic')
  await dialog.getByText('Same in the CLI').click()
  await dialog.getByText("--reason 'moved to the attic'").waitFor()
  await dialog.getByRole('button', { name: 'Remove', exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.goto(`${hub.url}/v/acme/activity`)
  await page.getByText('moved to the attic').waitFor()
  assert.deepEqual(wrong, [])
})

test('the palette finds what no first page has', async () => {
  const { page, wrong } = owner
  await page.goto(`${hub.url}/v/acme`)
  await settled(page)
  for (const [text, note, path] of [
    ['initech', 'customer', /customers\/initech$/],
    ['customer 119', 'customer', /customers\/a-119$/],
    ['product 118', 'application', /apps\/a-118$/],
  ]) {
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill(text)
    await page.getByRole('option').filter({ hasText: note }).first().click()
    await page.waitForURL(path)
  }
  assert.deepEqual(wrong, [])
})

test('the fleet is put in another order by its heads, and the address says which', async () => {
  const { page, wrong } = owner
  await page.goto(`${hub.url}/v/acme/targets`)
  await settled(page)
  const first = () => page.getByRole('table', { name: 'Targets' }).getByRole('row').nth(1)
  await first().getByText('attic').waitFor()
  await page.getByRole('button', { name: 'Customer', exact: true }).click()
  await first().getByText('factory').waitFor()
  assert.match(page.url(), /sort=CUSTOMER/)
  await page.getByRole('button', { name: 'Customer', exact: true }).click()
  await first().getByText('branch').waitFor()
  assert.match(page.url(), /desc=true/)
  assert.equal(await page.getByRole('columnheader', { name: 'Customer' }).getAttribute('aria-sort'), 'descending')
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme })
    assert.deepEqual(await axe(page), [])
  }
  await page.reload()
  await settled(page)
  await first().getByText('branch').waitFor()
  await page.setViewportSize({ width: 380, height: 800 })
  await page.getByLabel('Sorted by').selectOption('NAME')
  await first().getByText('attic').waitFor()
  await page.setViewportSize({ width: 1440, height: 900 })
  assert.deepEqual(wrong, [])
})
