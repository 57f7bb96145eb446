// The past in a browser: pages as of a moment, on which nothing changes, and sliders over the life of a target and a license.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { under } from '../support/agent.mjs'
import { axe, launch, lookAt, open, settled, signIn } from '../support/browser.mjs'
import { Hub } from '../support/hub.mjs'
import { World } from '../support/world.mjs'

let hub
let world
let fleet
let browser
let owner
/** the position before the last changes */
let then

const row = (page, name) => page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })
const band = page => page.locator('.band.is-moment')
const isAt = moment => url => url.searchParams.get('at') === (moment === undefined ? null : String(moment))

before(async () => {
  hub = await Hub.start()
  world = await World.make(hub)
  fleet = await world.fleet()
  then = (await hub.ask(world.owner, '{ head }')).head
  await world.change('targetRegister(customer: "globex", name: "annex") { changed }')
  await world.change('licenseRevoke(customer: "globex", name: "hello-2026", reason: "unpaid") { changed }')
  await world.change('channelPromote(application: "hello", name: "alpha", version: "1.4.0") { changed }')
  browser = await launch()
  owner = await open(browser, hub, { timezoneId: 'Europe/Berlin' })
  await signIn(owner.page, hub)
})

after(async () => {
  await browser?.close()
  world?.end()
  await hub?.remove()
})

const ROOMS = [
  ['/v/acme', 'Overview'],
  ['/v/acme/targets', 'Targets'],
  ['/v/acme/targets/globex/lab', 'lab'],
  ['/v/acme/apps', 'Applications'],
  ['/v/acme/apps/hello', 'Hello'],
  ['/v/acme/apps/hello/releases/1.3.0', '1.3.0'],
  ['/v/acme/registry', 'Registry'],
  ['/v/acme/registry/hello', 'hello'],
  ['/v/acme/customers', 'Customers'],
  ['/v/acme/customers/globex', 'Globex Corporation'],
  ['/v/acme/licenses', 'Licenses'],
  ['/v/acme/licenses/globex/hello-2026', 'hello-2026'],
  ['/v/acme/activity', 'Activity'],
  ['/v/acme/entitlement?customer=globex&repository=hello&reference=1.3.0', 'May it be pulled?'],
]

for (const scheme of ['light', 'dark']) {
  describe(`every room that looks back, ${scheme}`, () => {
    for (const [path, heading] of ROOMS) {
      test(path, async () => {
        await lookAt(owner, hub, scheme, `${path}${path.includes('?') ? '&' : '?'}at=${then}`, heading)
        await band(owner.page).getByText(`As of position ${then} of the log`).waitFor()
      })
    }
  })
}

describe('a moment', () => {
  test('shows what was, stays in links, and ends with a press', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/targets?at=${then}`)
    await row(page, 'factory').waitFor()
    assert.equal(await row(page, 'annex').count(), 0)
    await page.getByRole('link', { name: 'Licenses', exact: true }).click()
    await page.waitForURL(isAt(then))
    await row(page, 'hello-2026').getByText('active').waitFor()
    await page.getByRole('link', { name: 'Applications', exact: true }).click()
    await row(page, 'Hello').getByText('nothing yet').waitFor()
    await page.getByRole('link', { name: 'Targets', exact: true }).click()
    await page.getByRole('button', { name: 'Back to now' }).click()
    await row(page, 'annex').waitFor()
    assert.equal(new URL(page.url()).search, '')
    assert.equal(await band(page).count(), 0)
    await page.getByRole('link', { name: 'Licenses', exact: true }).click()
    await row(page, 'hello-2026').getByText('revoked').waitFor()
    assert.deepEqual(wrong, [])
  })

  test('ends the activity: what came later is not there, and what came before is', async () => {
    const { page, wrong } = owner
    const query = `query ($after: Position!) { events(after: $after, first: 1000, telemetry: []) { events { position type recordedAt } } }`
    const later = (await hub.ask(world.owner, query, { after: then })).events.events
    const annex = later.find(({ type }) => type === 'TargetRegistered')
    const line = page.getByRole('button').filter({ hasText: 'registered a target annex' })
    for (const [at, isThere] of [
      [then, false],
      [annex.position, true],
      // a fact is committed a little after it was recorded
      [new Date(Math.ceil(Date.parse(annex.recordedAt) / 1000) * 1000).toISOString(), true],
    ]) {
      await page.goto(`${hub.url}/v/acme/activity?at=${at}`)
      await page.getByRole('button').filter({ hasText: 'registered a target branch' }).waitFor()
      assert.equal(await line.count(), isThere ? 1 : 0, at)
    }
    assert.deepEqual(wrong, [])
  })

  test('is told in the zone of the viewer and in UTC', async () => {
    const { page } = owner
    const at = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString().replace('.000', '')
    await page.goto(`${hub.url}/v/acme/targets?at=${at}`)
    await row(page, 'annex').waitFor()
    const words = await band(page).locator('time').textContent()
    assert.match(words, /GMT\+[12].* · .*UTC$/)
    assert.equal(await band(page).locator('time').getAttribute('datetime'), at.replace('Z', '.000Z'))
  })

  test('changes nothing: actions are off, and no change is sent', async () => {
    const { page, wrong } = owner
    const changes = []
    const note = request => /"query":"\s*mutation/.test(request.postData() ?? '') && changes.push(request.postData())
    page.on('request', note)
    for (const path of ['/targets', '/targets/globex/factory', '/apps/hello', '/apps/hello/releases/1.3.0']) {
      await page.goto(`${hub.url}/v/acme${path}?at=${then}`)
      await settled(page)
      const actions = await page.locator('.refused [inert] :is(button, a)').all()
      assert.notEqual(actions.length, 0, `${path} has no action that is off`)
      for (const action of actions) await action.click({ force: true })
      assert.equal(await page.getByRole('dialog').count(), 0, path)
      assert.equal(new URL(page.url()).pathname, `/v/acme${path}`)
    }
    page.off('request', note)
    assert.deepEqual(changes, [])
    assert.deepEqual(wrong, [])
  })

  test('has no news: what happens meanwhile is shown at now alone', async () => {
    const { page, context } = owner
    const asked = []
    page.on('websocket', socket =>
      socket.on('framesent', ({ payload }) => String(payload).includes('"subscribe"') && asked.push(payload)),
    )
    await page.goto(`${hub.url}/v/acme/targets?at=${then}`)
    await row(page, 'factory').getByText('ok', { exact: true }).waitFor()
    assert.equal(await page.locator('.line').textContent(), 'paused')
    const now = await context.newPage()
    await now.goto(`${hub.url}/v/acme/targets`)
    await row(now, 'factory').getByText('ok', { exact: true }).waitFor()
    const error = { category: 'unhealthy', text: 'web: unhealthy' }
    await fleet.ok.agent.say({ ...under(fleet.ok.deployment, 'failed', { error }) })
    await row(now, 'factory').getByText('failed', { exact: true }).waitFor()
    await now.close()
    assert.equal(await row(page, 'factory').getByText('ok', { exact: true }).count(), 1)
    assert.deepEqual(asked, [])
  })

  test('is nothing that pages of now alone pretend to know', async () => {
    const { page, wrong } = owner
    for (const room of ['alerts', 'analytics', 'members', 'tokens', 'branding', 'me', 'start', 'proof']) {
      await page.goto(`${hub.url}/v/acme/${room}?at=${then}`)
      await page.getByRole('heading', { name: 'This page shows now alone', level: 1 }).waitFor()
      assert.deepEqual(await axe(page), [], room)
    }
    await page.goto(`${hub.url}/v/acme/registry/hello?at=${then}`)
    await page
      .getByRole('region', { name: 'Who pulled and pushed' })
      .getByText('This is shown as of now alone')
      .waitFor()
    assert.deepEqual(wrong, [])
  })

  test('that never was is told by the hub', async () => {
    const { page, wrong } = owner
    for (const [at, sentence] of [
      ['yesterday', /"yesterday" is not valid: use a time with its zone/],
      ['2026-11-01', /"2026-11-01" is not valid/],
      ['99999999', /Position 99999999 is not in the log yet/],
      ['2999-01-01T00:00:00Z', /has not come yet/],
    ]) {
      await page.goto(`${hub.url}/v/acme/licenses?at=${at}`)
      await page.getByRole('heading', { name: 'There is no such moment' }).waitFor()
      await page.getByRole('alert').getByText(sentence).waitFor()
    }
    assert.deepEqual(await axe(page), [])
    await page.getByRole('alert').getByRole('button', { name: 'Back to now' }).click()
    await row(page, 'hello-2026').waitFor()
    assert.deepEqual(wrong, [])
  })

  test('is chosen with keys alone, as a position and as a time', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/targets`)
    await row(page, 'annex').waitFor()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('look back')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'As of a moment' })
    await dialog.waitFor()
    assert.deepEqual(await axe(page), [])
    await dialog.getByRole('button', { name: 'A position of the log' }).focus()
    await page.keyboard.press('Enter')
    await dialog.getByLabel('Position').focus()
    await page.keyboard.type(then)
    await page.keyboard.press('Enter')
    await page.waitForURL(isAt(then))
    await dialog.waitFor({ state: 'hidden' })
    await band(page).getByRole('button', { name: 'Other moment…' }).press('Enter')
    await dialog.getByRole('button', { name: 'A time' }).press('Enter')
    // the viewer's zone is an hour before UTC, or two
    await dialog.getByLabel('Time, in your zone').fill('2026-11-01T12:00:00')
    await dialog.getByText('11:00:00 AM UTC').waitFor()
    await dialog.getByRole('button', { name: 'Look back' }).press('Enter')
    await page.waitForURL(isAt('2026-11-01T11:00:00Z'))
    assert.deepEqual(wrong, [])
  })

  test('is in the list that is saved as a file', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/targets?at=${then}`)
    await row(page, 'factory').waitFor()
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()])
    assert.equal(file.suggestedFilename(), `targets-acme-${then}.csv`)
    let text = ''
    for await (const part of await file.createReadStream()) text += part
    assert.match(text, /^factory,globex,ok,hello/m)
    assert.doesNotMatch(text, /^annex/m)
  })
})

describe('a slider', () => {
  /** Facts of the streams, in the order of the log. */
  async function facts(streams) {
    const query = '{ events(first: 1000, telemetry: []) { events { position stream } hasMore } }'
    const { events } = (await hub.ask(world.owner, query)).events
    return events.filter(({ stream }) => streams.includes(stream)).map(({ position }) => position)
  }

  test('leads from fact to fact of a target, by keys', async () => {
    const { page, wrong } = owner
    const { target } = await hub.ask(
      world.owner,
      '{ target(customer: "globex", name: "lab") { id deployments { id } } }',
    )
    const positions = await facts([`target-${target.id}`, ...target.deployments.map(({ id }) => `deployment-${id}`)])
    assert.ok(positions.length > 4)
    await page.goto(`${hub.url}/v/acme/targets/globex/lab`)
    await page.getByRole('button', { name: 'Look back over its life' }).press('Enter')
    const slider = page.getByRole('slider', { name: 'Moments of the target lab' })
    await slider.focus()
    await page.locator('.life [aria-busy=false]').waitFor()
    for (const position of positions.toReversed().slice(0, 3)) {
      await page.keyboard.press('ArrowLeft')
      await page.waitForURL(isAt(position))
    }
    assert.equal(await slider.evaluate(one => one === document.activeElement), true)
    await page.keyboard.press('ArrowRight')
    await page.waitForURL(isAt(positions.at(-2)))
    await page.keyboard.press('Home')
    await page.waitForURL(isAt(positions[0]))
    assert.match(await slider.getAttribute('aria-valuetext'), /registered a target/)
    await page.getByRole('heading', { name: 'Nothing is deployed here' }).waitFor()
    assert.deepEqual(await axe(page), [])
    await page.getByRole('button', { name: 'Next fact' }).click()
    await page.waitForURL(isAt(positions[1]))
    await page.keyboard.press('End')
    await slider.press('End')
    await page.waitForURL(isAt(undefined))
    await page.getByText('The generation was given up').waitFor()
    assert.deepEqual(wrong, [])
  })

  test('leads over the life of a license, and stays where it was not yet', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/licenses/globex/hello-2026`)
    await page.getByRole('button', { name: 'Look back over its life' }).click()
    const slider = page.getByRole('slider', { name: 'Moments of the license hello-2026' })
    await slider.press('Home')
    await page.getByText('0 of 8').waitFor()
    assert.match(await slider.getAttribute('aria-valuetext'), /after: issued/)
    await slider.press('End')
    await page.waitForURL(isAt(undefined))
    await slider.press('ArrowLeft')
    await page.getByText('unpaid').first().waitFor()
    assert.match(await slider.getAttribute('aria-valuetext'), /after: revoked/)
    await page.goto(`${hub.url}/v/acme/licenses/globex/hello-2026?at=1`)
    await page.getByText('It is not here, or it is not yours to see.').waitFor()
    await slider.waitFor()
    assert.deepEqual(wrong, [])
  })

  test('is drawn along by a hand', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/targets/globex/factory`)
    await page.getByRole('button', { name: 'Look back over its life' }).click()
    const slider = page.getByRole('slider', { name: 'Moments of the target factory' })
    await slider.waitFor()
    const { x, y, width, height } = await slider.boundingBox()
    await page.mouse.move(x + width - 8, y + height / 2)
    await page.mouse.down()
    await page.mouse.move(x + width / 2, y + height / 2, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL(url => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(url.searchParams.get('at') ?? ''))
    await band(page).waitFor()
  })
})

describe('a check of an entitlement', () => {
  test('is asked by a form, and says which license allows it, or why none does', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/licenses`)
    await page.getByRole('link', { name: 'May it be pulled?' }).press('Enter')
    await page.getByLabel('Customer').selectOption('globex')
    await page.getByLabel('Repository').fill('hello')
    await page.getByLabel('Tag or digest').fill('1.3.0')
    await page.keyboard.press('Enter')
    await page.getByText('globex may not pull hello:1.3.0').waitFor()
    await page.getByText('entitlement.revoked').waitFor()
    assert.deepEqual(await axe(page), [])
    await page.goto(`${page.url()}&at=${then}`)
    await page.getByText('globex may pull hello:1.3.0').waitFor()
    await page.getByRole('region', { name: 'Answer' }).getByRole('link', { name: 'hello-2026' }).click()
    await page.waitForURL(isAt(then))
    await page.getByText('active').first().waitFor()
    assert.deepEqual(wrong, [])
  })
})

describe('a customer', () => {
  test('looks back over what is its own, and over nothing else', async () => {
    const { page, wrong, context } = await open(browser, hub)
    await signIn(page, hub, await world.member('kim@globex.example', 'CUSTOMER_VIEWER', 'globex'))
    for (const scheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: scheme })
      await page.goto(`${hub.url}/p/acme?at=${then}`)
      await band(page).getByText(`As of position ${then} of the log`).waitFor()
      await row(page, 'factory').waitFor()
      await row(page, 'hello-2026').getByText('active').waitFor()
      assert.equal(await row(page, 'annex').count(), 0)
      await settled(page)
      assert.deepEqual(await axe(page), [])
    }
    await page.getByRole('link', { name: 'factory' }).click()
    await page.waitForURL(isAt(then))
    // the log is not theirs to read: a target tells of itself, to the second
    const slider = page.getByRole('slider', { name: 'Moments of the target factory' })
    await slider.press('Home')
    await page.waitForURL(url => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(url.searchParams.get('at') ?? ''))
    assert.match(await slider.getAttribute('aria-valuetext'), /after: /)
    for (const room of ['downloads', 'members', 'install', 'apps/hello/releases/1.3.0', 'entitlement']) {
      await page.goto(`${hub.url}/p/acme/${room}?at=${then}`)
      await page.getByRole('heading', { name: 'This page shows now alone', level: 1 }).waitFor()
    }
    await page.goto(`${hub.url}/p/acme/entitlement?repository=hello&reference=1.3.0`)
    await page.getByText('globex may not pull hello:1.3.0').waitFor()
    assert.deepEqual(wrong, [])
    await context.close()
  })
})
