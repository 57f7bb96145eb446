// After the build: each asset also compressed, and the sizes held against the budgets. With --check, the sizes alone.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const KB = 1000
const BUDGETS = { js: 210 * KB, css: 15 * KB }
const folder = new URL('../dist/assets/', import.meta.url)
const brotli = promisify(brotliCompress)
const totals = { js: 0, css: 0 }

const onlyChecks = process.argv.includes('--check')

for (const name of await readdir(folder)) {
  const kind = name.split('.').at(-1)
  if (!(kind in totals)) continue
  const bytes = await readFile(new URL(name, folder))
  const small = await brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
  totals[kind] += small.length
  if (onlyChecks) continue
  await writeFile(new URL(`${name}.br`, folder), small)
  await writeFile(new URL(`${name}.gz`, folder), await promisify(gzip)(bytes, { level: 9 }))
}
for (const [kind, total] of Object.entries(totals)) {
  console.log(`${kind}: ${(total / KB).toFixed(1)} kB compressed, at most ${BUDGETS[kind] / KB}`)
  if (total > BUDGETS[kind]) process.exitCode = 1
}
