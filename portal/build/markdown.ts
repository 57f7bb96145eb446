// Markdown of the documentation. What its pages do not show fails the build: nothing is lost unseen.
import type { Block } from '../src/ui/blocks-parts.ts'
import { type Leads, parse as parts } from '../src/ui/markdown.ts'

export function parse(markdown: string, leads: Leads): Block[] {
  return parts(markdown, leads, token => {
    throw new Error(`the documentation has ${token.type}, which pages do not show: ${token.raw.slice(0, 80)}`)
  })
}
