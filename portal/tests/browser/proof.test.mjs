// Proofs in a browser: of events and of the history, verified by the page itself, also when the hub does not tell the truth.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { healthy } from '../support/agent.mjs'
import { axe, launch, lookAt, open, settled, signIn } from '../support/browser.mjs'
import { Hub } from '../support/hub.mjs'
import { until } from '../support/wait.mjs'
import { World } from '../support/world.mjs'

let hub
let world
let browser
let owner

before(async () => {
  hub = await Hub.start()
  world = await World.make(hub)
  const { agent, deployment } = await world.target('globex', 'factory', '1.3.0')
  await agent.say(healthy(deployment, '1.3.0'))
  await world.target('globex', 'lab', '1.2.0')
  await world.change('targetRetire(customer: "globex", name: "lab", reason: "sold") { changed }')
  browser = await launch()
  owner = await open(browser, hub)
  await signIn(owner.page, hub)
})

after(async () => {
  await browser?.close()
  world?.end()
  await hub?.remove()
})

const KEY = '{ history { keys { key } } }'

async function text(file) {
  let text = ''
  for await (const part of await file.createReadStream()) text += part
  return text
}

/** What the hub says of the chain of the first event of this kind, once something followed if it should. */
function chainOf(type, leadsTo) {
  return until(`the chain of ${type}`, 60_000, async () => {
    const { events } = (await hub.ask(world.owner, '{ events(first: 1000) { events { position type } } }')).events
    const found = events.find(event => event.type === type)
    const query = `query ($position: Position!) {
      why(position: $position) { event { position } causes { position } grounds { position type } consequences { position type } }
    }`
    const why = found && (await hub.ask(world.owner, query, { position: found.position })).why
    return why && (!leadsTo || why.consequences.some(({ type }) => type === leadsTo)) ? why : undefined
  })
}

/** The proof of the event in whose line these words are. */
async function openProof(page, words) {
  await page.goto(`${hub.url}/v/acme/activity`)
  // the first one that happened: what happened just now is in the tree within seconds
  await page.getByRole('button').filter({ hasText: words }).last().click()
  await page.getByRole('button', { name: /^Proof… of the event/ }).press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.locator('.verdict').waitFor()
  return dialog
}

/** The hub's answers to a question, changed on their way to the page. */
async function lie(page, operation, change) {
  await page.route('**/graphql', async route => {
    if (!route.request().postData()?.includes(`query ${operation}`)) return route.fallback()
    const answer = await route.fetch()
    const body = await answer.json()
    change(body.data)
    return route.fulfill({ response: answer, json: body })
  })
}

describe('the proof of an event', () => {
  test('is verified by the browser, shown step by step, and handed out as a file', async () => {
    const { page, wrong } = owner
    const dialog = await openProof(page, 'revoked a license')
    await dialog.getByText('This browser verified it.').waitFor()
    await dialog.getByText('LicenseRevoked').first().waitFor()
    await dialog.getByText(/^The way from the leaf to the root, in \d steps$/).press('Enter')
    await dialog.getByText('This is the root that is signed:').waitFor()
    await dialog.getByText('The leaf, as it is hashed').press('Enter')
    await dialog.getByText(/^distr fact v1/).waitFor()
    for (const scheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: scheme })
      assert.deepEqual(await axe(page), [])
    }
    const position = /position (\d+)$/.exec(await dialog.getByRole('heading', { level: 2 }).textContent())[1]
    const query = 'query ($position: Position!) { eventProof(position: $position) { leaf } }'
    const { eventProof } = await hub.ask(world.owner, query, { position })
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Proof file' }).press('Enter'),
    ])
    assert.equal(file.suggestedFilename(), `event-${position}.tlog-proof`)
    const [header, extra] = (await text(file)).split('\n')
    assert.equal(header, 'c2sp.org/tlog-proof@v1')
    assert.equal(Buffer.from(extra.slice('extra '.length), 'base64').toString(), eventProof.leaf)
    await dialog.getByText(`distr audit verify event-${position}.tlog-proof --key acme.key`).waitFor()
    assert.deepEqual(wrong, [])
  })

  test('is verified with a key that somebody kept, and with no other', async () => {
    const { page, wrong } = owner
    const [{ key }] = (await hub.ask(world.owner, KEY)).history.keys
    const dialog = await openProof(page, 'revoked a license')
    const kept = dialog.getByLabel('A key that you kept')
    await kept.fill(key)
    await dialog.getByText('the key that you kept').waitFor()
    // the key of somebody else, whole in itself
    await kept.fill('distr/00000000-0000-0000-0000-000000000000+12345678+AR6uBIIBQmfOdtBdLEG07bepZVTAhWO23WLtl/4ZyTjm')
    await dialog.getByRole('alert').getByText('of another organization than the key').waitFor()
    await kept.fill('my key')
    await dialog.getByText('This is not a public key of a history').waitFor()
    assert.deepEqual(wrong, [])
  })

  test('is there for an access, and beside the entries of a license', async () => {
    const { page, wrong } = owner
    const dialog = await openProof(page, 'signed in')
    await dialog.getByText('An access with this id and time').waitFor()
    await page.goto(`${hub.url}/v/acme/licenses/initech/old`)
    await page.getByRole('button', { name: 'Proof… of revoked' }).click()
    await page.getByRole('dialog').getByText('This browser verified it.').waitFor()
    // at a moment of the past, too: it is of the history as it is
    await page.goto(`${hub.url}/v/acme/licenses/initech/old?at=${(await hub.ask(world.owner, '{ head }')).head}`)
    await page.getByRole('button', { name: 'Proof… of issued' }).click()
    await page.getByRole('dialog').getByText('This browser verified it.').waitFor()
    assert.deepEqual(wrong, [])
  })

  test('is none if the hub changed the event, its place, or what it signed', async () => {
    const { context } = owner
    const changed = (file, from, to) => {
      const [header, extra, ...rest] = file.split('\n')
      const leaf = Buffer.from(extra.slice('extra '.length), 'base64').toString()
      assert.match(leaf, from)
      return [header, `extra ${Buffer.from(leaf.replace(from, to)).toString('base64')}`, ...rest].join('\n')
    }
    const lies = [
      [/another root/, data => (data.file = changed(data.file, /payload sha256:../, 'payload sha256:00'))],
      [/of another event/, data => (data.file = changed(data.file, /type LicenseRevoked/, 'type LicenseIssued'))],
      [/another root/, data => (data.file = data.file.replace(/\nindex \d+/, '\nindex 3'))],
      [/not of this checkpoint/, data => (data.file = data.file.replace(/\n(distr\/\S+\/)\S+\n/, '\n$1other\n'))],
    ]
    for (const [words, change] of lies) {
      const page = await context.newPage()
      await lie(page, 'EventProof', data => change(data.eventProof))
      const dialog = await openProof(page, 'revoked a license')
      await dialog.getByRole('alert').getByText(words).waitFor()
      assert.equal(await dialog.getByText('This browser verified it.').count(), 0)
      await page.close()
    }
  })

  test('is said to be open where the page has no means for it', async () => {
    const { page, context } = await open(browser, hub)
    await page.addInitScript(() => Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined }))
    await signIn(page, hub)
    const dialog = await openProof(page, 'revoked a license')
    await dialog.getByText('This browser did not verify it.').waitFor()
    assert.deepEqual(await axe(page), [])
    await context.close()
  })
})

describe('why an event is there', () => {
  const positions = async part =>
    (await part.locator('.small').allTextContents()).map(text => /position (\d+)$/.exec(text)[1])

  test('is shown by the chain, from the first command to what followed', async () => {
    const { page, wrong } = owner
    const why = await chainOf('TargetRetired', 'SeatReleased')
    await page.goto(`${hub.url}/v/acme/activity`)
    const line = page.getByRole('button').filter({ hasText: 'retired a target' })
    await line.click()
    await page.getByRole('button', { name: /^Why\?/ }).press('Enter')
    const dialog = page.getByRole('dialog')
    const followed = dialog.getByRole('region', { name: 'It led to' })
    await followed.getByText('gave a seat back').waitFor()
    assert.deepEqual(
      await positions(followed),
      why.consequences.map(({ position }) => position),
    )
    assert.deepEqual(await positions(dialog.getByRole('region', { name: 'The event' })), [why.event.position])
    for (const scheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: scheme })
      assert.deepEqual(await axe(page), [])
    }
    // from what followed back to what led there, by keys alone
    const next = why.consequences.find(({ type }) => type === 'SeatReleased').position
    await followed.getByRole('button', { name: `Why? the event at position ${next}` }).press('Enter')
    await dialog.getByRole('heading', { name: `Why: the event at position ${next}` }).waitFor()
    await dialog.getByRole('region', { name: 'Led to it' }).getByText('retired a target').waitFor()
    await dialog.getByText('Same in the CLI').press('Enter')
    await dialog.getByText(`distr audit why ${next}`, { exact: true }).waitFor()
    await dialog.getByRole('button', { name: 'The event before' }).press('Enter')
    await dialog.getByRole('heading', { name: `Why: the event at position ${why.event.position}` }).waitFor()
    assert.deepEqual(wrong, [])
  })

  test('is the report of an agent for what the hub saw in it', async () => {
    const { page, wrong } = owner
    await chainOf('DeploymentHealthy')
    await page.goto(`${hub.url}/v/acme/activity`)
    await page.getByRole('button').filter({ hasText: 'reported a deployment healthy' }).click()
    await page.getByRole('button', { name: /^Why\?/ }).click()
    await page.getByRole('dialog').getByRole('region', { name: 'Led to it' }).getByText('sent a report').waitFor()
    assert.deepEqual(wrong, [])
  })

  test('is the license for a use of it', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/licenses/globex/hello-2026`)
    await page.getByRole('button', { name: 'Why? deployment granted' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('region', { name: 'It rests on' }).getByText('issued a license').waitFor()
    assert.deepEqual(wrong, [])
  })
})

describe('the page of the history', () => {
  for (const scheme of ['light', 'dark']) {
    test(`in ${scheme}`, () => lookAt(owner, hub, scheme, '/v/acme/proof', 'Proof'))
  }

  test('has the newest checkpoint, the keys, and where others find them', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/proof`)
    await page.getByText('verified by this browser, with a key below').waitFor()
    // the page looks again every quarter of a minute
    await page.getByText(/, in this checkpoint$/).waitFor({ timeout: 60_000 })
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Keep it' }).press('Enter'),
    ])
    const [origin, size, root] = (await text(file)).split('\n')
    const [, organization] = origin.split('/')
    const [{ key }] = (await hub.ask(world.owner, KEY)).history.keys
    await page.getByText(key, { exact: true }).waitFor()
    await page.getByText(root, { exact: true }).waitFor()
    // what is shown to be copied is there for whoever asks
    const commands = await page.getByRole('region', { name: 'Witness and mirror' }).locator('pre').allTextContents()
    const addresses = commands.map(command => /'(.*)'/.exec(command)[1])
    assert.equal(addresses.length, 3)
    for (const address of addresses) {
      assert.ok(address.startsWith(`${hub.url}/log/${organization}/`), address)
      const answer = await fetch(address, { headers: { authorization: `Bearer ${world.owner}` } })
      assert.equal(answer.status, 200, address)
    }
    assert.ok(Number(size) > 50)
    const period = page.getByRole('region', { name: 'Export a period' })
    await period.getByLabel('From, with the day itself (UTC)').fill('2026-11-01')
    await period.getByText('distr audit export history --from 2026-11-01', { exact: true }).waitFor()
    assert.deepEqual(wrong, [])
  })

  test('says so if the hub shows a root that it did not sign', async () => {
    const page = await owner.context.newPage()
    await lie(page, 'History', ({ history: { checkpoint } }) => {
      checkpoint.note = checkpoint.note.replace(/\n(\d+)\n/, (_all, size) => `\n${Number(size) - 1}\n`)
    })
    await page.goto(`${hub.url}/v/acme/proof`)
    await page.getByText('NOT by the key that it names').waitFor()
    await page.close()
  })

  test('is there for customers, who keep their vendor to it', async () => {
    const { page, wrong, context } = await open(browser, hub)
    await signIn(page, hub, await world.member('kim@globex.example', 'CUSTOMER_VIEWER', 'globex'))
    await page.getByRole('link', { name: 'Proof', exact: true }).click()
    await page.getByText('verified by this browser, with a key below').waitFor()
    await settled(page)
    assert.equal(await page.getByRole('region', { name: 'Export a period' }).count(), 0)
    assert.equal(await page.getByText('Newest event').count(), 0)
    assert.deepEqual(await axe(page), [])
    assert.deepEqual(wrong, [])
    await context.close()
  })
})
