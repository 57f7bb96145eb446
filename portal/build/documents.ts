// Each module gets the documents that it asks with, and no others: the map of all of them would put every question of the vendor
// into what a customer loads.
import { readFileSync, statSync } from 'node:fs'
import type { Plugin } from 'vite'

const GENERATED = new URL('../src/gql/graphql.ts', import.meta.url)
const CALL = /graphql\(`\s*(query|mutation|subscription|fragment)\s+(\w+)[^`]*`\)/g
const IMPORT = /^import \{ graphql \} from '[./]+gql'\n/m
const DOCUMENT = /^export const (\w+) = (\{.*\}) as unknown as DocumentNode/gm

let read = { at: 0, byName: new Map<string, string>() }

function generated(): Map<string, string> {
  const at = statSync(GENERATED).mtimeMs
  if (read.at !== at) {
    const all = readFileSync(GENERATED, 'utf8').matchAll(DOCUMENT)
    read = { at, byName: new Map(Array.from(all, ([, name = '', document = '']) => [name, document])) }
  }
  return read.byName
}

export function documents(): Plugin {
  return {
    name: 'documents',
    enforce: 'pre',
    transform(code, id) {
      if (!IMPORT.test(code)) return null
      const inlined = code.replace(IMPORT, '\n').replace(CALL, (_call, kind: string, name: string) => {
        const document = generated().get(name + (kind === 'fragment' ? 'FragmentDoc' : 'Document'))
        if (!document) throw new Error(`${id}: there is no document of ${kind} ${name}; run script/portal check`)
        return `(${document})`
      })
      return { code: inlined, map: null }
    },
  }
}
