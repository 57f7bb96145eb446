// Tags: where each points, how much that is, what needs it, and how it is pulled.
import { Link, useParams } from '@tanstack/react-router'
import { Trash2 } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useLive } from '../../live/use-live'
import { To, usePlaces } from '../../shell/places'
import { Button } from '../../ui/button'
import { bytesWords } from '../../ui/bytes'
import { Copy } from '../../ui/copy'
import { EmptyFiltered, Unknown } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { type Column, Table } from '../../ui/table'
import { Time } from '../../ui/time'
import { useMay, useWhoIsThere } from '../session/viewer'
import type { Doomed } from './delete'
import { PLATFORMS, type Repository, shortDigest, type Tag } from './queries'

const PAGE = 100

type Props = { repository: Repository; mayDelete: boolean; doom: (doomed: Doomed) => void }

export function TagTable({ repository, mayDelete, doom }: Props) {
  const [text, setText] = useState('')
  const [most, setMost] = useState(PAGE)
  const found = [...repository.tags]
    .filter(({ name, digest }) => name.includes(text.trim()) || digest.startsWith(text.trim()))
    .sort((one, other) => Date.parse(other.movedAt) - Date.parse(one.movedAt))
  const shown = found.slice(0, most)
  const platforms = usePlatforms(
    repository.name,
    shown.slice(-PAGE).map(({ name }) => name),
  )
  const columns = useColumns({ repository, mayDelete, doom }, platforms)
  if (repository.tags.length === 0) {
    return <p className="muted">No tag points anywhere; what is here is reached by its digest.</p>
  }
  return (
    <>
      <div className="filters">
        <input
          type="search"
          className="input search"
          placeholder="Tag or sha256:…"
          aria-label="Search by tag or digest"
          aria-keyshortcuts="/"
          value={text}
          onChange={event => setText(event.target.value)}
        />
      </div>
      {found.length > 0 ? (
        <Table label="Tags" columns={columns} rows={shown} keyOf={({ name }) => name} />
      ) : (
        <EmptyFiltered what="tags" clear={() => setText('')} />
      )}
      <div className="pager">
        <span>
          {Math.min(most, found.length).toLocaleString()} of {found.length.toLocaleString()}, the last moved first
        </span>
        {found.length > most ? (
          <Button kind="quiet" onClick={() => setMost(most + PAGE)}>
            More
          </Button>
        ) : null}
      </div>
    </>
  )
}

/** By digest, of all that was looked into so far. */
type Platforms = ReadonlyMap<string, readonly string[] | null>

function usePlatforms(name: string, only: string[]): Platforms {
  const { data } = useLive(PLATFORMS, { name, only }, only.length === 0)
  const [known, setKnown] = useState<Platforms>(new Map())
  useEffect(() => {
    const tags = data?.repository?.tags
    if (tags) setKnown(known => new Map([...known, ...tags.map(tag => [tag.digest, tag.platforms] as const)]))
  }, [data])
  return known
}

function useColumns({ repository, mayDelete, doom }: Props, platforms: Platforms): Column<Tag>[] {
  const { hub, viewer } = useWhoIsThere()
  const readsLog = useMay('READ_LOG')
  const { organization = '' } = useParams({ strict: false })
  const base = `${hub.registryHost}/${viewer.organization.name}/${repository.name}`
  return [
    {
      name: 'Tag',
      isText: true,
      cell: ({ name }) => (
        <span className="digest">
          {readsLog ? (
            <Link
              className="name"
              to="/v/$organization/registry/$"
              params={{ organization, _splat: repository.name }}
              search={{ of: name }}
              hash="accesses"
              title={`Who pulled ${name}`}
            >
              {name}
            </Link>
          ) : (
            <span className="name">{name}</span>
          )}
          <Copy text={commandLine('docker', 'pull', `${base}:${name}`)} what={`docker pull by the tag ${name}`} />
        </span>
      ),
    },
    {
      name: 'Digest',
      cell: ({ name, digest }) => (
        <span className="digest">
          <code title={digest}>{shortDigest(digest)}</code>
          <Copy
            text={commandLine('docker', 'pull', `${base}@${digest}`)}
            what={`docker pull by the digest of ${name}`}
          />
        </span>
      ),
    },
    {
      name: 'Size',
      isNumber: true,
      cell: ({ size }) => (typeof size === 'number' ? bytesWords(size) : <Unknown why="the manifest is not there" />),
    },
    {
      name: 'Platforms',
      isBlank: ({ digest }) => !platforms.get(digest),
      cell: ({ digest }) => <PlatformsOf named={platforms.get(digest)} />,
    },
    { name: 'Releases', isBlank: ({ releases }) => releases.length === 0, cell: tag => <Namers tag={tag} /> },
    { name: 'Moved', width: 'time', isNumber: true, cell: ({ movedAt }) => <Time at={movedAt} /> },
    {
      name: 'Actions',
      isBlank: () => !mayDelete,
      cell: tag =>
        mayDelete ? (
          <span className="row-actions">
            <button
              type="button"
              className="icon-button"
              onClick={() => doom({ kind: 'tag', tag })}
              aria-label={`Delete ${tag.name}`}
              title={`Delete ${tag.name}`}
            >
              <Trash2 size={15} />
            </button>
          </span>
        ) : null,
    },
  ]
}

const FEW = 3

/** `linux` goes without saying. */
function PlatformsOf({ named }: { named: readonly string[] | null | undefined }) {
  if (!named) return <Unknown why={named === null ? 'it does not say' : 'not read yet'} />
  return (
    <span className="tags" title={named.join(', ')}>
      {named.map(platform => (
        <span key={platform}>{platform.replace(/^linux\//, '')}</span>
      ))}
    </span>
  )
}

export function Namers({ tag }: { tag: Tag }) {
  const places = usePlaces()
  if (tag.releases.length === 0) return <span className="muted">none</span>
  const more = tag.releases.length - FEW
  return (
    <span className="tags">
      {tag.releases.slice(0, FEW).map(({ id, version, status, application }) => (
        <To key={id} place={places.release?.(application.name, version)}>
          {application.displayName} {version}
          {status === 'PUBLISHED' ? '' : ` (${status.toLowerCase()})`}
        </To>
      ))}
      {more > 0 ? <span className="muted">and {more} more</span> : null}
    </span>
  )
}
