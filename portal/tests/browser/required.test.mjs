// What is below a required release, and what is deprecated: marked wherever it is shown, on both sides, with the way up beside it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { healthy, under } from '../support/agent.mjs'
import { axe, launch, open, settled, signIn } from '../support/browser.mjs'
import { Hub } from '../support/hub.mjs'
import { push } from '../support/registry.mjs'
import { World } from '../support/world.mjs'

const REASON = 'it mends a leak of customers’ data'
const WORDS = `below 1.4.0, which is required: ${REASON}`

let hub
let world
let browser
let owner
let admin

const row = (page, name) => page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })
const panel = (page, name) => page.getByRole('region', { name, exact: true })

async function runs(customer, name, version) {
  const { agent, deployment } = await world.target(customer, name, version)
  await agent.say(healthy(deployment, version))
  return { agent, deployment }
}

before(async () => {
  hub = await Hub.start()
  world = await World.make(hub)
  await world.change('customerCreate(name: "hooli", displayName: "Hooli") { changed }')
  await world.change(
    'licenseIssue(customer: "hooli", application: "hello", name: "old", terms: { versions: ["<=1.3.0"] }) { changed }',
  )
  await runs('globex', 'factory', '1.3.0')
  await runs('globex', 'lab', '1.0.0')
  await runs('globex', 'new', '1.4.0')
  await runs('hooli', 'garage', '1.3.0')
  const failed = await runs('globex', 'office', '1.3.0')
  await world.change(`releaseRequire(application: "hello", version: "1.4.0", reason: "${REASON}") { changed }`)
  const asked = await world.deploy('globex', 'office', '1.4.0')
  const running = { generation: failed.deployment.generation, version: '1.3.0' }
  const error = { category: 'unhealthy', text: 'web: unhealthy for 60 s' }
  await failed.agent.say({ ...under(asked, 'failed', { error, running }), health: 'ok' })
  browser = await launch()
  owner = await open(browser, hub)
  await signIn(owner.page, hub)
  admin = await open(browser, hub)
  await signIn(admin.page, hub, await world.member('kim@globex.example', 'CUSTOMER_ADMIN', 'globex', 'Kim'))
})

after(async () => {
  await browser?.close()
  world?.end()
  await hub?.remove()
})

/** In both themes and on a small screen; nothing is wider than the screen. */
async function looks({ page, wrong }) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    assert.deepEqual(await axe(page), [])
  }
  await page.setViewportSize({ width: 375, height: 800 })
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 375)
  await page.setViewportSize({ width: 1440, height: 900 })
  assert.deepEqual(wrong.splice(0), [])
}

async function go({ page }, path, heading) {
  await page.goto(`${hub.url}${path}`)
  await page.getByRole('heading', { name: heading, level: 1, exact: true }).waitFor()
  await settled(page)
}

describe('the vendor', () => {
  test('sees in the fleet what is below, with the reason, and deploys what is required from there', async () => {
    const { page } = owner
    await go(owner, '/v/acme/targets', 'Targets')
    await row(page, 'factory').getByText(WORDS).waitFor()
    assert.equal(await row(page, 'factory').locator('.remark svg').count(), 1)
    await row(page, 'lab').getByText('deprecated', { exact: true }).waitFor()
    await row(page, 'lab').getByText('1.0.0: old').waitFor()
    assert.equal(await row(page, 'new').locator('.remark').count(), 0)
    // what failed says so first, and is no less below
    await row(page, 'office').getByText('web: unhealthy for 60 s').waitFor()
    await row(page, 'office').getByText(WORDS).waitFor()
    await row(page, 'office').getByText('asked for already').waitFor()
    assert.equal(await row(page, 'office').getByRole('button').count(), 0)
    await looks(owner)
    await row(page, 'factory').getByRole('button', { name: 'Deploy… Hello 1.4.0 on factory' }).click()
    const dialog = page.getByRole('dialog', { name: 'Deploy to factory' })
    assert.equal(await dialog.getByLabel('Release', { exact: true }).inputValue(), 'version:1.4.0')
    assert.match(await dialog.getByLabel('What runs').innerText(), /1\.3\.0[\s\S]*1\.4\.0/)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })

  test('sees at a target and in its card what is below, and why it should not stay so', async () => {
    const { page } = owner
    await go(owner, '/v/acme/targets/globex/lab', 'lab')
    await page.locator('.page-title').getByText('below 1.4.0').waitFor()
    const card = panel(page, 'Hello')
    await card.getByText(WORDS).waitFor()
    await card.getByText('1.0.0 is deprecated from 2030-01-01: old').waitFor()
    await card.getByRole('button', { name: 'Deploy 1.4.0…' }).waitFor()
    await looks(owner)
    await go(owner, '/v/acme/targets/globex/office', 'office')
    await panel(page, 'Hello').getByText(`What runs is ${WORDS}`).waitFor()
    await panel(page, 'Hello').getByText('asked for already').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Deploy 1.4.0…' }).count(), 0)
  })

  test('is told before deploying what is below, and chooses what is required instead', async () => {
    const { page } = owner
    await go(owner, '/v/acme/targets/globex/factory', 'factory')
    await panel(page, 'Hello').getByRole('button', { name: 'Deploy…', exact: true }).click()
    const dialog = page.getByRole('dialog')
    const choice = dialog.getByLabel('Release', { exact: true })
    await choice.waitFor()
    const options = await choice.locator('option').allTextContents()
    assert.ok(options.includes('1.3.0 · below 1.4.0, which is required'), `${options}`)
    assert.ok(options.includes('1.0.0 · deprecated · below 1.4.0, which is required'), `${options}`)
    assert.ok(options.includes('1.4.0'), `${options}`)
    // a channel points to what is below, too
    await choice.selectOption('channel:stable')
    const told = dialog.getByRole('status')
    await told.getByText(`1.3.0 is ${WORDS}. Deploy 1.4.0 instead.`).waitFor()
    await choice.selectOption('version:1.0.0')
    await told.getByText('1.0.0 is deprecated from 2030-01-01: old').waitFor()
    await looks(owner)
    await told.getByRole('button', { name: 'Choose 1.4.0' }).click()
    assert.equal(await choice.inputValue(), 'version:1.4.0')
    await told.getByText('below').waitFor({ state: 'detached' })
    await dialog.getByText('Same in the CLI').click()
    const line = 'distr deploy --customer globex --target factory --app hello --version 1.4.0'
    assert.equal(await dialog.locator('.command code').innerText(), line)
    await page.keyboard.press('Escape')
  })

  test('sees at the required release how many run older ones, as the hub counts them', async () => {
    const { page } = owner
    await go(owner, '/v/acme/apps/hello/releases/1.4.0', '1.4.0')
    const below = panel(page, 'Below it')
    const { running } = (
      await hub.ask(
        world.owner,
        '{ analytics(application: "hello") { running { deployments versions { version deployments } } } }',
      )
    ).analytics
    assert.equal(running.deployments, 5)
    await below.getByText('4 of 5 deployments run an older release').waitFor()
    const versions = await below
      .getByRole('list', { name: 'Older releases that run' })
      .getByRole('listitem')
      .allInnerTexts()
    assert.deepEqual([...versions].sort(), ['1.0.0 on 1', '1.3.0 on 3'])
    await looks(owner)
    await below.getByRole('link', { name: 'All targets with Hello' }).click()
    await row(page, 'garage').getByText(WORDS).waitFor()
    assert.match(page.url(), /targets\?app=hello$/)
  })

  test('sees at an older release what it is below', async () => {
    const { page } = owner
    await go(owner, '/v/acme/apps/hello/releases/1.3.0', '1.3.0')
    await page.getByText(`This release is ${WORDS}`).waitFor()
    assert.equal(await panel(page, 'Below it').count(), 0)
    await looks(owner)
    await page.getByRole('link', { name: 'What is in 1.4.0' }).click()
    await page.getByRole('heading', { name: '1.4.0', level: 1 }).waitFor()
  })

  test('who may not deploy sees the mark, and no deed', async () => {
    const auditor = await open(browser, hub)
    await signIn(auditor.page, hub, await world.member('auditor@acme.example', 'AUDITOR'))
    await go(auditor, '/v/acme/targets', 'Targets')
    await row(auditor.page, 'factory').getByText(WORDS).waitFor()
    assert.equal(await row(auditor.page, 'factory').getByRole('button').count(), 0)
    await go(auditor, '/v/acme/targets/globex/factory', 'factory')
    await panel(auditor.page, 'Hello').getByText(WORDS).waitFor()
    assert.equal(await auditor.page.getByRole('button', { name: 'Deploy 1.4.0…' }).count(), 0)
    await auditor.context.close()
  })
})

describe('a customer', () => {
  test('is told at home, once for all its targets, and in each row', async () => {
    const { page } = admin
    await go(admin, '/p/acme', 'Globex Corporation')
    const needs = panel(page, 'Needs you')
    await needs.getByText(`Hello ${WORDS}`).waitFor()
    const on = needs.getByRole('list', { name: 'Targets below Hello 1.4.0' })
    assert.deepEqual((await on.getByRole('listitem').getByRole('link', { name: /^\w+$/ }).allInnerTexts()).sort(), [
      'factory',
      'lab',
    ])
    await row(page, 'factory').getByText(WORDS).waitFor()
    await row(page, 'lab').getByText('deprecated', { exact: true }).waitFor()
    assert.equal(await row(page, 'new').locator('.remark').count(), 0)
    await looks(admin)
    await on.getByRole('link', { name: 'Update… Hello on lab' }).click()
    await page.getByRole('heading', { name: 'Update Hello', level: 1 }).waitFor()
  })

  test('sees it in the list of targets and at a target', async () => {
    const { page } = admin
    await go(admin, '/p/acme/targets', 'Targets')
    await row(page, 'factory').getByText(WORDS).waitFor()
    await looks(admin)
    await go(admin, '/p/acme/targets/factory', 'factory')
    await panel(page, 'Hello').getByText(WORDS).waitFor()
    await looks(admin)
    await panel(page, 'Hello').getByRole('button', { name: 'Deploy 1.4.0…' }).click()
    await page.getByRole('dialog').getByLabel('Release', { exact: true }).waitFor()
    assert.equal(await page.getByRole('dialog').getByLabel('Release', { exact: true }).inputValue(), 'version:1.4.0')
    await page.keyboard.press('Escape')
  })

  test('is led to what is required, not past it, and the mark goes with the update', async () => {
    const { page } = admin
    await push(hub, world.registryToken, 'hello', '1.5.0')
    await world.publish('1.5.0')
    await go(admin, '/p/acme/update/factory/hello', 'Update Hello')
    await page.getByText(`What is asked for is ${WORDS}`).waitFor()
    assert.equal(await page.getByRole('radio', { name: '1.4.0' }).isChecked(), true)
    const offer = version =>
      page
        .getByRole('list', { name: 'Releases' })
        .getByRole('listitem')
        .filter({
          has: page.getByRole('radio', { name: version, exact: true }),
        })
    await offer('1.4.0').getByText('required', { exact: true }).waitFor()
    await offer('1.2.0').getByText('below 1.4.0').waitFor()
    assert.equal(await offer('1.5.0').getByText('below').count(), 0)
    await page.getByRole('radio', { name: '1.5.0' }).check()
    const passedOver = `1.4.0 is required on the way to 1.5.0: ${REASON}. Deploy 1.4.0 first.`
    await page.getByRole('status').getByText(passedOver).waitFor()
    await page.getByRole('radio', { name: '1.2.0' }).check()
    await page.getByRole('status').getByText(`1.2.0 is ${WORDS}. Deploy 1.4.0 instead.`).waitFor()
    await looks(admin)
    await page.getByRole('button', { name: 'Choose 1.4.0' }).click()
    await page.getByRole('button', { name: 'Update', exact: true }).click()
    await page.getByText(`What runs is ${WORDS}`).waitFor()
    const asked =
      '{ deployment(customer: "globex", target: "factory", application: "hello") { id generation desiredVersion } }'
    const { deployment } = await hub.ask(world.owner, asked)
    assert.equal(deployment.desiredVersion, '1.4.0')
    await world.agents.factory.say(healthy(deployment, '1.4.0'))
    await page.getByText(`What runs is ${WORDS}`).waitFor({ state: 'detached' })
    await go(admin, '/p/acme/targets/factory', 'factory')
    assert.equal(await page.getByText('below 1.4.0').count(), 0)
  })

  test('whose license does not open what is required is told whom to ask', async () => {
    const hooli = await open(browser, hub)
    const { page } = hooli
    await signIn(page, hub, await world.member('gavin@hooli.example', 'CUSTOMER_ADMIN', 'hooli', 'Gavin'))
    await go(hooli, '/p/acme', 'Hooli')
    await panel(page, 'Needs you')
      .getByText(/No license of yours opens 1\.4\.0 \(.*\): ask Acme\./)
      .waitFor()
    assert.equal(await page.getByRole('link', { name: /^Update…/ }).count(), 0)
    await looks(hooli)
    await hooli.context.close()
  })
})
