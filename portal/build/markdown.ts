// Markdown of the documentation as parts, which the page makes elements of. What it does not know fails the build: nothing is lost
// unseen, and HTML is never passed on.
import { lexer, type Token, type Tokens } from 'marked'
import type { Block, Inline } from '../src/features/docs/parts.ts'

/** Where a link of the Markdown leads; nothing, if its words stay words. */
export type Leads = (href: string) => { to: string; isOutward: boolean } | undefined

export function parse(markdown: string, leads: Leads): Block[] {
  const ids = new Map<string, number>()
  const block = (token: Token): Block[] => {
    switch (token.type) {
      case 'space':
      case 'hr':
        return []
      case 'heading': {
        const { depth, tokens, text } = token as Tokens.Heading
        return [{ kind: 'heading', level: depth, id: idOf(text, ids), parts: inlines(tokens, leads) }]
      }
      case 'paragraph':
      case 'text': {
        const { tokens, text } = token as Tokens.Paragraph
        return [{ kind: 'paragraph', parts: tokens ? inlines(tokens, leads) : [text] }]
      }
      case 'code': {
        const { lang, text } = token as Tokens.Code
        return [{ kind: 'code', language: lang ?? '', text }]
      }
      case 'list': {
        const { ordered, items } = token as Tokens.List
        return [{ kind: 'list', isOrdered: ordered, items: items.map(item => item.tokens.flatMap(block)) }]
      }
      case 'table': {
        const { header, rows } = token as Tokens.Table
        const cell = ({ tokens }: Tokens.TableCell) => inlines(tokens, leads)
        return [{ kind: 'table', head: header.map(cell), rows: rows.map(row => row.map(cell)) }]
      }
      default:
        throw new Error(`the documentation has ${token.type}, which pages do not show: ${token.raw.slice(0, 80)}`)
    }
  }
  return lexer(markdown).flatMap(block)
}

function inlines(tokens: Token[], leads: Leads): Inline[] {
  return tokens.flatMap(token => inline(token, leads))
}

function inline(token: Token, leads: Leads): Inline[] {
  switch (token.type) {
    case 'text':
    case 'escape': {
      const { tokens, text } = token as Tokens.Text
      return tokens ? inlines(tokens, leads) : [plain(text)]
    }
    case 'br':
      return [' ']
    case 'codespan':
      return [{ kind: 'code', text: plain((token as Tokens.Codespan).text) }]
    case 'strong':
    case 'em':
      return [{ kind: token.type, parts: inlines((token as Tokens.Strong).tokens, leads) }]
    case 'link': {
      const { href, tokens } = token as Tokens.Link
      const parts = inlines(tokens, leads)
      const lead = leads(href)
      return lead ? [{ kind: 'link', ...lead, parts }] : parts
    }
    default:
      throw new Error(`the documentation has ${token.type}, which pages do not show: ${token.raw.slice(0, 80)}`)
  }
}

/** Line breaks of a paragraph are no breaks. */
function plain(text: string): string {
  return text.replace(/\n/g, ' ')
}

/** As GitHub names headings. */
export function idOf(heading: string, ids: Map<string, number>): string {
  const id = heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
  const times = ids.get(id) ?? 0
  ids.set(id, times + 1)
  return times === 0 ? id : `${id}-${times}`
}
