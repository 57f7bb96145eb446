// Words that people wrote, with a few marks of Markdown. Text stays text: parts become elements, and nothing becomes HTML.
import { Outward } from './outward'
import { type Block, blocks, inline } from './prose-parts'

export function Prose({ text }: { text: string }) {
  return (
    <div className="prose">
      {keyed(blocks(text)).map(([key, block]) => (
        <BlockOf key={key} block={block} />
      ))}
    </div>
  )
}

/** Parts have no name but their place, and none ever moves. */
function keyed<T>(parts: T[]): [number, T][] {
  return parts.map((part, place) => [place, part])
}

function BlockOf({ block }: { block: Block }) {
  if (block.kind === 'heading') {
    return (
      <h3>
        <Inline text={block.text} />
      </h3>
    )
  }
  if (block.kind === 'paragraph') {
    return (
      <p>
        <Inline text={block.text} />
      </p>
    )
  }
  return (
    <ul>
      {keyed(block.items).map(([key, item]) => (
        <li key={key}>
          <Inline text={item} />
        </li>
      ))}
    </ul>
  )
}

function Inline({ text }: { text: string }) {
  return keyed(inline(text)).map(([key, part]) => {
    if (part.kind === 'strong') return <strong key={key}>{part.text}</strong>
    if (part.kind === 'em') return <em key={key}>{part.text}</em>
    if (part.kind === 'code') return <code key={key}>{part.text}</code>
    if (part.kind === 'text') return <span key={key}>{part.text}</span>
    return (
      <Outward key={key} to={part.to}>
        {part.text}
      </Outward>
    )
  })
}
