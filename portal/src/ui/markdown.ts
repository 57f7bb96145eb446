// Markdown as parts, which a page makes elements of. HTML is never passed on: it is text, or not taken at all.
import { lexer, type Token, type Tokens } from 'marked'
import type { Block, Inline } from './blocks-parts.ts'

/** Where a link of the Markdown leads; nothing, if its words stay words. */
export type Leads = (href: string) => { to: string; isOutward: boolean } | undefined
/** What is made of a token that no part stands for. */
export type Odd = (token: Token, leads: Leads) => Inline[]

export function parse(markdown: string, leads: Leads, odd: Odd): Block[] {
  const ids = new Map<string, number>()
  const block = (token: Token): Block[] => {
    switch (token.type) {
      case 'space':
      case 'hr':
        return []
      case 'heading': {
        const { depth, tokens, text } = token as Tokens.Heading
        return [{ kind: 'heading', level: depth, id: idOf(text, ids), parts: inlines(tokens, leads, odd) }]
      }
      case 'paragraph':
      case 'text': {
        const { tokens, text } = token as Tokens.Paragraph
        return [{ kind: 'paragraph', parts: tokens ? inlines(tokens, leads, odd) : [text] }]
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
        const cell = ({ tokens }: Tokens.TableCell) => inlines(tokens, leads, odd)
        return [{ kind: 'table', head: header.map(cell), rows: rows.map(row => row.map(cell)) }]
      }
      case 'blockquote':
        return [{ kind: 'quote', blocks: (token as Tokens.Blockquote).tokens.flatMap(block) }]
      default:
        return [{ kind: 'paragraph', parts: odd(token, leads) }]
    }
  }
  return lexer(markdown).flatMap(block)
}

function inlines(tokens: Token[], leads: Leads, odd: Odd): Inline[] {
  return tokens.flatMap(token => inline(token, leads, odd))
}

function inline(token: Token, leads: Leads, odd: Odd): Inline[] {
  switch (token.type) {
    case 'text':
    case 'escape': {
      const { tokens, text } = token as Tokens.Text
      return tokens ? inlines(tokens, leads, odd) : [plain(text)]
    }
    case 'br':
      return [' ']
    case 'codespan':
      return [{ kind: 'code', text: plain((token as Tokens.Codespan).text) }]
    case 'strong':
    case 'em':
      return [{ kind: token.type, parts: inlines((token as Tokens.Strong).tokens, leads, odd) }]
    case 'link': {
      const { href, tokens } = token as Tokens.Link
      const parts = inlines(tokens, leads, odd)
      const lead = leads(href)
      return lead ? [{ kind: 'link', ...lead, parts }] : parts
    }
    default:
      return odd(token, leads)
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

/** Addresses that words of people may lead to. */
const OUTWARD = /^(?:https?:\/\/|mailto:)/i
const outward: Leads = href => (OUTWARD.test(href) ? { to: href, isOutward: true } : undefined)

/** A picture is a link to it, and nothing is loaded from elsewhere; all else, HTML too, is the text that it was written as. */
const asText: Odd = (token, leads) => {
  if (token.type === 'image') {
    const { href, text } = token as Tokens.Image
    const lead = leads(href)
    return lead ? [{ kind: 'link', ...lead, parts: [text || href] }] : [text || href]
  }
  if (token.type === 'del') return [(token as Tokens.Del).text]
  return [token.raw.trimEnd()]
}

/** What people wrote about a release. Marks that are nested beyond reason stay text. */
export function written(markdown: string): Block[] {
  try {
    return parse(markdown, outward, asText)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return [{ kind: 'paragraph', parts: [markdown] }]
  }
}
