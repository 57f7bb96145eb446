// After the build: each asset also compressed, and what each side loads held against its budget. With --check, the sizes alone.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const KB = 1000
const BUDGETS = { 'index.html': { js: 210 * KB, css: 15 * KB }, 'customer.html': { js: 190 * KB, css: 15 * KB } }
/** What is loaded only where it is needed. */
const LAZY = 40 * KB
const dist = new URL('../dist/', import.meta.url)
const folder = new URL('assets/', dist)
const brotli = promisify(brotliCompress)
const sizes = new Map()

const onlyChecks = process.argv.includes('--check')

for (const name of await readdir(folder)) {
  if (!/\.(js|css)$/.test(name)) continue
  const bytes = await readFile(new URL(name, folder))
  const small = await brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
  sizes.set(name, small.length)
  if (onlyChecks) continue
  await writeFile(new URL(`${name}.br`, folder), small)
  await writeFile(new URL(`${name}.gz`, folder), await promisify(gzip)(bytes, { level: 9 }))
}
const first = new Set()
for (const [document, budgets] of Object.entries(BUDGETS)) {
  const html = await readFile(new URL(document, dist), 'utf8')
  const loaded = new Set(Array.from(html.matchAll(/assets\/([\w.-]+\.(?:js|css))/g), ([, name]) => name))
  for (const name of loaded) first.add(name)
  for (const [kind, budget] of Object.entries(budgets)) {
    const named = [...loaded].filter(name => name.endsWith(`.${kind}`))
    const total = named.reduce((sum, name) => sum + sizes.get(name), 0)
    console.log(`${document} ${kind}: ${(total / KB).toFixed(1)} kB compressed, at most ${budget / KB}`)
    if (total > budget || total === 0) process.exitCode = 1
  }
}
const lazy = [...sizes].filter(([name]) => !first.has(name)).sort(([, one], [, other]) => other - one)
for (const [name, size] of lazy.filter(([, size], place) => place === 0 || size > LAZY)) {
  console.log(`${name}, loaded when needed: ${(size / KB).toFixed(1)} kB compressed, at most ${LAZY / KB}`)
  if (size > LAZY) process.exitCode = 1
}
