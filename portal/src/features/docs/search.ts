// The documentation by words. A section is what stands under one heading; it is found if it has every word.
import { textOf, textOfBlock } from '../../ui/blocks-parts'
import type { DocsPage } from './parts'

export type DocsSection = { page: string; pageTitle: string; id: string | undefined; title: string; text: string }
export type DocsHit = DocsSection & { excerpt: string }

const MOST = 20
/** Letters before the first word that was found, and in all. */
const BEFORE = 40
const LONG = 160

export function sectionsOf(pages: readonly DocsPage[]): DocsSection[] {
  return pages.flatMap(page => {
    const sections: DocsSection[] = [
      { page: page.name, pageTitle: page.title, id: undefined, title: page.title, text: page.about },
    ]
    for (const block of page.blocks) {
      if (block.kind === 'heading' && block.level > 1) {
        const title = textOf(block.parts)
        sections.push({ page: page.name, pageTitle: page.title, id: block.id, title, text: '' })
      } else if (block.kind !== 'heading') {
        const last = sections.at(-1)
        if (last) last.text += ` ${textOfBlock(block)}`
      }
    }
    return sections
  })
}

/** Best first: words in a title count for more than words below it. */
export function searchDocs(sections: readonly DocsSection[], asked: string): DocsHit[] {
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return []
  const found = sections.flatMap(section => {
    const title = `${section.pageTitle} ${section.title}`.toLowerCase()
    const text = section.text.toLowerCase()
    if (!words.every(word => title.includes(word) || text.includes(word))) return []
    const rank = words.reduce((sum, word) => sum + (section.title.toLowerCase().includes(word) ? 10 : 0), 0)
    return [
      { ...section, excerpt: excerptOf(section.text, words), rank: rank + (title.includes(asked.trim()) ? 5 : 0) },
    ]
  })
  return found
    .sort((one, other) => other.rank - one.rank)
    .slice(0, MOST)
    .map(({ rank: _, ...hit }) => hit)
}

function excerptOf(text: string, words: readonly string[]): string {
  const plain = text.replace(/\s+/g, ' ').trim()
  const places = words.map(word => plain.toLowerCase().indexOf(word)).filter(place => place >= 0)
  const from = Math.max(0, Math.min(...(places.length > 0 ? places : [0])) - BEFORE)
  const start = from === 0 ? 0 : plain.indexOf(' ', from) + 1
  const cut = plain.slice(start, start + LONG)
  return `${start > 0 ? '… ' : ''}${cut}${start + LONG < plain.length ? ' …' : ''}`
}
