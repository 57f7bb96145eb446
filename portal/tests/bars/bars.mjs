// The bars of the portal, measured in Chromium at a hub of its own with a large fleet: node tests/bars/bars.mjs [TARGETS [FOLDER]].
// The figures come as Markdown. A fleet of 10 000 takes a while to make; in FOLDER it is kept for the next time.
import { cpus, loadavg } from 'node:os'
import { launch, open, signIn } from '../support/browser.mjs'
import { largeFleet } from '../support/large.mjs'
import { changes, changing, coming, reporting, watching } from './living.mjs'
import { loading } from './loading.mjs'
import { meter } from './measure.mjs'
import { filtering, interacting, scrolling, turning } from './moving.mjs'
import { Report } from './report.mjs'

const CUSTOMER = { email: 'kim@customer.example', password: 'a long enough password' }
const [targets = '10000', folder] = process.argv.slice(2)
const say = text => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`)

/** Somebody of the first customer; there already, if the fleet was kept. */
async function customerOf(hub, owner) {
  const { members } = await hub.ask(owner, '{ members(first: 500) { nodes { email } } }')
  if (members.nodes.some(({ email }) => email === CUSTOMER.email)) return CUSTOMER
  const invited = await hub.ask(
    owner,
    `mutation { memberInvite(email: "${CUSTOMER.email}", role: CUSTOMER_ADMIN, customer: "customer-00000") { code } }`,
  )
  await hub.ask(
    undefined,
    'mutation ($code: String!, $password: String!) { invitationAccept(code: $code, password: $password, name: "Kim") { token } }',
    { code: invited.memberInvite.code, password: CUSTOMER.password },
  )
  return CUSTOMER
}

/** A session, as a browser keeps it. */
async function sessionOf(browser, hub, who) {
  const { context, page } = await open(browser, hub)
  await signIn(page, hub, who)
  const state = await context.storageState()
  await context.close()
  return state
}

const { hub, owner, fleet } = await largeFleet(Number(targets), folder, say)
const browser = await launch()
const report = new Report()
try {
  const vendor = await sessionOf(browser, hub, {})
  const customer = await sessionOf(browser, hub, await customerOf(hub, owner))
  await loading(report, { browser, hub, vendor, customer })
  const { page } = await open(browser, hub, { storageState: vendor })
  const of = { browser, hub, owner, fleet, vendor, page, meter: await meter(page) }
  await turning(report, of)
  await filtering(report, of)
  await scrolling(report, of)
  const end = changing(fleet.slice(0, 50).filter(({ isFailed }) => !isFailed))
  await interacting(report, of)
  await end()
  await changes(report, of)
  await reporting(report, of)
  await page.context().close()
  await watching(report, of)
  await coming(report, of)
} finally {
  await browser.close()
  if (folder) await hub.stop()
  else await hub.remove()
  say(`${fleet.length} targets, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)}, Chromium ${browser.version()}`)
  console.log(String(report))
}
