// One page of the documentation. Parts become elements, and nothing becomes HTML.
import { Link, useLocation } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import { Blocks } from '../../ui/blocks'
import { textOf } from '../../ui/blocks-parts'
import { docsLink } from './address'
import type { DocsPage } from './parts'

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
  const inward = (to: string, inside: ReactNode) => (
    <Link {...docsLink(at, to)} search={{} as never}>
      {inside}
    </Link>
  )
  const sections = page.blocks.filter(block => block.kind === 'heading' && block.level === 2)
  return (
    <article className="docs-article" ref={article}>
      <Blocks blocks={page.blocks.slice(0, 1)} inward={inward} />
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
      <Blocks blocks={page.blocks.slice(1)} inward={inward} />
    </article>
  )
}
