// Debian's Chromium, and all that a page may not do while it is looked at.
import assert from 'node:assert/strict'
import { AxeBuilder } from '@axe-core/playwright'
import { chromium } from 'playwright-core'
import { OWNER, PASSWORD } from './hub.mjs'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  })
}

/** A page that remembers what was wrong with it: errors, what its policy refused, requests to elsewhere. */
export async function open(browser, hub, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options })
  const page = await context.newPage()
  const wrong = []
  page.expected = []
  const note = text => page.expected.some(known => text.includes(known)) || wrong.push(text)
  page.on('console', message => ['error', 'warning'].includes(message.type()) && note(`console: ${message.text()}`))
  page.on('pageerror', error => note(`error: ${error}`))
  page.on('request', request => {
    const url = new URL(request.url())
    if (url.protocol !== 'data:' && url.host !== `127.0.0.1:${hub.port}`) note(`request to ${url.host}`)
  })
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', event =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
    )
  })
  page.setDefaultTimeout(60_000)
  return { context, page, wrong }
}

export async function signIn(page, hub, { email = OWNER, password = PASSWORD } = {}) {
  await page.goto(`${hub.url}/`)
  await page.getByLabel('Organization').fill('acme')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.locator('.shell').waitFor()
}

/** Nothing is on its way any more: no skeleton, and the heading of the page is there. */
export async function settled(page) {
  await page.locator('h1').first().waitFor()
  await page.waitForFunction(() => !document.querySelector('.loading, [aria-busy=true]'))
}

/** Each room, for axe to look at; nothing wrong may be noted on the way. */
export async function lookAt({ page, wrong }, hub, scheme, path, heading) {
  await page.emulateMedia({ colorScheme: scheme })
  await page.goto(`${hub.url}${path}`)
  await page.getByRole('heading', { name: heading, level: 1, exact: true }).waitFor()
  await settled(page)
  assert.deepEqual(await axe(page), [])
  assert.deepEqual(wrong.splice(0), [])
}

export async function axe(page) {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze()
  return violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .map(node => node.target.join(' '))
        .slice(0, 3)
        .join(', ')}`,
  )
}
