// The history of the organization: its newest checkpoint, the keys that sign, and how others keep the hub to it.
import { Download } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { HistoryQuery } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { useNowAndThen } from '../../live/use-now-and-then'
import { Button } from '../../ui/button'
import { Copy, SameInCli } from '../../ui/copy'
import { download } from '../../ui/download'
import { Fact, Facts, Page, Panel } from '../../ui/page'
import { Empty, Failed, Loading } from '../../ui/page-states'
import { Time } from '../../ui/time'
import { useMay, useWhoIsThere } from '../session/viewer'
import { canHash, sha256, toHex } from './bytes'
import { parseCheckpoint } from './checkpoint'
import { Elsewhere } from './elsewhere'
import { ExportPanel } from './export'
import { Newest } from './newest-event'
import { isSignedBy, labelOf, parseKey, type Signed } from './note'
import { HISTORY } from './queries'
import './proof.css'

type History = HistoryQuery['history']
type Checkpoint = NonNullable<History['checkpoint']>

export default function ProofPage() {
  const { viewer } = useWhoIsThere()
  const readsLog = useMay('READ_LOG')
  const { data, error, isLoading, again, quietly } = useLive(HISTORY, {})
  useNowAndThen(quietly)
  const history = data?.history
  return (
    <Page title="Proof">
      <p className="lead">
        All facts of {viewer.customer ? viewer.organization.displayName : 'the organization'}, and each use or refusal
        of a right, are the leaves of one tree. The hub signs its root again and again. Whoever keeps a signed root sees
        later whether anything before it was changed, dropped, added or moved.
      </p>
      {error && !data ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the history" /> : null}
      {history && !history.checkpoint ? (
        <Empty title="Nothing is in the history yet">A checkpoint is signed once the first fact is in the tree.</Empty>
      ) : null}
      {history?.checkpoint ? (
        <>
          <Newly checkpoint={history.checkpoint} keys={history.keys} readsLog={readsLog} />
          <Keys keys={history.keys} />
          <Elsewhere checkpoint={history.checkpoint} />
          {readsLog ? <ExportPanel /> : null}
          <SameInCli line="distr audit checkpoint" />
        </>
      ) : null}
    </Page>
  )
}

const WORDS: Record<Signed, string> = {
  good: 'verified by this browser, with a key below',
  forged: 'NOT by the key that it names',
  absent: 'by none of the keys below',
  unknown: 'not verified: this browser does not know Ed25519',
}

function Newly({ checkpoint, keys, readsLog }: { checkpoint: Checkpoint; keys: History['keys']; readsLog: boolean }) {
  const parsed = parseCheckpoint(checkpoint.note)
  const signed = useSigned(checkpoint, keys)
  return (
    <Panel
      title="Newest checkpoint"
      aside={
        <span className="actions">
          <Copy text={checkpoint.note} what="the checkpoint" />
          <Button onClick={() => download(`${checkpoint.size}.checkpoint`, checkpoint.note)}>
            <Download size={14} aria-hidden="true" /> Keep it
          </Button>
        </span>
      }
    >
      <Facts>
        <Fact name="Entries">{checkpoint.size.toLocaleString()}</Fact>
        <Fact name="Signed, by the hub’s clock">
          <Time at={checkpoint.signedAt} />
        </Fact>
        <Fact name="Signature">
          {canHash() ? (signed ? WORDS[signed] : '…') : 'not verified: this page came without HTTPS'}
        </Fact>
        {readsLog ? (
          <Fact name="Newest event">
            <Newest size={checkpoint.size} />
          </Fact>
        ) : null}
        <Fact name="Root">
          <code className="long">{checkpoint.root}</code>
        </Fact>
        <Fact name="Origin">
          <code className="long">{parsed?.origin ?? 'the note is not a checkpoint'}</code>
        </Fact>
      </Facts>
    </Panel>
  )
}

function useSigned({ note }: Checkpoint, keys: History['keys']): Signed | undefined {
  const [signed, setSigned] = useState<Signed>()
  const of = keys.map(({ key }) => key).join(' ')
  useEffect(() => {
    let isHere = true
    const parsed = parseCheckpoint(note)
    const verify = async () => {
      let found: Signed = 'absent'
      for (const key of of.split(' ').map(parseKey)) {
        if (parsed && key && found !== 'good' && found !== 'forged') found = await isSignedBy(parsed.note, key)
      }
      if (isHere) setSigned(found)
    }
    if (canHash()) void verify()
    return () => {
      isHere = false
    }
  }, [note, of])
  return signed
}

function Keys({ keys }: { keys: History['keys'] }) {
  return (
    <Panel title="Public keys">
      <p className="muted key-advice">Write the key down when you begin to trust, in another place than this hub.</p>
      <ul className="keys-of-history">
        {keys.map(one => (
          <KeyLine key={one.key} one={one} />
        ))}
      </ul>
    </Panel>
  )
}

function KeyLine({ one: { key, beginsAt, endsAt } }: { one: History['keys'][number] }) {
  const parsed = parseKey(key)
  const fingerprint = useFingerprint(key)
  return (
    <li>
      <div className="command">
        <pre>
          <code>{key}</code>
        </pre>
        <Copy text={key} what="the key" />
      </div>
      <Facts>
        <Fact name="Name and id">
          <code className="long">{parsed ? labelOf(parsed) : 'not a key that is known here'}</code>
        </Fact>
        {fingerprint ? (
          <Fact name="SHA-256 of its bytes">
            <code className="long">{fingerprint}</code>
          </Fact>
        ) : null}
        <Fact name="Signs">
          from <Time at={beginsAt} />
          {endsAt ? (
            <>
              {' '}
              until <Time at={endsAt} />, beside its successor
            </>
          ) : (
            ', every checkpoint'
          )}
        </Fact>
      </Facts>
    </li>
  )
}

function useFingerprint(key: string): string | undefined {
  const [fingerprint, setFingerprint] = useState<string>()
  useEffect(() => {
    let isHere = true
    const parsed = parseKey(key)
    if (parsed && canHash()) void sha256(parsed.public).then(hash => isHere && setFingerprint(toHex(hash)))
    return () => {
      isHere = false
    }
  }, [key])
  return fingerprint
}
