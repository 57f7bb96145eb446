// What a page of the documentation is made of, once the build has read its Markdown. There is no HTML in it.

export type Inline =
  | string
  | { kind: 'code'; text: string }
  | { kind: 'strong' | 'em'; parts: Inline[] }
  /** `to` is `page` or `page#section` of the documentation, or an address elsewhere */
  | { kind: 'link'; to: string; isOutward: boolean; parts: Inline[] }

export type Block =
  | { kind: 'heading'; level: number; id: string; parts: Inline[] }
  | { kind: 'paragraph'; parts: Inline[] }
  | { kind: 'code'; language: string; text: string }
  | { kind: 'list'; isOrdered: boolean; items: Block[][] }
  | { kind: 'table'; head: Inline[][]; rows: Inline[][][] }

export type DocsPage = {
  /** in its address */
  name: string
  title: string
  /** what it is for, in a few words */
  about: string
  blocks: Block[]
}

export type DocsChapter = { title: string; pages: DocsPage[] }

/** The text alone. */
export function textOf(parts: Inline[]): string {
  return parts
    .map(part => {
      if (typeof part === 'string') return part
      return part.kind === 'code' ? part.text : textOf(part.parts)
    })
    .join('')
}

export function textOfBlock(block: Block): string {
  switch (block.kind) {
    case 'heading':
    case 'paragraph':
      return textOf(block.parts)
    case 'code':
      return block.text
    case 'list':
      return block.items.map(item => item.map(textOfBlock).join(' ')).join(' ')
    case 'table':
      return [block.head, ...block.rows].map(row => row.map(textOf).join(' ')).join(' ')
  }
}
