// A few marks of Markdown, as parts that a page is made of: headings, lists, bold, italics, code, links. All else is text, HTML too.

export type Block =
  | { kind: 'heading'; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'list'; items: string[] }

export type Part =
  | { kind: 'text'; text: string }
  | { kind: 'strong'; text: string }
  | { kind: 'em'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'link'; text: string; to: string }

export function blocks(text: string): Block[] {
  const found: Block[] = []
  let isOpen = false
  for (const line of text.split(/\r?\n/)) {
    const last = isOpen ? found.at(-1) : undefined
    const heading = /^#{1,4}\s+(.+)$/.exec(line)?.[1]
    const item = /^\s*[-*]\s+(.+)$/.exec(line)?.[1]
    isOpen = line.trim() !== '' && !heading
    if (heading) found.push({ kind: 'heading', text: heading.trim() })
    else if (item && last?.kind === 'list') last.items.push(item.trim())
    else if (item) found.push({ kind: 'list', items: [item.trim()] })
    else if (isOpen && last?.kind === 'paragraph') last.text += ` ${line.trim()}`
    else if (isOpen) found.push({ kind: 'paragraph', text: line.trim() })
  }
  return found
}

const CODE = '`([^`]+)`'
const STRONG = '\\*\\*([^*\\s](?:[^*]*[^*\\s])?)\\*\\*'
const EM = '\\*([^*\\s](?:[^*]*[^*\\s])?)\\*'
const NAMED = '\\[([^\\]]+)\\]\\(((?:https?://|mailto:)[^\\s()]+)\\)'
const BARE = '(https?://[^\\s<>()[\\]"]*[^\\s<>()[\\]".,;:!?])'
const MARKS = new RegExp([CODE, STRONG, EM, NAMED, BARE].join('|'), 'g')

export function inline(text: string): Part[] {
  const parts: Part[] = []
  let at = 0
  for (const found of text.matchAll(MARKS)) {
    if (found.index > at) parts.push({ kind: 'text', text: text.slice(at, found.index) })
    parts.push(partOf(found))
    at = found.index + found[0].length
  }
  if (at < text.length) parts.push({ kind: 'text', text: text.slice(at) })
  return parts
}

function partOf([whole, code, strong, em, named, to]: RegExpMatchArray): Part {
  if (code !== undefined) return { kind: 'code', text: code }
  if (strong !== undefined) return { kind: 'strong', text: strong }
  if (em !== undefined) return { kind: 'em', text: em }
  if (named !== undefined && to !== undefined) return { kind: 'link', text: named, to }
  return { kind: 'link', text: whole, to: whole }
}
