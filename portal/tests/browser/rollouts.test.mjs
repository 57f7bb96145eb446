// Rollouts in a browser: policies by a form, a plan and its start, waves that go on, what stops them, and what each side sees.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { axe, launch, lookAt, open, settled, signIn } from '../support/browser.mjs'
import { Hub } from '../support/hub.mjs'
import { CAREFUL, fail, obey, running, setPolicy, start, untilMembers, untilState } from '../support/rollouts.mjs'
import { World } from '../support/world.mjs'

/** What a rollout does takes turns of a hub that shares its machine. */
const PATIENCE = 120_000

let hub
let world
let browser
let owner
const fleet = {}

const row = (page, text) => page.getByRole('row').filter({ hasText: text })
const dialogOf = page => page.getByRole('dialog')
const rolloutPage = name => `${hub.url}/v/acme/rollouts/hello/${name}`

before(async () => {
  hub = await Hub.start()
  world = await World.make(hub)
  for (const name of ['factory', 'lab', 'office']) fleet[name] = await running(world, 'globex', name, '1.2.0')
  // deployed, and its agent never says a word
  await world.target('initech', 'basement', '1.2.0')
  browser = await launch()
  owner = await open(browser, hub)
  owner.page.setDefaultTimeout(PATIENCE)
  await signIn(owner.page, hub)
})

after(async () => {
  await browser?.close()
  world?.end()
  await hub?.remove()
})

for (const scheme of ['light', 'dark']) {
  describe(`every room with nothing in it, ${scheme}`, () => {
    for (const [path, heading] of [
      ['/v/acme/rollouts', 'Rollouts'],
      ['/v/acme/rollouts?is=open&app=hello', 'Rollouts'],
      ['/v/acme/rollouts/new', 'Start a rollout'],
      ['/v/acme/rollout-policies', 'Rollout policies'],
      ['/v/acme/rollouts/set-policy', 'Set a policy'],
      ['/v/acme/rollouts/hello/nothing', 'nothing'],
    ]) {
      test(path, () => lookAt(owner, hub, scheme, path, heading))
    }
  })
}

describe('a policy', () => {
  test('is set by a form, which names what does not fit', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/rollout-policies`)
    await page.getByRole('link', { name: 'Set a policy…' }).click()
    await page.getByRole('heading', { name: 'Set a policy', level: 1 }).waitFor()
    await page.getByLabel('Name', { exact: true }).first().fill('careful')
    const waves = page.getByRole('region', { name: 'Waves' })
    await waves.getByRole('button', { name: 'Without wave 2' }).click()
    await waves.getByLabel('Soak').first().fill('a while')
    await page.getByLabel('In flight at most').fill('101%')
    await page.getByRole('button', { name: 'Set the policy' }).click()
    const refusal = page.getByRole('alert', { name: 'What does not fit' })
    await refusal.getByText('Wave 1: soak').waitFor()
    await refusal.getByText('In flight: a whole number').waitFor()
    assert.deepEqual(await axe(page), [])
    await waves.getByLabel('Soak').first().fill('')
    await page.getByLabel('In flight at most').fill('2')
    await page.getByLabel('Outcomes before a share counts').fill('1')
    await page.getByLabel('Failed and lost of a wave at most, %').fill('100')
    await page.getByLabel('Failed and lost that are tolerated in all').fill('0')
    await page.getByLabel('When targets may start').fill('mon-sun 00:00 1d')
    await page.getByRole('button', { name: 'Set the policy' }).click()
    await page.getByRole('heading', { name: 'careful', level: 1 }).waitFor()
    await page.getByText('at most 2 targets in flight').waitFor()
    await page.getByText('from 00:00 for 1 day (UTC)').waitFor()
    const { rolloutPolicy } = await hub.ask(
      world.owner,
      '{ rolloutPolicy(name: "careful") { rules { waves { name count rest soakMinutes } limits { inFlight } gate { maxFailures minDecided } windows { zone allow { days start minutes } } } } }',
    )
    assert.deepEqual(rolloutPolicy.rules, {
      waves: [
        { name: 'canary', count: 1, rest: false, soakMinutes: 0 },
        { name: 'all', count: null, rest: true, soakMinutes: 0 },
      ],
      limits: { inFlight: 2 },
      gate: { maxFailures: 0, minDecided: 1 },
      windows: {
        zone: 'UTC',
        allow: [{ days: ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'], start: '00:00', minutes: 1440 }],
      },
    })
    assert.deepEqual(wrong.splice(0), [])
  })

  test('keeps what nobody touched when it is changed, and the hub’s refusal is shown', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/rollout-policies/careful`)
    await page.getByRole('link', { name: 'Change…' }).click()
    await page.getByRole('heading', { name: 'Change careful', level: 1 }).waitFor()
    await page.getByLabel('Time zone').fill('Middle/Earth')
    await page.getByRole('button', { name: 'Set the policy' }).click()
    await page.getByRole('alert').getByText('Middle/Earth').waitFor()
    await page.getByLabel('Time zone').fill('Europe/Berlin')
    await page.getByRole('button', { name: 'Set the policy' }).click()
    await page.getByRole('heading', { name: 'careful', level: 1 }).waitFor()
    await page.getByText('(Europe/Berlin)').first().waitFor()
    const { rolloutPolicy } = await hub.ask(
      world.owner,
      '{ rolloutPolicy(name: "careful") { rules { windows { zone allow { minutes } } gate { maxFailures } } } }',
    )
    assert.deepEqual(rolloutPolicy.rules, {
      windows: { zone: 'Europe/Berlin', allow: [{ minutes: 1440 }] },
      gate: { maxFailures: 0 },
    })
  })

  test('goes, and is in the list no more', async () => {
    const { page } = owner
    await setPolicy(world, 'spare', CAREFUL)
    await page.goto(`${hub.url}/v/acme/rollout-policies/spare`)
    await page.getByRole('button', { name: 'Remove…' }).click()
    await dialogOf(page).getByRole('button', { name: 'Remove', exact: true }).click()
    await page.getByRole('heading', { name: 'Rollout policies', level: 1 }).waitFor()
    await row(page, 'careful').waitFor()
    await row(page, 'spare').waitFor({ state: 'detached' })
  })
})

describe('a plan and its start', () => {
  test('the plan names targets and who would wait, and what is started is that plan', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/apps/hello/releases/1.3.0`)
    await page.getByRole('link', { name: 'Roll out…' }).click()
    await page.getByRole('heading', { name: 'Start a rollout', level: 1 }).waitFor()
    await page.getByLabel('Policy').selectOption('careful')
    await page.getByRole('button', { name: 'Show the plan' }).click()
    await page.getByRole('region', { name: 'The plan of hello 1.3.0' }).waitFor()
    for (const wave of await page.locator('.plan-wave:not([open]) > summary').all()) await wave.click()
    for (const name of ['factory', 'lab', 'office', 'basement']) {
      await page.locator('.plan').getByRole('link', { name, exact: true }).waitFor()
    }
    assert.deepEqual(await axe(page), [])
    // another target joins meanwhile: the plan would be another one
    fleet.branch = await running(world, 'globex', 'branch', '1.2.0')
    await page.getByRole('button', { name: 'Start this plan' }).click()
    await page.getByRole('alert').getByText('rollout.plan_changed').waitFor()
    await page.getByRole('button', { name: 'Plan anew' }).last().click()
    await page.locator('.plan').getByText('branch').first().waitFor({ state: 'attached' })
    await page.getByRole('button', { name: 'Start this plan' }).click()
    await page.getByRole('heading', { name: '1-3-0', level: 1 }).waitFor()
    assert.deepEqual(wrong.splice(0), [])
  })

  test('a wave goes on under the reader’s eyes, target by target', async () => {
    const { page, wrong } = owner
    await page.goto(rolloutPage('1-3-0'))
    const waves = page.getByRole('table', { name: 'Waves' })
    await page.evaluate(() => {
      window.isTheSame = true
    })
    const [canary] = await untilMembers(world, '1-3-0', 'IN_FLIGHT', 1)
    await row(page.getByRole('table', { name: 'Targets' }), canary)
      .getByText('in flight')
      .waitFor()
    await obey(world, fleet[canary])
    await row(waves, 'canary').getByText('passed', { exact: true }).waitFor()
    await row(page.getByRole('table', { name: 'Targets' }), canary)
      .getByText('succeeded')
      .waitFor()
    await page.getByRole('list', { name: 'Facts, the newest first' }).getByText('passed wave 1').waitFor()
    assert.equal(await page.evaluate(() => window.isTheSame), true)
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      assert.deepEqual(await axe(page), [])
    }
    assert.deepEqual(wrong.splice(0), [])
  })

  test('a silent target says why it waits, here and on its own page', async () => {
    const { page, wrong } = owner
    await page.goto(rolloutPage('1-3-0'))
    const basement = row(page.getByRole('table', { name: 'Targets' }), 'basement')
    const strongest = basement.getByRole('list', { name: 'Why basement waits' }).locator('code')
    const code = await strongest.innerText()
    await page.getByLabel('State', { exact: true }).selectOption('WAITING')
    await basement.getByRole('button', { name: 'all that wait for this' }).click()
    await page.getByRole('button', { name: `Waiting for ${code}` }).waitFor()
    assert.equal(new URL(page.url()).searchParams.get('hold'), code)
    await basement.waitFor()
    await page.getByLabel('Wave', { exact: true }).selectOption('1')
    await page.getByText('No target fits these filters').waitFor()
    await page.getByRole('button', { name: 'Show all' }).click()
    await basement.getByRole('link', { name: 'basement' }).click()
    const note = page.getByRole('group', { name: 'Rollouts of Hello' })
    await note.getByText('the target was never heard').waitFor()
    assert.deepEqual(await axe(page), [])
    await note.getByRole('link', { name: 'Its rollouts' }).click()
    await row(page, '1-3-0').getByText('running').waitFor()
    assert.deepEqual(wrong.splice(0), [])
  })
})

describe('what a person does meanwhile', () => {
  const act = async (button, deed, reason) => {
    const { page } = owner
    await page.getByRole('button', { name: button }).first().click()
    const dialog = dialogOf(page)
    assert.equal(await dialog.getByRole('button', { name: deed, exact: true }).isDisabled(), true)
    await dialog.getByLabel('Reason').fill(reason)
    await dialog.getByRole('button', { name: deed, exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
  }
  const state = () => owner.page.locator('.page-title .state')

  test('it is paused with a reason, and resumed', async () => {
    const { page } = owner
    await page.goto(rolloutPage('1-3-0'))
    await act('Pause…', 'Pause', 'the vendor’s people sleep')
    await state().getByText('paused').waitFor()
    await page.getByRole('status').getByText('the vendor’s people sleep').waitFor()
    await page.getByRole('list', { name: 'Why the rollout waits' }).getByText('rollout.paused').waitFor()
    await act('Resume…', 'Resume', 'they are awake')
    await state().getByText('running').waitFor()
  })

  test('limits are adjusted, before beside after', async () => {
    const { page } = owner
    await page.goto(rolloutPage('1-3-0'))
    await page.getByRole('button', { name: 'Limits…' }).click()
    await dialogOf(page).getByLabel('In flight at most').fill('50%')
    assert.match(
      await dialogOf(page).getByLabel('The limits').innerText(),
      /at most 2 targets[\s\S]*at most 50% of the targets/,
    )
    assert.deepEqual(await axe(page), [])
    await dialogOf(page).getByRole('button', { name: 'Adjust' }).click()
    await page.getByText('at most 50% of the targets in flight').first().waitFor()
  })

  test('a failure halts it, with the gate’s sentence; what went out comes back by a rollout of its own', async () => {
    const { page, wrong } = owner
    await page.goto(rolloutPage('1-3-0'))
    const [next] = await untilMembers(world, '1-3-0', 'IN_FLIGHT', 1)
    await fail(world, fleet[next])
    await untilState(world, '1-3-0', 'HALTED')
    await state().getByText('halted').waitFor()
    await page.getByRole('status').getByText('Halted:').waitFor()
    await page.getByRole('list', { name: 'Facts, the newest first' }).getByText('halted it at wave 2').waitFor()
    await act('Roll back…', 'Roll back', 'it fails')
    await page.getByText('Away from release').waitFor()
    await page.getByText('rollback', { exact: false }).first().waitFor()
    await page.goto(rolloutPage('1-3-0'))
    await state().getByText('aborted').waitFor()
    assert.deepEqual(wrong.splice(0), [])
  })

  test('whoever started it does not approve it, and is told so; another role does', async () => {
    const { page } = owner
    await setPolicy(world, 'asking', `${CAREFUL}, approve: { roles: [OWNER, PUBLISHER] }`)
    await start(world, { policy: 'asking', version: '1.4.0', name: 'asked' })
    await page.goto(rolloutPage('asked'))
    await state().getByText('planned').waitFor()
    await page.getByRole('button', { name: 'Approve the start…' }).click()
    await dialogOf(page).locator('.plan-wave').first().waitFor()
    assert.deepEqual(await axe(page), [])
    await dialogOf(page).getByRole('button', { name: 'Approve', exact: true }).click()
    await dialogOf(page).getByRole('alert').getByText('rollout.own_approval').waitFor()
    await page.keyboard.press('Escape')
    const publisher = await open(browser, hub)
    publisher.page.setDefaultTimeout(PATIENCE)
    await signIn(publisher.page, hub, await world.member('pia@acme.example', 'PUBLISHER', undefined, 'Pia'))
    await publisher.page.goto(rolloutPage('asked'))
    await publisher.page.getByRole('button', { name: 'Approve the start…' }).click()
    await dialogOf(publisher.page).getByRole('button', { name: 'Approve', exact: true }).click()
    await publisher.page.locator('.page-title .state').getByText('running').waitFor()
    assert.deepEqual(publisher.wrong, [])
    await publisher.context.close()
    await state().getByText('running').waitFor()
  })

  test('a wave is skipped, and the rollout aborted for ever', async () => {
    const { page } = owner
    await page.goto(rolloutPage('asked'))
    await act('Skip wave…', 'Skip the wave', 'it is known to work')
    await row(page.getByRole('table', { name: 'Waves' }), 'canary')
      .getByText('it is known to work')
      .waitFor()
    await act('Abort…', 'Abort for ever', 'another one comes')
    await state().getByText('aborted').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Pause…' }).count(), 0)
  })
})

describe('others', () => {
  test('an auditor sees all of it, and is offered nothing', async () => {
    const { page, context, wrong } = await open(browser, hub)
    await signIn(page, hub, await world.member('auditor@acme.example', 'AUDITOR'))
    await page.goto(`${hub.url}/v/acme/rollouts`)
    await row(page, 'asked').getByRole('link', { name: 'asked' }).click()
    await page.getByRole('heading', { name: 'asked', level: 1 }).waitFor()
    await settled(page)
    assert.equal(await page.getByRole('button', { name: 'Roll back…' }).count(), 0)
    await page.getByRole('list', { name: 'Facts, the newest first' }).getByText('aborted it').waitFor()
    assert.deepEqual(await axe(page), [])
    assert.deepEqual(wrong, [])
    await context.close()
  })

  test('a customer sees its own targets, and nothing of rules, counts or others', async () => {
    const { page, context, wrong } = await open(browser, hub)
    page.setDefaultTimeout(PATIENCE)
    await signIn(page, hub, await world.member('ivy@initech.example', 'CUSTOMER_ADMIN', 'initech', 'Ivy'))
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme })
      await page.goto(`${hub.url}/p/acme/rollouts`)
      await row(page, '1-3-0').waitFor()
      assert.deepEqual(await axe(page), [])
      await row(page, '1-3-0').getByRole('link', { name: '1-3-0' }).click()
      await page.getByRole('heading', { name: '1-3-0', level: 1 }).waitFor()
      await row(page.getByRole('table', { name: 'Targets' }), 'basement').waitFor()
      assert.deepEqual(await axe(page), [])
    }
    const text = await page.locator('body').innerText()
    for (const word of ['factory', 'Globex', 'in flight at most', 'it fails', 'Roll back', 'Halted:']) {
      assert.equal(text.includes(word), false, word)
    }
    await page.goto(`${hub.url}/p/acme/rollouts/hello/asked`)
    await settled(page)
    assert.deepEqual(wrong, [])
    await context.close()
  })

  test('at a moment of the past it is said that only now is shown', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/rollouts/hello/1-3-0?at=70`)
    await page.getByRole('heading', { name: 'This page shows now alone', level: 1 }).waitFor()
    await page.goto(`${hub.url}/v/acme/targets/initech/basement?at=${(await hub.ask(world.owner, '{ head }')).head}`)
    await page.getByRole('heading', { name: 'basement', level: 1 }).waitFor()
    await settled(page)
    assert.equal(await page.getByRole('group', { name: 'Rollouts of Hello' }).count(), 0)
  })

  test('the keyboard alone leads there and back', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme`)
    await settled(page)
    await page.keyboard.press('g')
    await page.keyboard.press('w')
    await page.getByRole('heading', { name: 'Rollouts', level: 1 }).waitFor()
    await row(page, 'asked').waitFor()
    await page.keyboard.press('j')
    await page.waitForFunction(() => document.activeElement?.classList.contains('name'))
    const name = await page.evaluate(() => document.activeElement.textContent)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name, level: 1, exact: true }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('rollout pol')
    await page.getByRole('option', { name: /Rollout policies/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Rollout policies', level: 1 }).waitFor()
  })
})
