// Markdown on a page. Parts become elements, and nothing becomes HTML.
import { Fragment, type ReactNode } from 'react'
import { type Block, type Inline, textOf } from './blocks-parts'
import { commandsOf } from './commands'
import { Copy } from './copy'
import { Outward } from './outward'
import './blocks.css'

/** A link within, where there are such links. */
type Inward = ((to: string, inside: ReactNode) => ReactNode) | undefined

/** Parts have no name but their place, and none ever moves. */
function keyed<T>(parts: T[]): [number, T][] {
  return parts.map((part, place) => [place, part])
}

type Props = {
  blocks: Block[]
  inward?: Inward
  /** by how many levels their headings are lower than written; without it, they can be linked to by their ids */
  below?: number | undefined
}

export function Blocks({ blocks, inward, below }: Props) {
  return keyed(blocks).map(([key, block]) => <BlockOf key={key} block={block} inward={inward} below={below} />)
}

function BlockOf({ block, inward, below }: { block: Block; inward: Inward; below: number | undefined }) {
  switch (block.kind) {
    case 'heading': {
      const Heading = `h${Math.min((below ?? 0) + block.level, 4)}` as 'h1' | 'h2' | 'h3' | 'h4'
      return (
        <Heading id={below === undefined && block.level > 1 ? block.id : undefined}>
          <Parts of={block.parts} inward={inward} />
        </Heading>
      )
    }
    case 'paragraph':
      return (
        <p>
          <Parts of={block.parts} inward={inward} />
        </p>
      )
    case 'code':
      return <Code language={block.language} text={block.text} />
    case 'list': {
      const List = block.isOrdered ? 'ol' : 'ul'
      return (
        <List>
          {keyed(block.items).map(([key, item]) => (
            <li key={key}>
              {keyed(item).map(([key, part]) =>
                part.kind === 'paragraph' && item.length === 1 ? (
                  <Parts key={key} of={part.parts} inward={inward} />
                ) : (
                  <BlockOf key={key} block={part} inward={inward} below={below} />
                ),
              )}
            </li>
          ))}
        </List>
      )
    }
    case 'quote':
      return (
        <blockquote>
          <Blocks blocks={block.blocks} inward={inward} below={below} />
        </blockquote>
      )
    case 'table':
      return <BlockTable block={block} inward={inward} />
  }
}

function Code({ language, text }: { language: string; text: string }) {
  const commands = language === 'console' ? commandsOf(text) : text
  return (
    <div className="block-code">
      {/* wide lines are scrolled to by keys, too */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      {commands ? <Copy text={commands} what={language === 'console' ? 'the commands' : 'the text'} /> : null}
    </div>
  )
}

/** On small screens a row becomes a block, with each cell under its column's name. */
function BlockTable({ block, inward }: { block: Extract<Block, { kind: 'table' }>; inward: Inward }) {
  const names = block.head.map(textOf)
  return (
    <table className="block-table">
      <thead>
        <tr>
          {keyed(block.head).map(([key, cell]) => (
            <th key={key} scope="col">
              <Parts of={cell} inward={inward} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {keyed(block.rows).map(([key, row]) => (
          <tr key={key}>
            {keyed(row).map(([key, cell]) => (
              <td key={key} data-column={names[key]}>
                <div>
                  <Parts of={cell} inward={inward} />
                </div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Parts({ of, inward }: { of: Inline[]; inward: Inward }) {
  return keyed(of).map(([key, part]) => {
    if (typeof part === 'string') return part
    if (part.kind === 'code') return <code key={key}>{part.text}</code>
    const inside = <Parts of={part.parts} inward={inward} />
    if (part.kind === 'strong') return <strong key={key}>{inside}</strong>
    if (part.kind !== 'link') return <em key={key}>{inside}</em>
    if (part.isOutward) {
      return (
        <Outward key={key} to={part.to}>
          {inside}
        </Outward>
      )
    }
    return <Fragment key={key}>{inward?.(part.to, inside) ?? inside}</Fragment>
  })
}
