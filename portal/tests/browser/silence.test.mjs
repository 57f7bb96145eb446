// Alerts that time makes: a target that has fallen silent, and a deployment whose reports never rest.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { healthy } from '../support/agent.mjs'
import { axe, launch, open, settled, signIn } from '../support/browser.mjs'
import { Hub } from '../support/hub.mjs'
import { World } from '../support/world.mjs'

let hub
let world
let browser
let owner

const row = (page, word) => page.getByRole('row').filter({ hasText: word })

before(async () => {
  hub = await Hub.start({ DISTR_STALE_SECONDS: '2', DISTR_OFFLINE_SECONDS: '4' })
  world = await World.make(hub)
  browser = await launch()
  owner = await open(browser, hub)
  await signIn(owner.page, hub)
})

after(async () => {
  await browser?.close()
  world?.end()
  await hub?.remove()
})

test('a target that fell silent is an alert until it is heard from again', async () => {
  const { page, wrong } = owner
  const { agent, deployment } = await world.target('initech', 'basement', '1.3.0')
  await agent.say(healthy(deployment, '1.3.0'))
  await page.goto(`${hub.url}/v/acme/alerts`)
  await settled(page)
  assert.equal(await row(page, 'target silent').count(), 0)
  agent.fallSilent()
  // the page itself asks now and then
  await row(page, 'target silent').getByRole('link', { name: 'basement' }).waitFor({ timeout: 45_000 })
  assert.deepEqual(await axe(page), [])
  await page.goto(`${hub.url}/v/acme/targets?state=OFFLINE`)
  await row(page, 'basement').waitFor()
  await agent.say(healthy(deployment, '1.3.0'))
  await page.goto(`${hub.url}/v/acme/alerts`)
  await settled(page)
  await row(page, 'target silent').waitFor({ state: 'detached' })
  assert.deepEqual(wrong, [])
})

test('a deployment that comes and goes is said to flap, and is an alert', async () => {
  const { page, wrong } = owner
  const { agent, deployment } = await world.target('globex', 'factory', '1.3.0')
  const ill = { ...healthy(deployment, '1.3.0'), health: 'fail' }
  for (let times = 0; times < 24; times += 1) {
    await agent.say(healthy(deployment, '1.3.0'))
    await agent.say(ill)
  }
  await agent.say(healthy(deployment, '1.3.0'))
  await page.goto(`${hub.url}/v/acme/alerts`)
  await settled(page)
  await row(page, 'deployment flaps').getByRole('link', { name: 'factory' }).waitFor()
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme })
    assert.deepEqual(await axe(page), [])
  }
  await page.goto(`${hub.url}/v/acme/targets`)
  await row(page, 'factory').getByText('flapping').waitFor()
  await page.goto(`${hub.url}/v/acme/targets/globex/factory`)
  await page.getByText('Flapping.').waitFor()
  await settled(page)
  assert.deepEqual(await axe(page), [])
  await page.goto(`${hub.url}/v/acme/activity`)
  await page.getByText('reported that a deployment keeps changing').waitFor()
  assert.deepEqual(wrong, [])
})
