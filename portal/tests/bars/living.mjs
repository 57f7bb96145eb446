// What news cost: a list that changes while it is open, a fleet that reports, tabs that only watch, and a hub that comes back.
import { readFile } from 'node:fs/promises'
import { healthy } from '../support/agent.mjs'
import { open, settled } from '../support/browser.mjs'
import { atOnce, says } from '../support/large.mjs'
import { until } from '../support/wait.mjs'
import { quantile, watchTasks } from './measure.mjs'
import { watch } from './watcher.mjs'

const wall = { isWall: true }
const PER_MINUTE = 1_000
const WINDOW = 20_000
const WATCHERS = 100
const SINGLE = 10
const TABS = 10
const AWAY = 60_000
/** Ticks of /proc a second. */
const TICKS = 100

const sleep = ms => new Promise(done => setTimeout(done, ms))
const error = { category: 'network', text: 'the registry did not answer' }

/** The member says the other thing than before: it fails, or it is well. */
function turn(member) {
  member.isOff = !member.isOff
  const fails = { ...healthy(member.deployment, member.version), health: 'fail', error }
  return member.agent.sayOnce(member.isOff ? fails : says(member))
}

/** Members change their states in turn, so many a minute, until it is ended. */
export function changing(fleet, perMinute = PER_MINUTE) {
  let at = 0
  let changes = 0
  const timer = setInterval(() => {
    void turn(fleet[at++ % fleet.length]).then(
      () => changes++,
      () => undefined,
    )
  }, 60_000 / perMinute)
  return async () => {
    clearInterval(timer)
    const count = changes
    // a kept fleet is as it was
    await atOnce(fleet, restore)
    return count
  }
}

function restore(member) {
  member.isOff = false
  return member.agent.sayOnce(says(member))
}

export async function changes(report, { page, hub, fleet, meter }) {
  await page.goto(`${hub.url}/v/acme/targets`)
  await settled(page)
  await page.locator('.line.is-live').waitFor()
  // what keeps changing is said to flap: single changes are looked at where nothing else changes
  const well = fleet.slice(0, 100).filter(({ isFailed }) => !isFailed)
  const [single, shown] = [well.slice(-SINGLE), well.slice(0, -SINGLE)]
  const [busy, tasks] = [await meter.busy(), await watchTasks(page)]
  const began = Date.now()
  const end = changing(shown)
  await sleep(WINDOW)
  const seconds = (Date.now() - began) / 1_000
  const cost = ((await meter.busy()) - busy) * (10 / seconds)
  const count = await end()
  const note = `${((count * 60) / seconds).toFixed(0)} changes a minute`
  report.add('changes in the open list: main thread in 10 s', cost, 100, 'ms', { note })
  report.add('changes in the open list: longest task', await tasks(), 50, 'ms', { ...wall, note })
  const took = []
  for (const member of single) {
    // and back again
    took.push(await untilShown(page, member), await untilShown(page, member))
  }
  report.add('a change, from its commit until it is shown, p95', quantile(took, 0.95), 1_000, 'ms', wall)
}

/** The agent's answer comes after the commit. */
async function untilShown(page, member) {
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: member.name, exact: true }) })
  const word = member.isOff ? 'ok' : 'failed'
  await turn(member)
  const committed = Date.now()
  await row.locator('.state').getByText(word, { exact: true }).waitFor()
  return Date.now() - committed
}

/** All targets report as fast as the hub takes it, at most each five seconds. */
export async function reporting(report, { page, hub, fleet, meter }) {
  await page.goto(`${hub.url}/v/acme/targets`)
  await settled(page)
  await page.locator('.line.is-live').waitFor()
  const frames = []
  meter.cdp.on('Network.webSocketFrameReceived', ({ response }) => frames.push(response.payloadData.length))
  await meter.cdp.send('Network.enable')
  await page.reload()
  await settled(page)
  await page.locator('.line.is-live').waitFor()
  frames.length = 0
  const heap = await meter.heap()
  const began = Date.now()
  const most = Math.floor((fleet.length * WINDOW) / 5_000)
  let reports = 0
  await atOnce(Array.from({ length: most }), async (_, at) => {
    if (Date.now() - began > WINDOW) return
    await fleet[at % fleet.length].agent.report()
    reports += 1
  })
  const seconds = (Date.now() - began) / 1_000
  const note = `${(reports / seconds).toFixed(0)} reports a second`
  const bytes = frames.reduce((sum, size) => sum + size, 0)
  report.add('the fleet reports: messages a second to a tab', frames.length / seconds, 4, 'messages', { note })
  report.add('the fleet reports: kB a second to a tab', bytes / 1_000 / seconds, 10, 'kB', { note })
  report.add('the fleet reports: more heap', ((await meter.heap()) / heap - 1) * 100, 10, '%', { note })
  await meter.cdp.send('Network.disable')
}

async function ticksOf(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return Number(user) + Number(system)
}

export async function watching(report, { hub, owner }) {
  const shares = []
  const measure = async () => {
    const before = await ticksOf(hub.pid)
    await sleep(WINDOW)
    shares.push(((await ticksOf(hub.pid)) - before) / TICKS / (WINDOW / 1_000))
  }
  await measure()
  const watchers = await atOnce(Array.from({ length: WATCHERS }), () => watch(hub, owner))
  await measure()
  for (const watcher of watchers) watcher.close()
  const [without, within] = shares
  const note = `${(without * 100).toFixed(1)} % without; nothing reports`
  report.add(`${WATCHERS} watching tabs: of a core of the hub`, (within - without) * 100, 10, '%', { note })
}

/** The hub is away for a minute, and comes back: until every tab is live and has read again. */
export async function coming(report, { browser, hub, vendor, fleet }) {
  const { context, page } = await open(browser, hub, { storageState: vendor })
  const pages = [page, ...(await Promise.all(Array.from({ length: TABS - 1 }, () => context.newPage())))]
  for (const tab of pages) {
    await tab.goto(`${hub.url}/v/acme/targets`)
    await tab.locator('.line.is-live').waitFor()
  }
  await hub.stop()
  const stopped = Date.now()
  await sleep(AWAY)
  await hub.run()
  const back = Date.now()
  // one of the first page that did not flap before
  const member = fleet.slice(0, 100).findLast(({ isFailed }) => !isFailed)
  await turn(member)
  await Promise.all(
    pages.map(tab =>
      tab
        .getByRole('row')
        .filter({ has: tab.getByRole('link', { name: member.name, exact: true }) })
        .locator('.state')
        .getByText('failed', { exact: true })
        .waitFor(),
    ),
  )
  const took = Date.now() - back
  await restore(member)
  await until('all tabs are live', 60_000, async () => {
    const lines = await Promise.all(pages.map(tab => tab.locator('.line.is-live').count()))
    return lines.every(count => count === 1)
  })
  const note = `${TABS} tabs, away for ${((back - stopped) / 1_000).toFixed(0)} s`
  report.add('the hub comes back: until all tabs are current', took / 1_000, 10, 's', { ...wall, note })
  await context.close()
}
