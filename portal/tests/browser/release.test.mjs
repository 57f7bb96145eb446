// From nothing to a release: the first steps, the registry, and publishing.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { axe, launch, lookAt, open, signIn } from '../support/browser.mjs'
import { Hub } from '../support/hub.mjs'
import { push } from '../support/registry.mjs'
import { World } from '../support/world.mjs'

let hub
let world
let browser
let owner

const row = (page, text) => page.getByRole('row').filter({ hasText: text })
const dialogOf = page => page.getByRole('dialog')

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

describe('the first steps', () => {
  test('an empty organization begins with them, and each ticks by what is done elsewhere', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme`)
    await page.getByRole('heading', { name: 'Your first release', level: 1 }).waitFor()
    await page.getByText('0 of 8 done').waitFor()
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme })
      assert.deepEqual(await axe(page), [])
    }
    await page.evaluate(() => {
      window.isTheSame = true
    })
    world = await World.make(hub)
    await page.getByText('5 of 8 done').waitFor()
    assert.equal(await page.evaluate(() => window.isTheSame), true)
    assert.deepEqual(wrong.splice(0), [])
  })

  test('the overview takes their place once a target is there', async () => {
    const { page } = owner
    await world.target('globex', 'factory', '1.3.0')
    await page.goto(`${hub.url}/v/acme`)
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
    await page.goto(`${hub.url}/v/acme/start`)
    await page.getByText('5 of 8 done').waitFor()
    await world.agents.factory.say()
    await page.getByText('6 of 8 done').waitFor()
  })
})

for (const scheme of ['light', 'dark']) {
  describe(`every room, ${scheme}`, () => {
    for (const [path, heading] of [
      ['/v/acme/start', 'Your first release'],
      ['/v/acme/registry', 'Registry'],
      ['/v/acme/registry/hello', 'hello'],
      ['/v/acme/registry/hello?of=1.3.0', 'hello'],
      ['/v/acme/registry/team/nothing', 'team/nothing'],
      ['/v/acme/apps/hello/publish', 'Publish a release'],
    ]) {
      test(path, () => lookAt(owner, hub, scheme, path, heading))
    }
  })
}

describe('the registry', () => {
  test('a tag says what it is, who names it, and how it is pulled', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/registry`)
    await page.getByRole('link', { name: 'hello', exact: true }).click()
    await page.getByRole('heading', { name: 'hello', level: 1 }).waitFor()
    const tag = row(page.getByRole('table', { name: 'Tags' }), '1.3.0')
    await tag.getByRole('link', { name: 'Hello 1.3.0' }).waitFor()
    await tag.getByText('amd64', { exact: true }).waitFor()
    const { repository } = await hub.ask(
      world.owner,
      '{ repository(name: "hello") { tags { name size digest releases { version } } } }',
    )
    const known = repository.tags.find(({ name }) => name === '1.3.0')
    assert.deepEqual(
      known.releases.map(({ version }) => version),
      ['1.3.0'],
    )
    assert.equal(known.size > 400 && known.size < 2000, true, `${known.size} bytes`)
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await tag.getByRole('button', { name: 'docker pull by the tag' }).click()
    const copied = () => page.evaluate(() => navigator.clipboard.readText())
    assert.equal(await copied(), `docker pull 127.0.0.1:${hub.port}/acme/hello:1.3.0`)
    await tag.getByRole('button', { name: 'docker pull by the digest' }).click()
    assert.equal(await copied(), `docker pull 127.0.0.1:${hub.port}/acme/hello@${known.digest}`)
  })

  test('a push is seen without a load', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/registry/hello`)
    await row(page, '1.3.0').first().waitFor()
    await push(hub, world.registryToken, 'hello', 'nightly')
    await row(page.getByRole('table', { name: 'Tags' }), 'nightly').waitFor({ timeout: 20_000 })
  })

  test('a tag goes, and a manifest that a release names stays with the reason', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/registry/hello`)
    await page.getByRole('button', { name: 'Delete nightly', exact: true }).click()
    assert.deepEqual(await axe(page), [])
    await dialogOf(page).getByRole('button', { name: 'Delete the tag' }).click()
    await dialogOf(page).waitFor({ state: 'detached' })
    await row(page.getByRole('table', { name: 'Tags' }), 'nightly').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Delete 1.3.0', exact: true }).click()
    await dialogOf(page).getByLabel('Delete the manifest too').check()
    await dialogOf(page).getByRole('button', { name: 'Delete the manifest' }).click()
    const refusal = dialogOf(page).getByRole('alert')
    await refusal.getByText('1.3.0').first().waitFor()
    await page.keyboard.press('Escape')
    const { repository } = await hub.ask(world.owner, '{ repository(name: "hello") { tags { name } } }')
    const names = repository.tags.map(({ name }) => name)
    assert.deepEqual([names.includes('nightly'), names.includes('1.3.0')], [false, true])
    assert.deepEqual(wrong.splice(0), [])
  })

  test('rules are tried before they are set', async () => {
    const { page } = owner
    await push(hub, world.registryToken, 'spare', 'one')
    await push(hub, world.registryToken, 'spare', 'two')
    await page.goto(`${hub.url}/v/acme/registry/spare`)
    await page.getByRole('button', { name: 'Try other rules…' }).click()
    await dialogOf(page).getByLabel('Tags that moved last').fill('1')
    await dialogOf(page).getByText('1 tags and 0 manifests would go now').waitFor()
    assert.deepEqual(await axe(page), [])
    await dialogOf(page).getByRole('button', { name: 'Set the rules' }).click()
    await page.getByText('It keeps the 1 tags that moved last').waitFor()
    await page.getByRole('button', { name: 'Delete all…' }).click()
    const all = dialogOf(page).getByRole('button', { name: 'Delete everything' })
    assert.equal(await all.isDisabled(), true)
    await dialogOf(page).getByLabel('Type spare to go on').fill('spare')
    await all.click()
    await page.getByText('There is nothing in spare').waitFor()
  })
})

describe('publishing', () => {
  const compose = image => `services:\n  web:\n    image: ${image}\n    ports: ["70000:80"]\n`

  test('what the hub refuses stands at its line', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/apps/hello`)
    await page.getByRole('link', { name: 'Publish a release…' }).click()
    await page.getByRole('heading', { name: 'Publish a release', level: 1 }).waitFor()
    assert.equal(await page.getByLabel('Version', { exact: true }).inputValue(), '1.4.1')
    await page.getByRole('group', { name: 'Proposed versions' }).getByRole('button', { name: '1.5.0' }).click()
    assert.equal(await page.getByLabel('Version', { exact: true }).inputValue(), '1.5.0')
    const area = page.getByLabel('Compose file')
    await area.fill(compose('postgres:17'))
    await page.getByRole('button', { name: 'Check', exact: true }).click()
    const refused = page.getByRole('alert').filter({ hasText: 'The hub refuses the file' })
    await refused.getByText('"70000" is no port').waitFor()
    assert.deepEqual(await axe(page), [])
    await refused.getByRole('button', { name: 'line 4' }).click()
    const selected = await area.evaluate(area => area.value.slice(area.selectionStart, area.selectionEnd))
    assert.equal(selected, '    ports: ["70000:80"]')
    await area.fill(compose('postgres:17').replace('70000', '18080'))
    await page.getByRole('button', { name: 'Check', exact: true }).click()
    await page.getByText('is in another registry and not pinned').waitFor()
    await page.getByRole('button', { name: 'line 3, column 12' }).waitFor()
    assert.deepEqual(wrong.splice(0), [])
  })

  test('a file is chosen, checked, published and promoted', async () => {
    const { page, wrong } = owner
    await push(hub, world.registryToken, 'hello', '1.5.0')
    await page.goto(`${hub.url}/v/acme/apps/hello/publish`)
    await page.getByLabel('Version', { exact: true }).fill('1.5.0')
    const text = compose(`127.0.0.1:${hub.port}/acme/hello:1.5.0`).replace('70000', '18080')
    const file = { name: 'compose.yaml', mimeType: 'application/yaml', buffer: Buffer.from(text) }
    await page.locator('input[type=file]').setInputFiles(file)
    await page.getByLabel('Notes').fill('It is faster')
    await page.getByRole('button', { name: 'Check', exact: true }).click()
    const images = page.getByRole('table', { name: 'Images' })
    await images.getByText('hello:1.5.0').waitFor()
    await images.getByText('sha256:').waitFor()
    for (const colorScheme of ['light', 'dark']) {
      // no colour is half way to another
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      assert.deepEqual(await axe(page), [])
    }
    await page.getByLabel('Notes').fill('It is much faster')
    await page.getByText('It changed since the check').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Publish', exact: true }).count(), 0)
    await page.getByRole('button', { name: 'Check', exact: true }).click()
    await page.getByLabel('Then').selectOption('alpha')
    await page.getByRole('button', { name: 'Publish and promote' }).click()
    await page.getByRole('heading', { name: '1.5.0', level: 1 }).waitFor()
    const { release, channel } = await hub.ask(
      world.owner,
      '{ release(application: "hello", version: "1.5.0") { status notes } channel(application: "hello", name: "alpha") { current } }',
    )
    assert.deepEqual([release, channel.current], [{ status: 'PUBLISHED', notes: 'It is much faster' }, '1.5.0'])
    assert.deepEqual(wrong.splice(0), [])
  })

  test('a file that is no text is refused by its name', async () => {
    const { page } = owner
    await page.goto(`${hub.url}/v/acme/apps/hello/publish`)
    const file = { name: 'image.png', mimeType: 'image/png', buffer: Buffer.from([0xff, 0xfe, 0x00, 0x80]) }
    await page.locator('input[type=file]').setInputFiles(file)
    await page.getByRole('alert').getByText('image.png is not a text').waitFor()
  })
})

test('notes are Markdown, and nothing of them runs or is loaded from elsewhere', async () => {
  const { page, wrong } = owner
  const notes = [
    '# What is new',
    'It is *faster*: [why](https://acme.example/why), and [not](javascript:alert(1)).',
    '<img src=x onerror=alert(1)> <script>alert(1)</script>',
    '![a plan](https://elsewhere.example/plan.png)',
    '| setting | now |\n|---|---|\n| timeout | 60 s |',
    '```\ndistr deploy\n```',
  ].join('\n\n')
  const file = `services:\n  web:\n    image: 127.0.0.1:${hub.port}/acme/hello:1.4.0\n`
  const query = `mutation ($file: String!, $notes: String!) {
    releasePublish(application: "hello", version: "9.0.0", packages: [{ compose: { file: $file } }], notes: $notes) { changed }
  }`
  await hub.ask(world.owner, query, { file, notes })
  for (const scheme of ['light', 'dark']) {
    await lookAt(owner, hub, scheme, '/v/acme/apps/hello/releases/9.0.0', '9.0.0')
    await page.getByRole('heading', { name: 'What is new', level: 3 }).waitFor()
    await page.getByRole('cell', { name: '60 s' }).waitFor()
    assert.equal(await page.getByRole('link', { name: /^why/ }).getAttribute('href'), 'https://acme.example/why')
    assert.equal(
      await page.getByRole('link', { name: /^a plan/ }).getAttribute('href'),
      'https://elsewhere.example/plan.png',
    )
    assert.equal(await page.getByRole('link', { name: /^not/ }).count(), 0)
    assert.equal(await page.locator('.is-notes img, .is-notes script').count(), 0)
    assert.ok((await page.locator('.is-notes').textContent()).includes('<script>alert(1)</script>'))
  }
  assert.deepEqual(wrong, [])
})

describe('the way of upgrades, at a release', () => {
  test('is required, blocked and of no return, each with its reason', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/apps/hello/releases/1.4.0`)
    const way = page.getByRole('list', { name: 'What upgrades go by' })
    const say = async (button, deed, reason, more) => {
      await way.getByRole('button', { name: button }).click()
      await more?.()
      await dialogOf(page).getByLabel('Reason').fill(reason)
      await dialogOf(page).getByRole('button', { name: deed, exact: true }).click()
      await dialogOf(page).waitFor({ state: 'detached' })
      await way.getByText(reason).waitFor()
    }
    await say('Require it…', 'Require it', 'it moves the data')
    await say('Block upgrades…', 'Block', 'the index breaks', () =>
      dialogOf(page).getByLabel('From versions').fill('<1.2.0'),
    )
    await say('Mark as one of no return…', 'Mark it for ever', 'older ones cannot read it')
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      assert.deepEqual(await axe(page), [])
    }
    await way.getByRole('button', { name: 'Open the way from' }).click()
    await dialogOf(page).getByRole('button', { name: 'Open the way', exact: true }).click()
    // while a dialog is there, the page behind it has no roles
    await dialogOf(page).waitFor({ state: 'detached' })
    await way.waitFor()
    await way.getByText('the index breaks').waitFor({ state: 'detached' })
    const { release } = await hub.ask(
      world.owner,
      '{ release(application: "hello", version: "1.4.0") { required noReturn blockedUpgrades { from } } }',
    )
    assert.deepEqual(release, {
      required: 'it moves the data',
      noReturn: 'older ones cannot read it',
      blockedUpgrades: [],
    })
    assert.deepEqual(wrong.splice(0), [])
  })
})
