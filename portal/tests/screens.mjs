// Every room as a picture, for somebody to look at: node tests/screens.mjs FOLDER. With many rows, long names, and nothing.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { launch, open, settled, signIn } from './support/browser.mjs'
import { Hub } from './support/hub.mjs'
import { CAREFUL, running, setPolicy, start, untilMembers } from './support/rollouts.mjs'
import { World } from './support/world.mjs'

const folder = process.argv[2] ?? new URL('screens', import.meta.url).pathname
const WIDTHS = [1440, 768, 380]
const ROOMS = {
  overview: '/v/acme',
  targets: '/v/acme/targets',
  'targets-sorted': '/v/acme/targets?sort=ATTENTION',
  'targets-filtered': '/v/acme/targets?state=%5B%22FAILED%22%2C%22HELD%22%5D&customer=globex',
  'targets-none': '/v/acme/targets?q=nothing-has-this-name',
  'target-ok': '/v/acme/targets/globex/factory',
  'target-failed': '/v/acme/targets/globex/lab',
  'target-held': '/v/acme/targets/globex/warehouse',
  'target-moving': '/v/acme/targets/globex/headquarters',
  'target-unknown': '/v/acme/targets/initech/branch',
  'target-nowhere': '/v/acme/targets/globex/nowhere',
  apps: '/v/acme/apps',
  app: '/v/acme/apps/hello',
  release: '/v/acme/apps/hello/releases/1.3.0',
  notes: '/v/acme/apps/hello/releases/1.5.0',
  revoked: '/v/acme/apps/hello/releases/1.1.0',
  customers: '/v/acme/customers',
  customer: '/v/acme/customers/globex',
  licenses: '/v/acme/licenses',
  license: '/v/acme/licenses/globex/hello-2026',
  activity: '/v/acme/activity',
  proof: '/v/acme/proof',
  entitlement: '/v/acme/entitlement?customer=globex&repository=hello&reference=1.3.0',
  'then-overview': '/v/acme?at=70',
  'then-targets': '/v/acme/targets?at=70',
  'then-target': '/v/acme/targets/globex/lab?at=70',
  'then-license': '/v/acme/licenses/globex/hello-2026?at=70',
  'then-members': '/v/acme/members?at=70',
  'then-never': '/v/acme/targets?at=yesterday',
  rollouts: '/v/acme/rollouts',
  'rollout-running': '/v/acme/rollouts/hello/careful-and-slow-with-a-name-that-goes-on-and-on',
  'rollout-planned': '/v/acme/rollouts/hello/asked',
  'rollout-new': '/v/acme/rollouts/new?app=hello&version=1.5.0&policy=careful',
  'rollout-policies': '/v/acme/rollout-policies',
  'rollout-policy': '/v/acme/rollout-policies/careful',
  'rollout-set-policy': '/v/acme/rollouts/set-policy?policy=careful',
  start: '/v/acme/start',
  registry: '/v/acme/registry',
  repository: '/v/acme/registry/hello',
  publish: '/v/acme/apps/hello/publish',
  members: '/v/acme/members',
  tokens: '/v/acme/tokens',
  me: '/v/acme/me',
  analytics: '/v/acme/analytics',
  branding: '/v/acme/branding',
  alerts: '/v/acme/alerts',
  'alerts-put-off': '/v/acme/alerts?is=put-off',
  docs: '/docs',
  'docs-agent': '/docs/agent',
  'docs-operations': '/docs/operations#the-disk-is-full',
  'docs-start': '/docs/start-vendor',
  'docs-found': '/docs?q=seat',
}
const CUSTOMERS = {
  home: '/p/acme',
  targets: '/p/acme/targets',
  target: '/p/acme/targets/factory',
  install: '/p/acme/install',
  'install-target': '/p/acme/install/factory',
  update: '/p/acme/update/lab/hello',
  rollouts: '/p/acme/rollouts',
  rollout: '/p/acme/rollouts/hello/careful-and-slow-with-a-name-that-goes-on-and-on',
  licenses: '/p/acme/license',
  license: '/p/acme/license/hello-2026',
  downloads: '/p/acme/downloads',
  release: '/p/acme/apps/hello/releases/1.3.0',
  activity: '/p/acme/activity',
  proof: '/p/acme/proof',
  'then-home': '/p/acme?at=70',
  members: '/p/acme/members',
  tokens: '/p/acme/tokens',
  me: '/p/acme/me',
  docs: '/p/acme/docs',
  'docs-trouble': '/p/acme/docs/troubleshooting',
}
// those whose names hold a word alone, if one is named: node tests/screens.mjs FOLDER members,tokens
const only = process.argv[3]?.split(',')
const chosen = rooms =>
  Object.fromEntries(Object.entries(rooms).filter(([name]) => !only || only.some(word => name.includes(word))))

async function shots(page, hub, prefix, rooms) {
  for (const width of WIDTHS) {
    for (const colorScheme of ['light', 'dark']) {
      await page.setViewportSize({ width, height: width < 500 ? 800 : 900 })
      await page.emulateMedia({ colorScheme })
      for (const [name, path] of Object.entries(chosen(rooms))) {
        await page.goto(`${hub.url}${path}`)
        await settled(page)
        await page.locator('.line.is-live, .line.is-past, .docs').waitFor({ state: 'attached' })
        await page.screenshot({ path: join(folder, `${prefix}${name}-${width}-${colorScheme}.png`) })
      }
    }
  }
}

/** What only one side of the world shows: pictures, marks of Markdown, and labels of both sides. */
async function dress(world) {
  const notes =
    '## What is new\\n\\n- it starts *faster*, see [why](https://acme.example/faster)\\n- `GREETING` is read\\n\\n> Back up first.\\n\\n| setting | before | now |\\n|---|---|---|\\n| timeout | 30 s | 60 s |\\n\\n```\\ndistr deploy --channel stable\\n```\\n'
  await world.change(
    'brandingSet(accent: "#0b7a75", support: "https://acme.example/help", homeText: "Welcome. **Updates** come on Tuesdays.") { changed }',
  )
  await world.change(
    `applicationCatalogue(name: "hello", category: "Greeting", homepage: "https://acme.example", documentation: "https://acme.example/docs",
      labels: [{ key: "tier", value: "gold" }, { key: "on-premises", value: "" }, { key: "region", value: "eu-central-and-more" }]) { changed }`,
  )
  await world.change(
    `targetSetLabels(customer: "globex", name: "factory", labels: [{ key: "region", value: "eu" }, { key: "line", value: "2" }]) { changed }`,
  )
  const file = `services:\n  web:\n    image: 127.0.0.1:${world.hub.port}/acme/hello:1.4.0\n`
  await world.hub.ask(
    world.owner,
    `mutation ($file: String!) { releasePublish(application: "hello", version: "1.5.0", notes: "${notes}", packages: [{ compose: { file: $file } }]) { changed } }`,
    { file },
  )
  await world.change('channelPromote(application: "hello", name: "stable", version: "1.5.0") { changed }')
}

const press = (page, name) => page.getByRole('button', { name, exact: true }).first().click()
const COMPOSE = 'services:\n  web:\n    image: postgres:17\n    ports: ["70000:80"]\n    enviroment: {A: b}\n'

/** One that is on its way, with a target in flight and one that is silent; and one that waits for an approval. */
async function rollOut(world) {
  await running(world, 'globex', 'far-away-and-with-a-name-that-is-longer-than-others', '1.2.0')
  await setPolicy(world, 'careful', CAREFUL)
  await setPolicy(world, 'asking', `${CAREFUL}, approve: { roles: [OWNER, PUBLISHER], withinHours: 24 }`)
  await start(world, { policy: 'asking', version: '1.3.0', name: 'asked' })
  const name = 'careful-and-slow-with-a-name-that-goes-on-and-on'
  await start(world, { policy: 'careful', version: '1.5.0', name })
  await untilMembers(world, name, 'IN_FLIGHT', 1)
}

/** What lies over a page, or comes of it: by its room, and how one gets there. */
const OVER = {
  deploy: ['/v/acme/targets/globex/factory', page => press(page, 'Deploy…')],
  palette: [
    '/v/acme',
    async page => {
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox').fill('ed')
      await page.getByRole('option').first().waitFor()
    },
  ],
  keys: ['/v/acme/targets', page => page.keyboard.press('?')],
  'alert-put-off': [
    '/v/acme/alerts',
    page =>
      page
        .getByRole('button', { name: /^Put off: / })
        .first()
        .click(),
  ],
  moment: [
    '/v/acme/targets',
    async page => {
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox').fill('look back')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog', { name: 'As of a moment' }).waitFor()
    },
  ],
  'event-proof': [
    '/v/acme/licenses/initech/old',
    async page => {
      await page.getByRole('button', { name: 'Proof… of revoked' }).click()
      await page.locator('.verdict').waitFor()
    },
  ],
  'event-why': [
    '/v/acme/licenses/globex/hello-2026',
    async page => {
      await page.getByRole('button', { name: 'Why? deployment granted' }).first().click()
      await page.getByRole('region', { name: 'It rests on' }).waitFor()
    },
  ],
  'rollout-plan': [
    '/v/acme/rollouts/new?app=hello&version=1.5.0&policy=careful',
    async page => {
      await press(page, 'Show the plan')
      await page.locator('.plan').waitFor()
      await page.locator('.plan').scrollIntoViewIfNeeded()
    },
  ],
  'rollout-approve': [
    '/v/acme/rollouts/hello/asked',
    async page => {
      await press(page, 'Approve the start…')
      await page.locator('.plan').waitFor()
    },
  ],
  'rollout-limits': ['/v/acme/rollouts/hello/asked', page => press(page, 'Limits…')],
  'rollout-pause': ['/v/acme/rollouts/hello/asked', page => press(page, 'Pause…')],
  catalogue: ['/v/acme/apps/hello', page => press(page, 'Catalogue…')],
  labels: ['/v/acme/targets/globex/factory', page => press(page, 'Label…')],
  undeploy: ['/v/acme/targets/globex/factory', page => press(page, 'Remove…')],
  'view-as': ['/v/acme/customers/globex', page => press(page, 'View as customer…')],
  invite: ['/v/acme/members', page => press(page, 'Invite…')],
  code: [
    '/v/acme/members',
    page => press(page, 'New code… of ann@acme.example').then(() => press(page, 'Make a code')),
  ],
  remove: ['/v/acme/members', page => press(page, 'Remove… of ci')],
  issue: ['/v/acme/tokens', page => press(page, 'Issue a token…')],
  'delete-tag': ['/v/acme/registry/hello', page => press(page, 'Delete 1.3.0')],
  retention: [
    '/v/acme/registry/hello',
    async page => {
      await press(page, 'Try other rules…')
      await page.getByLabel('Tags that moved last').fill('2')
      await page.getByText('would go now').waitFor()
    },
  ],
  refused: [
    '/v/acme/apps/hello/publish',
    async page => {
      await page.getByLabel('Compose file').fill(COMPOSE)
      await press(page, 'Check')
      await page.getByText('The hub refuses the file').waitFor()
    },
  ],
  checked: [
    '/v/acme/apps/hello/publish',
    async (page, hub) => {
      const image = `127.0.0.1:${hub.port}/acme/hello:1.4.0`
      await page
        .getByLabel('Compose file')
        .fill(`services:\n  web:\n    image: ${image}\n    volumes: ["./a.db:/a.db"]\n`)
      await press(page, 'Check')
      await page.getByRole('button', { name: 'Publish', exact: true }).waitFor()
    },
  ],
}

async function over(page, hub) {
  for (const [width, colorScheme] of [
    [1440, 'light'],
    [380, 'dark'],
  ]) {
    await page.setViewportSize({ width, height: 900 })
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const [name, [path, act]] of Object.entries(chosen(OVER))) {
      await page.goto(`${hub.url}${path}`)
      await settled(page)
      await act(page, hub)
      await page.screenshot({
        path: join(folder, `${name}-${width}-${colorScheme}.png`),
        fullPage: path.endsWith('publish'),
      })
    }
  }
}

await mkdir(folder, { recursive: true })
const hub = await Hub.start()
const browser = await launch()
try {
  const { page } = await open(browser, hub)
  await page.goto(`${hub.url}/sign-in`)
  await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor()
  await page.screenshot({ path: join(folder, 'sign-in-1440-light.png') })
  await signIn(page, hub)
  const { overview, targets, apps, customers, licenses, activity, analytics, alerts, rollouts } = ROOMS
  await shots(page, hub, 'empty-', {
    overview,
    targets,
    apps,
    customers,
    licenses,
    activity,
    analytics,
    alerts,
    rollouts,
  })
  const world = await World.make(hub)
  await world.fleet()
  await dress(world)
  await rollOut(world)
  await world.change('memberInvite(email: "ann@acme.example", role: SUPPORT) { code }')
  await world.change('tokenIssue(label: "laptop", scopes: [PULL, READ]) { secret }')
  await shots(page, hub, '', ROOMS)
  const customer = await open(browser, hub)
  await signIn(customer.page, hub, await world.member('kim@globex.example', 'CUSTOMER_ADMIN', 'globex', 'Kim'))
  await shots(customer.page, hub, 'p-', CUSTOMERS)
  await world.change(
    'customerCreate(name: "a-customer-with-a-name-that-goes-on-and-on", displayName: "Vereinigte Donaudampfschifffahrtsgesellschaft für Getreide und Stückgut mbH") { changed }',
  )
  await world.crowd(250)
  await world.crowd(3, 'a-customer-with-a-name-that-goes-on-and-on')
  await shots(page, hub, 'many-', { overview, targets, customer: ROOMS.customer, customers })
  await over(page, hub)
  // last: the whole browser turns to the customer's side
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto(`${hub.url}/v/acme/customers/globex`)
  await press(page, 'View as customer…')
  await press(page, 'View')
  await page.getByText('You see what Globex').waitFor()
  await shots(page, hub, 'viewing-', { home: CUSTOMERS.home, target: CUSTOMERS.target })
  world.end()
} finally {
  await browser.close()
  await hub.remove()
}
