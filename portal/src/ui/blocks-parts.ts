// What Markdown is made of, once it is read. There is no HTML in it.

export type Inline =
  | string
  | { kind: 'code'; text: string }
  | { kind: 'strong' | 'em'; parts: Inline[] }
  /** `to` is an address elsewhere, or, in the documentation, `page` or `page#section` */
  | { kind: 'link'; to: string; isOutward: boolean; parts: Inline[] }

export type Block =
  | { kind: 'heading'; level: number; id: string; parts: Inline[] }
  | { kind: 'paragraph'; parts: Inline[] }
  | { kind: 'code'; language: string; text: string }
  | { kind: 'list'; isOrdered: boolean; items: Block[][] }
  | { kind: 'quote'; blocks: Block[] }
  | { kind: 'table'; head: Inline[][]; rows: Inline[][][] }

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
    case 'quote':
      return block.blocks.map(textOfBlock).join(' ')
    case 'table':
      return [block.head, ...block.rows].map(row => row.map(textOf).join(' ')).join(' ')
  }
}
