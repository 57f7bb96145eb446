// Pages of the documentation, loaded when they are looked at; what was loaded once is there at once.
import { useEffect, useState } from 'react'
import type { Block } from '../../ui/blocks-parts'
import type { DocsEntry, DocsPage } from './parts'

const loaded = new Map<DocsEntry, Block[]>()

type Pages = { pages: DocsPage[] | undefined; isMissing: boolean }

/** These with their words, once all are there. They are missing if they could not be loaded. */
export function usePages(entries: readonly DocsEntry[]): Pages {
  const [missing, setMissing] = useState<readonly DocsEntry[]>()
  const [, setCount] = useState(0)
  useEffect(() => {
    let isHere = true
    const read = async (entry: DocsEntry) => {
      if (!loaded.has(entry)) loaded.set(entry, await entry.read())
    }
    Promise.all(entries.map(read))
      .then(() => isHere && setCount(loaded.size))
      .catch(() => isHere && setMissing(entries))
    return () => {
      isHere = false
    }
  }, [entries])
  const pages = entries.flatMap(entry => {
    const blocks = loaded.get(entry)
    return blocks ? [{ name: entry.name, title: entry.title, about: entry.about, blocks }] : []
  })
  const isWhole = pages.length === entries.length
  return { pages: isWhole ? pages : undefined, isMissing: !isWhole && missing === entries }
}
