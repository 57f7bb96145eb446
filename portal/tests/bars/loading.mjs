// How a page comes: what is loaded, when something is painted, when the rows are there.
import { open } from '../support/browser.mjs'
import { median, meter } from './measure.mjs'

const TIMES = 5
const ROWS = 'main tbody tr'
/** What Chromium's tools call fast 4G. */
const FAST_4G = { offline: false, latency: 165, downloadThroughput: 1_012_500, uploadThroughput: 168_750 }
const KB = 1_000
/** Of script and of styles, in kB as they are sent. */
const BUDGETS = { signIn: [110, 15], fleet: [210, 15], home: [190, 15] }

/** A page that was never loaded, in a browser that knows its session. */
async function cold(browser, hub, storageState, path, rows, { line } = {}) {
  const { context, page } = await open(browser, hub, { storageState })
  const { cdp, busy } = await meter(page)
  if (line) {
    await cdp.send('Network.enable')
    await cdp.send('Network.emulateNetworkConditions', line)
  }
  await page.goto(`${hub.url}${path}`, { waitUntil: 'commit' })
  const shown = await page.waitForFunction(rows => document.querySelector(rows) && performance.now(), rows, {
    polling: 'raf',
  })
  const seen = {
    rows: await shown.jsonValue(),
    busy: await busy(),
    ...(await page.evaluate(() => ({
      fcp: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
      loaded: performance
        .getEntriesByType('resource')
        .map(({ name, encodedBodySize }) => [new URL(name).pathname, encodedBodySize]),
    }))),
  }
  await context.close()
  return seen
}

const sizeOf = (loaded, kind) =>
  loaded.filter(([path]) => path.endsWith(`.${kind}`)).reduce((sum, [, size]) => sum + size, 0) / KB

export async function loading(report, { browser, hub, vendor, customer }) {
  const pages = { signIn: [undefined, '/v/acme/sign-in', 'form'], fleet: [vendor, '/v/acme/targets', ROWS] }
  if (customer) pages.home = [customer, '/p/acme', ROWS]
  for (const [name, of] of Object.entries(pages)) {
    const { loaded } = await cold(browser, hub, ...of)
    const [script, styles] = BUDGETS[name]
    report.add(`script of the page, ${name}`, sizeOf(loaded, 'js'), script, 'kB')
    report.add(`styles of the page, ${name}`, sizeOf(loaded, 'css'), styles, 'kB')
  }
  const seen = []
  for (let time = 0; time < TIMES; time++) seen.push(await cold(browser, hub, ...pages.fleet))
  const wall = { isWall: true }
  report.add('first load of the fleet: first paint', median(seen.map(({ fcp }) => fcp)), 500, 'ms', wall)
  report.add('first load of the fleet: rows', median(seen.map(({ rows }) => rows)), 1_200, 'ms', wall)
  report.add('first load of the fleet: main thread until rows', median(seen.map(({ busy }) => busy)), 400, 'ms')
  const slow = []
  for (let time = 0; time < TIMES; time++) slow.push(await cold(browser, hub, ...pages.fleet, { line: FAST_4G }))
  report.add('first load over fast 4G: rows', median(slow.map(({ rows }) => rows)), 3_000, 'ms', wall)
}
