// Who may come in: members and their codes, tokens, and oneself.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { axe, launch, lookAt, open, signIn } from '../support/browser.mjs'
import { Hub, OWNER, PASSWORD } from '../support/hub.mjs'
import { World } from '../support/world.mjs'

const CHOSEN = 'a password that nobody guesses'

let hub
let world
let browser
let owner

const row = (page, text) => page.getByRole('row').filter({ hasText: text })
const dialogOf = page => page.getByRole('dialog')

before(async () => {
  hub = await Hub.start()
  world = new World()
  world.hub = hub
  world.owner = await hub.signIn()
  await world.change('customerCreate(name: "globex", displayName: "Globex Corporation") { changed }')
  await world.change('robotAdd(name: "ci", role: PUBLISHER) { changed }')
  await world.member('auditor@acme.example', 'AUDITOR', undefined, 'Audrey')
  browser = await launch()
  owner = await open(browser, hub)
  await signIn(owner.page, hub)
})

after(async () => {
  await browser?.close()
  await hub?.remove()
})

/** What a dialog shows once, made visible. */
async function shown(page, what) {
  await page.getByRole('button', { name: `Show ${what}` }).click()
  const secret = page.locator('.secret').filter({ has: page.getByRole('button', { name: `Hide ${what}` }) })
  return (await secret.locator('code').innerText()).trim()
}

for (const scheme of ['light', 'dark']) {
  describe(`every room, ${scheme}`, () => {
    for (const [path, heading] of [
      ['/v/acme/members', 'Members'],
      ['/v/acme/tokens', 'Tokens'],
      ['/v/acme/me', 'Owner'],
      ['/join', 'Become a member'],
      ['/join#dsp_none', 'Choose a new password'],
    ]) {
      test(path, () => lookAt(owner, hub, scheme, path, heading))
    }
  })
}

describe('members', () => {
  test('a person is invited by a link whose code no request carries in its address', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/members`)
    await page.getByRole('button', { name: 'Invite…' }).click()
    await dialogOf(page).getByLabel('E-mail').fill('pat@acme.example')
    await dialogOf(page).getByLabel('Role').selectOption('PUBLISHER')
    await dialogOf(page).getByText('Same in the CLI').click()
    const line = 'distr member invite pat@acme.example --role publisher'
    assert.equal(await dialogOf(page).locator('.command code').innerText(), line)
    assert.deepEqual(await axe(page), [])
    await dialogOf(page).getByRole('button', { name: 'Invite', exact: true }).click()
    await page.getByRole('heading', { name: 'Hand this to pat@acme.example' }).waitFor()
    assert.deepEqual(await axe(page), [])
    const link = await shown(page, 'the link')
    assert.match(link, /\/join#dsi_/)
    assert.doesNotMatch(page.url() + (await page.title()), /dsi_/)
    await dialogOf(page).getByRole('button', { name: 'Done' }).click()
    await row(page, 'pat@acme.example').getByText('invited').waitFor()
    assert.doesNotMatch(await page.content(), /dsi_/)

    const pat = await open(browser, hub)
    const asked = []
    pat.page.on('request', request => asked.push(request.url()))
    await pat.page.goto(`${hub.url}/join${new URL(link).hash}`)
    await pat.page.getByLabel('Your name').fill('Pat Publisher')
    assert.doesNotMatch(pat.page.url(), /dsi_/)
    await pat.page.getByLabel('New password').fill('short')
    await pat.page.getByRole('button', { name: 'Sign in' }).click()
    await pat.page.getByRole('alert').getByText('12').waitFor()
    await pat.page.getByLabel('New password').fill(CHOSEN)
    await pat.page.getByRole('button', { name: 'Sign in' }).click()
    await pat.page.locator('.who').getByText('Pat Publisher').waitFor()
    assert.equal(await pat.page.evaluate(() => document.cookie), '')
    assert.deepEqual(
      asked.filter(url => url.includes('dsi_')),
      [],
    )
    assert.deepEqual([pat.wrong, wrong.splice(0)], [[], []])
    await pat.context.close()
  })

  test('a code is good once', async () => {
    const { page, context } = await open(browser, hub)
    await page.goto(`${hub.url}/join#dsi_used-or-never-made`)
    await page.getByLabel('Your name').fill('Somebody')
    await page.getByLabel('New password').fill(CHOSEN)
    await page.getByRole('button', { name: 'Sign in' }).click()
    assert.equal(await page.getByRole('alert').locator('code').innerText(), 'member.code_void')
    await context.close()
  })

  test('the last owner stays one, and the dialog says why', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/members`)
    await page.getByRole('button', { name: 'Role… of Owner' }).click()
    await dialogOf(page).getByLabel('Role', { exact: true }).selectOption('AUDITOR')
    await dialogOf(page).getByRole('button', { name: 'Change the role' }).click()
    await dialogOf(page).getByRole('alert').locator('code').waitFor()
    assert.deepEqual(await axe(page), [])
    const { viewer } = await hub.ask(world.owner, '{ viewer { role } }')
    assert.equal(viewer.role, 'OWNER')
    await page.keyboard.press('Escape')
  })

  test('a role is changed, and a member is removed once its name is typed', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/members`)
    await page.getByRole('button', { name: 'Role… of Audrey' }).click()
    await dialogOf(page).getByLabel('Role', { exact: true }).selectOption('SUPPORT')
    await dialogOf(page).getByRole('button', { name: 'Change the role' }).click()
    await row(page, 'auditor@acme.example').getByText('support', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Remove… of Audrey' }).click()
    const remove = dialogOf(page).getByRole('button', { name: 'Remove for ever' })
    assert.equal(await remove.isDisabled(), true)
    await dialogOf(page).getByLabel('Type auditor@acme.example to go on').fill('auditor@acme.example')
    assert.deepEqual(await axe(page), [])
    await remove.click()
    await dialogOf(page).waitFor({ state: 'detached' })
    await row(page, 'auditor@acme.example').waitFor({ state: 'detached' })
    const { members } = await hub.ask(world.owner, '{ members { nodes { email } } }')
    assert.equal(
      members.nodes.some(({ email }) => email === 'auditor@acme.example'),
      false,
    )
  })

  test('what each role may do is what the hub says', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/members`)
    const { roles } = await hub.ask(world.owner, '{ roles { role permissions } }')
    const publish = page.getByRole('row').filter({ hasText: 'publish releases' })
    await publish.waitFor()
    const expected = roles.map(({ permissions }) => (permissions.includes('PUBLISH') ? 1 : 0))
    const cells = await publish.getByRole('cell').all()
    assert.deepEqual(await Promise.all(cells.map(cell => cell.getByRole('img').count())), expected)
  })
})

describe('tokens', () => {
  test('a token is issued for a robot, shown once, and revoked', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/tokens`)
    await page.getByRole('button', { name: 'Issue… for ci' }).click()
    await dialogOf(page).getByLabel('Label').fill('pipeline')
    await dialogOf(page).getByLabel('read').check()
    await dialogOf(page).getByLabel('push').check()
    await dialogOf(page).getByLabel('Good through').fill('2099-12-31')
    await dialogOf(page).getByText('Same in the CLI').click()
    const line = 'distr token create pipeline --scope pull --scope read --scope push --expires 2099-12-31 --member ci'
    assert.equal(await dialogOf(page).locator('.command code').innerText(), line)
    assert.deepEqual(await axe(page), [])
    await dialogOf(page).getByRole('button', { name: 'Issue', exact: true }).click()
    const secret = await shown(page, 'the token')
    assert.match(secret, /^dst_/)
    assert.deepEqual(await axe(page), [])
    const { viewer } = await hub.ask(secret, '{ viewer { role token { scopes expiresAt } } }')
    assert.equal(viewer.role, 'PUBLISHER')
    assert.match(viewer.token.expiresAt, /^2100-01-01T00:00:00/)
    await dialogOf(page).getByRole('button', { name: 'Done' }).click()
    assert.doesNotMatch((await page.content()) + page.url() + (await page.title()), /dst_/)
    await page.getByRole('button', { name: 'Revoke… pipeline' }).click()
    await dialogOf(page).getByRole('button', { name: 'Revoke for ever' }).click()
    await row(page, 'pipeline').getByText('revoked').waitFor()
    await assert.rejects(hub.ask(secret, '{ viewer { role } }'))
    assert.deepEqual(wrong.splice(0), [])
  })
})

describe('oneself', () => {
  test('times are told in UTC once that is chosen', async () => {
    const { page, context } = await open(browser, hub, { timezoneId: 'Asia/Tokyo' })
    await signIn(page, hub)
    await page.goto(`${hub.url}/v/acme/me`)
    const time = page.getByRole('table', { name: 'Sessions' }).locator('time').first()
    await time.waitFor()
    assert.match(await time.getAttribute('title'), /GMT\+9/)
    await page.getByRole('group', { name: 'Times' }).getByRole('button', { name: 'UTC' }).click()
    assert.match(await time.getAttribute('title'), /UTC/)
    assert.doesNotMatch(await time.getAttribute('title'), /GMT\+9/)
    await page.getByRole('group', { name: 'Theme' }).getByRole('button', { name: 'dark' }).click()
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
    await context.close()
  })

  test('keys move along the rows, say what they do, and can be turned off', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/customers`)
    await page.getByRole('link', { name: 'Globex Corporation' }).waitFor()
    await page.keyboard.press('j')
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Globex Corporation')
    await page.keyboard.press('?')
    await page.getByRole('dialog').getByText('this list', { exact: true }).waitFor()
    assert.deepEqual(await axe(page), [])
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('g')
    await page.keyboard.press('i')
    await page.getByRole('heading', { name: 'Owner', level: 1 }).waitFor()
    await page.getByRole('group', { name: 'Keys without Ctrl' }).getByRole('button', { name: 'off' }).click()
    await page.keyboard.press('?')
    await page.keyboard.press('g')
    await page.keyboard.press('c')
    await page.getByRole('group', { name: 'Keys without Ctrl' }).getByRole('button', { name: 'on' }).click()
    assert.equal(await page.getByRole('dialog').count(), 0)
    assert.equal(new URL(page.url()).pathname, '/v/acme/me')
  })

  test('a session ends from elsewhere', async () => {
    const other = await open(browser, hub)
    await signIn(other.page, hub)
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/me`)
    const sessions = page.getByRole('table', { name: 'Sessions' })
    await sessions.waitFor()
    await page.getByRole('button', { name: 'End all others' }).click()
    await sessions.getByRole('button').first().waitFor({ state: 'detached' })
    await other.page.getByRole('dialog').getByText('You are signed out').waitFor({ timeout: 20_000 })
    await other.context.close()
    // the world signed in as the same person
    world.owner = await hub.signIn()
  })

  test('a password is changed by whoever knows the present one', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/me`)
    await page.getByLabel('Current password').fill('not this one')
    await page.getByLabel('New password').fill(CHOSEN)
    await page.getByRole('button', { name: 'Change the password' }).click()
    await page.getByRole('alert').getByText('the current password is another').waitFor()
    await page.getByLabel('Current password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Change the password' }).click()
    await page.getByText('The password is changed').waitFor()
    world.owner = await hub.signIn(OWNER, CHOSEN)
  })
})
