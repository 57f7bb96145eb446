// What the hub says of a compose file: each image as it is pinned, what it warns of, and what it refuses, at its line.
import { CircleAlert, TriangleAlert } from 'lucide-react'
import { Copy } from '../../ui/copy'
import { Unknown } from '../../ui/page-states'
import { State } from '../../ui/state'
import { type Column, Table } from '../../ui/table'
import { shortDigest } from '../repository/queries'
import { useWhoIsThere } from '../session/viewer'
import type { Finding } from './findings'
import type { Checked } from './queries'

type Image = NonNullable<Checked['images']>[number]

export function ImagesChecked({ images, demands }: { images: Image[]; demands: boolean }) {
  const { hub, viewer } = useWhoIsThere()
  const columns: Column<Image>[] = [
    { name: 'Service', isText: true, cell: ({ service }) => service },
    { name: 'Image', isText: true, cell: ({ repository, tag }) => `${repository}${tag ? `:${tag}` : ''}` },
    {
      name: 'Pinned to',
      cell: ({ repository, digest, service }) => (
        <span className="digest">
          <code title={digest}>{shortDigest(digest)}</code>
          <Copy
            text={`${hub.registryHost}/${viewer.organization.name}/${repository}@${digest}`}
            what={`the reference of ${service}`}
          />
        </span>
      ),
    },
    { name: 'Feature', cell: ({ feature }) => feature ?? <span className="muted">always</span> },
    { name: 'Signature', cell: image => <Signature image={image} demands={demands} /> },
  ]
  if (images.length === 0) {
    return <p className="muted">No image of this registry; those of others are pinned in the file itself.</p>
  }
  return <Table label="Images" columns={columns} rows={images} keyOf={({ service }) => service} />
}

function Signature({ image, demands }: { image: Image; demands: boolean }) {
  const signatures = image.attachments.filter(({ kind }) => kind === 'SIGNATURE')
  if (signatures.some(({ verified }) => verified === true)) return <State shape="ok" word="by a trusted key" />
  if (!demands) {
    return signatures.length > 0 ? <span>signed, no key is demanded</span> : <Unknown why="none demanded, none there" />
  }
  return <State shape="failed" word={signatures.length > 0 ? 'by no trusted key' : 'missing'} />
}

type FindingsProps = { found: Finding[]; text: string; isWarning?: boolean; go: (line: number) => void }

export function Findings({ found, text, isWarning, go }: FindingsProps) {
  const lines = text.split('\n')
  const Icon = isWarning ? TriangleAlert : CircleAlert
  return (
    <ol className={isWarning ? 'findings is-warning' : 'findings'} aria-label={isWarning ? 'Warnings' : 'Refusals'}>
      {found.map(({ line, column, place, reason }, index) => (
        <li key={index}>
          <p className="finding-head">
            <Icon size={15} aria-hidden="true" />
            {line ? (
              <button type="button" className="button is-quiet" onClick={() => go(line)}>
                line {line}, column {column}
              </button>
            ) : null}
            {place ? <strong>{place}</strong> : null}
          </p>
          {line && lines[line - 1] !== undefined ? (
            <pre className="finding-line" aria-hidden="true">
              <code>
                {lines[line - 1]}
                {'\n'}
                {' '.repeat(Math.max(0, (column ?? 1) - 1))}^
              </code>
            </pre>
          ) : null}
          <p>{reason}</p>
        </li>
      ))}
    </ol>
  )
}
