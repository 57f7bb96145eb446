// One page of the documentation. Parts become elements, and nothing becomes HTML.
import { Link, useLocation } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { Copy } from '../../ui/copy'
import { Outward } from '../../ui/outward'
import { docsLink } from './address'
import { commandsOf } from './commands'
import { type Block, type DocsPage, type Inline, textOf } from './parts'

export function Article({ page, at, siteName }: { page: DocsPage; at: string; siteName: string }) {
  const { hash } = useLocation()
  const article = useRef<HTMLElement>(null)
  useEffect(() => {
    document.title = `${page.title} · ${siteName}`
  }, [page, siteName])
  // the page is there only now, so that the browser could not go to its section itself
  // biome-ignore lint/correctness/useExhaustiveDependencies: of each page anew
  useEffect(() => {
    if (hash) document.getElementById(hash)?.scrollIntoView()
  }, [hash, page])
  const sections = page.blocks.filter(block => block.kind === 'heading' && block.level === 2)
  return (
    <article className="docs-article" ref={article}>
      {page.blocks.slice(0, 1).map(block => (
        <BlockOf key="title" block={block} at={at} />
      ))}
      {sections.length > 3 ? (
        <nav className="docs-sections" aria-label="Sections of this page">
          <ul>
            {sections.map(block =>
              block.kind === 'heading' ? (
                <li key={block.id}>
                  <Link to="." hash={block.id}>
                    {textOf(block.parts)}
                  </Link>
                </li>
              ) : null,
            )}
          </ul>
        </nav>
      ) : null}
      {keyed(page.blocks.slice(1)).map(([key, block]) => (
        <BlockOf key={key} block={block} at={at} />
      ))}
    </article>
  )
}

/** Parts have no name but their place, and none ever moves. */
function keyed<T>(parts: T[]): [number, T][] {
  return parts.map((part, place) => [place, part])
}

function BlockOf({ block, at }: { block: Block; at: string }) {
  switch (block.kind) {
    case 'heading': {
      const Heading = `h${Math.min(4, block.level)}` as 'h1' | 'h2' | 'h3' | 'h4'
      return (
        <Heading id={block.level === 1 ? undefined : block.id}>
          <Parts of={block.parts} at={at} />
        </Heading>
      )
    }
    case 'paragraph':
      return (
        <p>
          <Parts of={block.parts} at={at} />
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
                  <Parts key={key} of={part.parts} at={at} />
                ) : (
                  <BlockOf key={key} block={part} at={at} />
                ),
              )}
            </li>
          ))}
        </List>
      )
    }
    case 'table':
      return <DocsTable block={block} at={at} />
  }
}

function Code({ language, text }: { language: string; text: string }) {
  const commands = language === 'console' ? commandsOf(text) : text
  return (
    <div className="docs-code">
      {/* wide lines are scrolled to by keys, too */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      {commands ? <Copy text={commands} what={language === 'console' ? 'the commands' : 'the text'} /> : null}
    </div>
  )
}

/** On small screens a row becomes a block, with each cell under its column's name. */
function DocsTable({ block, at }: { block: Extract<Block, { kind: 'table' }>; at: string }) {
  const names = block.head.map(textOf)
  return (
    <table className="docs-table">
      <thead>
        <tr>
          {keyed(block.head).map(([key, cell]) => (
            <th key={key} scope="col">
              <Parts of={cell} at={at} />
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
                  <Parts of={cell} at={at} />
                </div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Parts({ of, at }: { of: Inline[]; at: string }) {
  return keyed(of).map(([key, part]) => {
    if (typeof part === 'string') return part
    if (part.kind === 'code') return <code key={key}>{part.text}</code>
    const inside = <Parts of={part.parts} at={at} />
    if (part.kind === 'strong') return <strong key={key}>{inside}</strong>
    if (part.kind !== 'link') return <em key={key}>{inside}</em>
    if (part.isOutward) {
      return (
        <Outward key={key} to={part.to}>
          {inside}
        </Outward>
      )
    }
    return (
      <Link key={key} {...docsLink(at, part.to)} search={{} as never}>
        {inside}
      </Link>
    )
  })
}
