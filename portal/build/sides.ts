// Two sides, one build. What is the vendor's alone is no part of what a customer loads: a module is the vendor's if it knows an address
// of the vendor's pages, and the build fails if the customer's entry leads to one.
import { readFileSync } from 'node:fs'
import type { Plugin } from 'vite'

const ENTRY = '/src/customer/main.tsx'
const ADDRESS = '/v/$organization'

type Graph = { getModuleIds(): Iterable<string>; getModuleInfo(id: string): Edges | null }
type Edges = { importedIds: readonly string[]; dynamicallyImportedIds: readonly string[] }

/** All that the module leads to, itself included. */
function reachable(graph: Graph, from: string): Set<string> {
  const found = new Set([from])
  for (const id of found) {
    const info = graph.getModuleInfo(id)
    for (const next of [...(info?.importedIds ?? []), ...(info?.dynamicallyImportedIds ?? [])]) found.add(next)
  }
  return found
}

function isVendors(id: string): boolean {
  return /\/src\/.*\.tsx?$/.test(id) && readFileSync(id, 'utf8').includes(ADDRESS)
}

export function sides(): Plugin {
  return {
    name: 'sides',
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        if (/^\/p(\/|$)/.test(request.url ?? '')) request.url = '/customer.html'
        next()
      })
    },
    generateBundle() {
      const entry = [...this.getModuleIds()].find(id => id.endsWith(ENTRY))
      if (!entry) this.error(`the build has no ${ENTRY}`)
      const wrong = [...reachable(this, entry)].filter(isVendors)
      if (wrong.length > 0) this.error(`what a customer loads holds pages of the vendor: ${wrong.join(', ')}`)
    },
  }
}
