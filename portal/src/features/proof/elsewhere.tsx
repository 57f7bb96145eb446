// Where a monitor, a mirror or a witness of somebody's own finds the history.
import type { HistoryQuery } from '../../gql/graphql'
import { CommandLine } from '../../ui/copy'
import { Panel } from '../../ui/page'
import { useMay, useWhoIsThere } from '../session/viewer'
import { organizationOf, parseCheckpoint } from './checkpoint'

type Checkpoint = NonNullable<HistoryQuery['history']['checkpoint']>

export function Elsewhere({ checkpoint: { note, size } }: { checkpoint: Checkpoint }) {
  const { hub } = useWhoIsThere()
  const readsLog = useMay('READ_LOG')
  const organization = organizationOf(parseCheckpoint(note)?.origin ?? '')
  if (!organization) return null
  const base = `${hub.publicUrl.replace(/\/$/, '')}/log/${organization}`
  const ask = (path: string) => `curl -H "Authorization: Bearer $DISTR_TOKEN" '${base}/${path}'`
  return (
    <Panel title="Witness and mirror">
      <div className="proof">
        <p className="muted">
          A witness keeps checkpoints elsewhere and compares them, so that nobody is shown another history. The formats
          are those of C2SP: tlog-checkpoint, tlog-tiles. Each request needs a token.
        </p>
        <h3>The newest checkpoint{readsLog ? '' : ', for every member'}</h3>
        <CommandLine line={ask('checkpoint')} label="the request for the checkpoint" />
        {readsLog ? (
          <>
            <h3>The hashes, in tiles of 256</h3>
            <CommandLine line={ask(tile(size))} label="the request for a tile" />
            <h3>The entries, page by page</h3>
            <CommandLine line={ask(`entries?from=0&to=${size}`)} label="the request for entries" />
          </>
        ) : null}
      </div>
    </Panel>
  )
}

/** The first one, which has fewer hashes while the tree is small. */
function tile(size: number): string {
  return size < 256 ? `tile/0/000.p/${size}` : 'tile/0/000'
}
