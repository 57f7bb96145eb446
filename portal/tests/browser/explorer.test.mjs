// The explorer in a browser: a page without an origin, which speaks to the hub with a secret of its own and can do nothing else.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, open, signIn } from '../support/browser.mjs'
import { Hub, OWNER, PASSWORD } from '../support/hub.mjs'
import { World } from '../support/world.mjs'

let hub
let world
let browser

before(async () => {
  hub = await Hub.start()
  world = await World.make(hub)
  browser = await launch()
})

after(async () => {
  await browser?.close()
  world?.end()
  await hub?.remove()
})

async function enter(page) {
  await page.goto(`${hub.url}/graphql`)
  await page.getByLabel('Organization').fill('acme')
  await page.getByLabel('E-mail').fill(OWNER)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: /Execute query/ }).waitFor()
}

test('a question is answered', async () => {
  const { page, wrong } = await open(browser, hub)
  await enter(page)
  await page.getByRole('button', { name: /Execute query/ }).click()
  await page.getByText('"OWNER"').waitFor()
  assert.deepEqual(wrong, [])
})

test('whoever is signed in at the portal is nobody in the explorer', async () => {
  const { page } = await open(browser, hub)
  await signIn(page, hub)
  page.expected.push('CORS policy', 'Failed to load resource')
  await page.goto(`${hub.url}/graphql`)
  const found = await page.evaluate(async () => {
    const ask = credentials =>
      fetch(new URL('graphql', document.baseURI), {
        method: 'POST',
        credentials,
        headers: { 'content-type': 'application/json' },
        body: '{"query":"{ viewer { role } }"}',
      }).then(response => response.json())
    const refused = await ask('include').catch(error => error.name)
    const stranger = (await ask('omit')).errors[0].extensions.code
    let memory = 'open'
    try {
      void localStorage.length
    } catch (error) {
      memory = error.name
    }
    return { origin: self.origin, refused, stranger, memory }
  })
  assert.deepEqual(found, {
    origin: 'null',
    refused: 'TypeError',
    stranger: 'unauthenticated',
    memory: 'SecurityError',
  })
})
