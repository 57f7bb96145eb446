// How customers see the vendor: chosen on its page, there before a sign-in, at the hub and at a host of its own.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { axe, launch, lookAt, open, signIn } from '../support/browser.mjs'
import { Hub } from '../support/hub.mjs'
import { World } from '../support/world.mjs'

const LOGO = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="6" fill="#ffcc00"/></svg>',
)
const OWN_HOST = 'portal-of-acme.localhost'

let hub
let world
let browser
let owner
let kim

before(async () => {
  hub = await Hub.start()
  world = await World.make(hub)
  await world.fleet()
  kim = await world.member('kim@globex.example', 'CUSTOMER_ADMIN', 'globex', 'Kim')
  browser = await launch()
  owner = await open(browser, hub)
  await signIn(owner.page, hub)
})

after(async () => {
  await browser?.close()
  world?.end()
  await hub?.remove()
})

const colourOf = (locator, property) => locator.evaluate((of, name) => getComputedStyle(of)[name], property)
const said = page => page.getByRole('status').filter({ hasText: 'Customers see it' })

describe('choosing', () => {
  test('what is chosen is shown in both themes before it is saved, and its contrast is measured', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/branding`)
    await page.getByLabel('Accent', { exact: true }).fill('#ffff00')
    await page.getByText('could not be read everywhere on light pages').waitFor()
    const light = page.getByRole('figure', { name: 'The customers’ home, light' })
    const dark = page.getByRole('figure', { name: 'The customers’ home, dark' })
    assert.equal(await colourOf(dark.locator('.preview-room'), 'color'), 'rgb(255, 255, 0)')
    assert.notEqual(await colourOf(light.locator('.preview-room'), 'color'), 'rgb(255, 255, 0)')
    await page.getByLabel('Accent', { exact: true }).fill('yellow')
    assert.equal(await page.getByRole('button', { name: 'Save' }).isDisabled(), true)
    await page.getByLabel('Accent', { exact: true }).fill('#ffcc00')
    await page.getByLabel('Support').fill('https://support.acme.example')
    await page.getByLabel('Text on the customers’ home').fill('# Hello\n\n<img src=x onerror=alert(1)> **you**')
    await page.getByRole('button', { name: 'Save' }).click()
    await said(page).waitFor()
    assert.deepEqual(wrong.splice(0), [])
  })

  test('a picture is sent as it is, and what is none is refused in words', async () => {
    const { page, wrong } = owner
    const logo = page.getByLabel('Logo', { exact: true })
    await logo.setInputFiles({ name: 'logo.svg', mimeType: 'image/svg+xml', buffer: LOGO })
    await page.getByRole('img', { name: 'Logo', exact: true }).waitFor()
    await logo.setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: Buffer.from('<html>') })
    await page.getByText('neither PNG nor WebP nor SVG').waitFor()
    await logo.setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: Buffer.alloc(200_000) })
    await page.getByText('200 kB; at most').waitFor()
    assert.deepEqual(wrong.splice(0), [])
  })

  for (const scheme of ['light', 'dark']) {
    test(`the page, ${scheme}`, () => lookAt(owner, hub, scheme, '/v/acme/branding', 'Branding'))
  }

  test('whoever may not change it sees it all the same', async () => {
    const { email, password } = await world.member('ann@acme.example', 'AUDITOR', undefined, 'Ann')
    const auditor = await open(browser, hub)
    await signIn(auditor.page, hub, { email, password })
    await lookAt(auditor, hub, 'light', '/v/acme/branding', 'Branding')
    await auditor.page.getByText('needs the role owner').first().waitFor()
    await auditor.context.close()
  })
})

describe('what a catalogue says', () => {
  test('an application has its links, labels and icon on both sides', async () => {
    const { page, wrong } = owner
    await page.goto(`${hub.url}/v/acme/apps/hello`)
    await page.getByRole('button', { name: 'Catalogue…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Category').fill('Greeting')
    await dialog.getByLabel('Documentation').fill('javascript:alert(1)')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('use https:// or http://').waitFor()
    await dialog.getByLabel('Documentation').fill('https://docs.hello.example')
    await dialog.getByLabel('Labels').fill('tier=gold\nopen-source')
    await dialog.getByLabel('the icon').setInputFiles({ name: 'i.svg', mimeType: 'image/svg+xml', buffer: LOGO })
    await dialog.getByRole('img', { name: 'The icon' }).waitFor()
    assert.deepEqual(await axe(page), [])
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('main').getByRole('link', { name: 'Documentation' }).waitFor()
    assert.equal(await page.getByRole('list', { name: 'Labels' }).innerText(), 'open-source\ntier=gold')
    assert.deepEqual(wrong.splice(0), [])
  })
})

describe('what customers see', () => {
  test('the sign-in is branded before any script runs', async () => {
    const { page, context } = await open(browser, hub, { javaScriptEnabled: false })
    await page.goto(`${hub.url}/p/acme/sign-in`)
    assert.equal(await page.title(), 'Acme')
    assert.equal(await page.locator('.greeting img').evaluate(image => image.naturalWidth > 0), true)
    await context.close()
  })

  for (const scheme of ['light', 'dark']) {
    test(`home and downloads, ${scheme}`, async () => {
      const customer = await open(browser, hub)
      await customer.page.emulateMedia({ colorScheme: scheme })
      await customer.page.goto(`${hub.url}/p/acme/sign-in`)
      await customer.page.getByText('Support of Acme').waitFor()
      assert.deepEqual(await axe(customer.page), [])
      await signIn(customer.page, hub, kim)
      await lookAt(customer, hub, scheme, '/p/acme', 'Globex Corporation')
      await customer.page.getByRole('heading', { name: 'From Acme' }).waitFor()
      await customer.page.getByText('<img src=x onerror=alert(1)>').waitFor()
      const button = customer.page.getByRole('link', { name: 'Install on a machine…' })
      const fill = await colourOf(button, 'backgroundColor')
      assert.equal(fill === 'rgb(255, 204, 0)', scheme === 'dark', fill)
      await lookAt(customer, hub, scheme, '/p/acme/downloads', 'Downloads')
      await customer.page.getByText('open-source').waitFor()
      await customer.context.close()
    })
  }
})

describe('a host of its own', () => {
  const at = path => `http://${OWN_HOST}:${hub.port}${path}`

  test('the portal is at its root, from the sign-in to every page', async () => {
    hub.command('portal-host', 'add', OWN_HOST, '--organization', 'acme')
    const { page, context, wrong } = await open(browser, hub)
    page.expected = [`request to ${OWN_HOST}`]
    await page.goto(at('/downloads'))
    await page.getByText('Support of Acme').waitFor()
    assert.equal(new URL(page.url()).pathname, '/sign-in')
    assert.equal(await page.getByLabel('Organization').inputValue(), 'acme')
    await page.getByLabel('E-mail').fill(kim.email)
    await page.getByLabel('Password', { exact: true }).fill(kim.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Downloads', level: 1 }).waitFor()
    assert.equal(new URL(page.url()).pathname, '/downloads')
    await page.getByRole('link', { name: 'Targets' }).click()
    await page.getByRole('link', { name: 'factory' }).click()
    await page.getByRole('heading', { name: 'factory', level: 1 }).waitFor()
    assert.equal(new URL(page.url()).pathname, '/targets/factory')
    await page.getByText('live', { exact: true }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'factory', level: 1 }).waitFor()
    await page.getByRole('link', { name: 'Home' }).click()
    await page.getByRole('heading', { name: 'Globex Corporation', level: 1 }).waitFor()
    assert.deepEqual(await axe(page), [])
    await page.goto(at('/p/acme/license'))
    await page.getByRole('heading', { name: 'Licenses', level: 1 }).waitFor()
    assert.equal(new URL(page.url()).pathname, '/license')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor()
    assert.equal(new URL(page.url()).pathname, '/sign-in')
    assert.deepEqual(wrong, [])
    await context.close()
  })

  test('a member of the vendor is told where its pages are', async () => {
    const { page, context } = await open(browser, hub)
    await page.goto(at('/'))
    await page.getByLabel('E-mail').fill('owner@acme.example')
    await page.getByLabel('Password', { exact: true }).fill('correct horse battery')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Your pages are elsewhere' }).waitFor()
    assert.deepEqual(await axe(page), [])
    await page.getByRole('button', { name: 'Sign out here' }).click()
    await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor()
    await context.close()
  })
})
