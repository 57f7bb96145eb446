// A cluster: how it is registered, what its agent may do, and what it is asked for.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { axe, launch, open, settled, signIn } from '../support/browser.mjs'
import { BINARY, Hub } from '../support/hub.mjs'
import { World } from '../support/world.mjs'

const CHART = {
  'Chart.yaml': '{apiVersion: v2, name: hello, version: 1.0.0}',
  'values.yaml': '{global: {registry: ""}, replicas: 1}',
  'values.schema.json': '{"properties": {"replicas": {"type": "integer", "maximum": 5}}}',
  'distr.yaml':
    '{schema: distr.sh/chart/v1, config: {REPLICAS: {path: replicas, type: integer}}, images: {registry: global.registry}}',
  'templates/web.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}"}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "{{ .Values.global.registry }}/acme/hello:1.4.0"}]
`,
}

let hub
let world
let browser
let owner
let folder

async function publish(version) {
  for (const [name, text] of Object.entries(CHART)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  const environment = {
    ...process.env,
    DISTR_HELM: join(cache, 'distr/clients/helm'),
    DISTR_TOKEN: world.owner,
    XDG_CONFIG_HOME: folder,
  }
  const words = ['release', 'publish', '--app', 'hello', '--version', version, '--chart', folder]
  await promisify(execFile)(join(dirname(BINARY), 'distr'), ['--hub', hub.url, ...words], { env: environment })
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'distr-chart-'))
  hub = await Hub.start({ DISTR_KUBERNETES_AGENT_IMAGE: 'hub.example/distr/agent:0.2.0' })
  world = await World.make(hub)
  await publish('2.0.0')
  browser = await launch()
  owner = await open(browser, hub)
  await signIn(owner.page, hub)
})

after(async () => {
  await browser?.close()
  world?.end()
  await hub?.remove()
  if (folder) await rm(folder, { recursive: true })
})

test('a cluster is registered, and its agent installed with what kubectl is given', async () => {
  const { page, wrong } = owner
  await page.goto(`${hub.url}/v/acme/targets`)
  await page.getByRole('button', { name: 'Register target' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Customer', { exact: true }).selectOption('globex')
  await dialog.getByLabel('Name').fill('cluster')
  await dialog.getByLabel('Runs on').selectOption('KUBERNETES')
  await dialog.getByLabel('Namespaces').fill('shop shop-jobs')
  assert.deepEqual(await axe(page), [])
  await dialog.getByRole('button', { name: 'Register', exact: true }).click()
  await dialog.getByText('kubectl may make namespaces').waitFor()
  await dialog.getByRole('button', { name: 'Show the command' }).click()
  const command = await dialog.locator('pre').textContent()
  assert.match(command, /^kubectl apply -f - <<'DISTR'\n/)
  for (const part of ['kind: Namespace', 'name: shop-jobs', 'deployments', 'hub.example/distr/agent:0.2.0']) {
    assert.ok(command.includes(part), `${part} in ${command}`)
  }
  assert.deepEqual(await axe(page), [])
  await dialog.getByRole('button', { name: 'Done' }).click()
  assert.deepEqual(wrong, [])
})

test('a cluster is asked for a release with a namespace and values, which the chart judges', async () => {
  const { page, wrong } = owner
  await page.goto(`${hub.url}/v/acme/targets/globex/cluster`)
  await page.getByText('shop, shop-jobs').waitFor()
  await page.getByRole('button', { name: 'Show the Roles' }).click()
  await page.getByText('"resources":').first().waitFor()
  await page.getByRole('button', { name: 'Deploy…' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Release').selectOption('version:2.0.0')
  await dialog.getByLabel('Namespace').selectOption('shop-jobs')
  await dialog.getByText('Values of the chart').click()
  const values = dialog.getByLabel('Values beside those')
  await values.fill('{replicas: 2')
  await dialog.getByText('The values are no JSON').waitFor()
  assert.ok(await dialog.getByRole('button', { name: 'Deploy' }).isDisabled())
  await values.fill('{"replicas": 9}')
  await dialog.getByRole('button', { name: 'Deploy' }).click()
  await dialog.getByText('/replicas').waitFor()
  await values.fill('{"replicas": 2}')
  assert.deepEqual(await axe(page), [])
  await dialog.getByRole('button', { name: 'Deploy' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText('shop-jobs', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Deploy…' }).last().click()
  assert.equal(await dialog.getByLabel('Values beside those').inputValue(), '{\n  "replicas": 2\n}')
  assert.ok(await dialog.getByLabel('Namespace').isDisabled())
  await settled(page)
  assert.deepEqual(await axe(page), [])
  // the refused values are an answer of the hub with status 200
  assert.deepEqual(wrong, [])
})
