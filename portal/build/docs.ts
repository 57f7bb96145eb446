// The documentation, as the two sides show it: the same Markdown that lies in the repository, read when the portal is built. A link to
// a page or a section that is not there fails the build.
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import type { Plugin } from 'vite'
import type { DocsChapter } from '../src/features/docs/parts.ts'
import type { Block } from '../src/ui/blocks-parts.ts'
import { parse } from './markdown.ts'

export type Side = 'vendor' | 'customer'
type Page = { name: string; file: string; title: string; about: string; isForCustomers?: boolean }
type Contents = { title: string; pages: Page[] }[]

const ROOT = new URL('../../', import.meta.url).pathname
const CONTENTS = 'docs/contents.json'
const VIRTUAL = /^virtual:docs\/(vendor|customer)(?:\/([a-z0-9-]+))?$/

export function chaptersOf(side: Side): DocsChapter[] {
  const all: Contents = JSON.parse(readFileSync(join(ROOT, CONTENTS), 'utf8'))
  const contents = all
    .map(({ title, pages }) => ({ title, pages: pages.filter(page => side === 'vendor' || page.isForCustomers) }))
    .filter(({ pages }) => pages.length > 0)
  const everywhere = new Map(all.flatMap(({ pages }) => pages).map(page => [page.file, page.name]))
  const shown = new Map(contents.flatMap(({ pages }) => pages).map(page => [page.file, page.name]))
  const links: { from: string; to: string }[] = []
  const chapters = contents.map(({ title, pages }) => ({
    title,
    pages: pages.map(({ name, file, title, about }) => {
      const leads = (href: string) => {
        if (/^[a-z]+:/.test(href)) return { to: href, isOutward: true }
        const [path = '', section] = href.split('#')
        const target = path ? normalize(join(dirname(file), path)) : file
        const page = shown.get(target)
        // a file that is no page of the documentation, or another side's
        if (!page) return everywhere.has(target) || path ? undefined : fail(file, href)
        const to = section ? `${page}#${section}` : page
        links.push({ from: file, to })
        return { to, isOutward: false }
      }
      return { name, title, about, blocks: parse(readFileSync(join(ROOT, file), 'utf8'), leads) }
    }),
  }))
  check(chapters, links)
  return chapters
}

function check(chapters: DocsChapter[], links: { from: string; to: string }[]) {
  const pages = new Map(chapters.flatMap(({ pages }) => pages).map(({ name, blocks }) => [name, idsOf(blocks)]))
  for (const { from, to } of links) {
    const [page = '', section] = to.split('#')
    if (section && !pages.get(page)?.has(section)) fail(from, to)
  }
}

function idsOf(blocks: Block[]): Set<string> {
  return new Set(blocks.flatMap(block => (block.kind === 'heading' ? [block.id] : [])))
}

function fail(from: string, to: string): never {
  throw new Error(`${from}: the link to ${to} leads nowhere`)
}

/**
 * `virtual:docs/vendor` and `virtual:docs/customer`: the contents, which are loaded when somebody opens the documentation. Each page is
 * a module of its own below them.
 */
export function docs(): Plugin {
  const read = new Map<Side, DocsChapter[]>()
  const chapters = (side: Side) => {
    const known = read.get(side) ?? chaptersOf(side)
    read.set(side, known)
    return known
  }
  return {
    name: 'docs',
    buildStart: () => read.clear(),
    resolveId: id => (VIRTUAL.test(id) ? `\0${id}` : null),
    load(id) {
      const [, side, name] = VIRTUAL.exec(id.replace(/^\0/, '')) ?? []
      if (!id.startsWith('\0') || !side) return null
      return name === undefined ? contents(side as Side, chapters(side as Side)) : page(name, chapters(side as Side))
    },
  }
}

function contents(side: Side, chapters: DocsChapter[]): string {
  const entry = ({ name, title, about }: DocsChapter['pages'][number]) =>
    `{ name: ${JSON.stringify(name)}, title: ${JSON.stringify(title)}, about: ${JSON.stringify(about)},
       read: () => import('virtual:docs/${side}/${name}').then(page => page.blocks) }`
  const chapter = ({ title, pages }: DocsChapter) =>
    `{ title: ${JSON.stringify(title)}, pages: [${pages.map(entry).join(', ')}] }`
  return `export const contents = [${chapters.map(chapter).join(', ')}]`
}

function page(name: string, chapters: DocsChapter[]): string {
  const found = chapters.flatMap(({ pages }) => pages).find(page => page.name === name)
  if (!found) throw new Error(`there is no page ${name} in the documentation`)
  return `export const blocks = JSON.parse(${JSON.stringify(JSON.stringify(found.blocks))})`
}
