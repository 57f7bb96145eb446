// How a page answers: to keys and clicks while news come, to filters and sorts, to a way to another page, to scrolling.
import { settled } from '../support/browser.mjs'
import { clickUntil, quantile, watchFrames, watchInteractions, watchTasks } from './measure.mjs'

const TIMES = 50
const TURNS = 20
const PAGES = 25
const FIRST = 'main tbody tr a.name'
const wall = { isWall: true }
const p95 = values => quantile(values, 0.95)

async function fleet({ page, hub }) {
  await page.goto(`${hub.url}/v/acme/targets`)
  await settled(page)
  await page.locator('.line.is-live').waitFor()
}

/** Each interaction is opened and closed again, both are one. */
const INTERACTIONS = {
  dialog: async page => {
    await page.getByRole('button', { name: 'Register target' }).click()
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  },
  palette: async page => {
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('combobox').waitFor({ state: 'detached' })
  },
  'disclosure of a command': page => page.getByText('Same in the CLI').click(),
  'a letter in the search': async page => {
    const search = page.getByRole('searchbox')
    await search.press('x')
    await search.press('Backspace')
  },
}

export async function interacting(report, of) {
  for (const [name, act] of Object.entries(INTERACTIONS)) {
    await fleet(of)
    const seen = await watchInteractions(of.page)
    for (let time = 0; time < TIMES; time++) await act(of.page)
    report.add(`${name}, while news come: until painted, p95`, p95(await seen(TIMES)), 100, 'ms', wall)
  }
}

export async function filtering(report, of) {
  await fleet(of)
  const { page } = of
  const sort = []
  const filter = []
  for (let turn = 0; turn < TURNS; turn++) {
    // the first row is another one each time
    sort.push(await clickUntil(page, 'th:nth-child(2) button', { gone: FIRST, there: FIRST }))
    filter.push(await clickUntil(page, '.facet-value.is-failed', { gone: '.pager', there: '.pager' }))
  }
  report.add('sort of the fleet: until its rows, p95', p95(sort), 250, 'ms', wall)
  report.add('filter of the fleet: until its rows, p95', p95(filter), 250, 'ms', wall)
}

const ROOMS = ['apps', 'rollouts', 'customers', 'licenses', 'members', 'tokens', 'proof', 'registry']

export async function turning(report, of) {
  const { page } = of
  const ways = { 'not loaded before': 400, 'loaded under the pointer': 100 }
  for (const [way, most] of Object.entries(ways)) {
    await fleet(of)
    const took = []
    for (const room of ROOMS) {
      const link = `nav a[href$="/${room}"]`
      if (way !== 'not loaded before') {
        await page.hover(link)
        await page.waitForLoadState('networkidle')
      }
      took.push(await clickUntil(page, link, { gone: 'h1', there: 'h1' }))
      await settled(page)
    }
    report.add(`another room, ${way}: until its heading, p95`, p95(took), most, 'ms', wall)
  }
}

/** Page after page of the fleet, each scrolled from its head to its foot. */
export async function scrolling(report, of) {
  await fleet(of)
  const { page, meter } = of
  const [frames, tasks] = [await watchFrames(page), await watchTasks(page)]
  let nodes = 0
  let walked = 0
  while (walked < PAGES) {
    await page.evaluate(
      () =>
        new Promise(done => {
          const step = () => {
            const before = window.scrollY
            window.scrollBy(0, 30)
            if (window.scrollY === before) return done()
            requestAnimationFrame(step)
          }
          window.scrollTo(0, 0)
          requestAnimationFrame(step)
        }),
    )
    nodes = Math.max(nodes, await meter.nodes())
    walked += 1
    const next = page.getByRole('button', { name: 'Next page' })
    if ((await next.count()) === 0) break
    await clickUntil(page, '.pager button:last-child', { gone: FIRST, there: FIRST })
  }
  const note = `${walked} pages of 100`
  report.add('scroll through the fleet: frame, p99', quantile(await frames(), 0.99), 34, 'ms', { ...wall, note })
  report.add('scroll through the fleet: longest task', await tasks(), 100, 'ms', { ...wall, note })
  report.add('scroll through the fleet: nodes', nodes, 5_000, 'nodes', { note })
  report.add('scroll through the fleet: heap after it', (await meter.heap()) / 1_000_000, 40, 'MB', { note })
}
