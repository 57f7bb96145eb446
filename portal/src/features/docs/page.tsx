// The documentation, for whoever opens it: nobody has to sign in. It is outside of the shell, with a frame of its own.
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { BookOpen } from 'lucide-react'
import { type ReactNode, useEffect, useMemo, useRef } from 'react'
import { docsLink } from './address'
import { Article } from './article'
import type { DocsContents, DocsEntry } from './parts'
import { searchDocs, sectionsOf } from './search'
import { usePages } from './use-pages'
import './docs.css'

export type DocsSide = {
  /** the address of the first page of the documentation */
  at: string
  /** where the portal begins */
  home: string
  mark: ReactNode
  name: string
  contents: DocsContents
}

export function DocsPages({ side }: { side: DocsSide }) {
  const { page: name } = useParams({ strict: false }) as { page?: string }
  const { q = '' } = useSearch({ strict: false }) as { q?: string }
  const pages = side.contents.flatMap(({ pages }) => pages)
  const page = name === undefined ? undefined : pages.find(page => page.name === name)
  return (
    <div className="docs">
      <button type="button" className="skip" onClick={() => document.getElementById('docs-page')?.focus()}>
        Skip to the page
      </button>
      <header className="docs-head">
        <Link to={side.home} className="brand">
          {side.mark}
          <span>{side.name}</span>
        </Link>
        <Link to={side.at} className="docs-home">
          <BookOpen size={16} aria-hidden="true" /> Documentation
        </Link>
        <Search q={q} />
      </header>
      <div className="docs-body">
        <Contents side={side} current={page} />
        <main id="docs-page" tabIndex={-1}>
          {q ? (
            <Found side={side} q={q} />
          ) : page ? (
            <Read key={page.name} entry={page} side={side} />
          ) : (
            <Start side={side} isMissing={name !== undefined} />
          )}
        </main>
      </div>
    </div>
  )
}

function Search({ q }: { q: string }) {
  const navigate = useNavigate()
  return (
    <search className="docs-search">
      <input
        type="search"
        aria-label="Search the documentation"
        placeholder="Search the documentation"
        value={q}
        onChange={({ target: { value } }) =>
          void navigate({ to: '.', search: (value ? { q: value } : {}) as never, replace: true, resetScroll: false })
        }
      />
    </search>
  )
}

function Read({ entry, side }: { entry: DocsEntry; side: DocsSide }) {
  const entries = useMemo(() => [entry], [entry])
  const { pages, isMissing } = usePages(entries)
  const [page] = pages ?? []
  return page ? <Article page={page} at={side.at} siteName={side.name} /> : <Loading isMissing={isMissing} />
}

function Loading({ isMissing }: { isMissing: boolean }) {
  if (!isMissing) return <p className="unseen">The page is loaded.</p>
  return (
    <p className="note is-error" role="alert">
      The page did not load. Look at the connection, then load it again.
    </p>
  )
}

/** On small screens they are folded away: the page comes first. */
function Contents({ side, current }: { side: DocsSide; current: DocsEntry | undefined }) {
  const folded = useRef<HTMLDetailsElement>(null)
  const close = () => folded.current?.removeAttribute('open')
  const list = (
    <nav aria-label="Pages of the documentation">
      {side.contents.map(({ title, pages }) => (
        <section key={title}>
          <h2>{title}</h2>
          <ul>
            {pages.map(({ name, title }) => (
              <li key={name}>
                <Link
                  {...docsLink(side.at, name)}
                  className={name === current?.name ? 'room active' : 'room'}
                  aria-current={name === current?.name ? 'page' : undefined}
                  onClick={close}
                >
                  {title}
                </Link>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  )
  return (
    <>
      <div className="docs-contents">{list}</div>
      <details className="docs-folded" ref={folded}>
        <summary>All pages</summary>
        {list}
      </details>
    </>
  )
}

function useTitle(title: string, name: string) {
  useEffect(() => {
    document.title = `${title} · ${name}`
  }, [title, name])
}

function Start({ side, isMissing }: { side: DocsSide; isMissing: boolean }) {
  useTitle('Documentation', side.name)
  return (
    <>
      <h1>{isMissing ? 'There is no such page' : 'Documentation'}</h1>
      {isMissing ? <p className="lead">The pages of this version are these.</p> : null}
      {side.contents.map(({ title, pages }) => (
        <section key={title} className="docs-chapter">
          <h2>{title}</h2>
          <ul className="docs-cards">
            {pages.map(({ name, title, about }) => (
              <li key={name}>
                <Link {...docsLink(side.at, name)}>{title}</Link>
                <p className="muted">{about}</p>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </>
  )
}

function Found({ side, q }: { side: DocsSide; q: string }) {
  useTitle('Search', side.name)
  const entries = useMemo(() => side.contents.flatMap(({ pages }) => pages), [side.contents])
  const { pages, isMissing } = usePages(entries)
  const sections = useMemo(() => sectionsOf(pages ?? []), [pages])
  if (!pages) return <Loading isMissing={isMissing} />
  const hits = searchDocs(sections, q)
  return (
    <>
      <h1>Found</h1>
      <p className="lead" role="status">
        {hits.length === 0 ? 'No section has all of these words.' : `${hits.length} sections, best first`}
      </p>
      <ul className="docs-hits">
        {hits.map(({ page, pageTitle, id, title, excerpt }) => (
          <li key={`${page}#${id}`}>
            <Link {...docsLink(side.at, id ? `${page}#${id}` : page)} search={{} as never}>
              {title}
            </Link>
            {title === pageTitle ? null : <span className="muted"> in {pageTitle}</span>}
            <p className="muted">{excerpt}</p>
          </li>
        ))}
      </ul>
    </>
  )
}
