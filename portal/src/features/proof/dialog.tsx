// The proof that one event is in the history: what the hub sent, what this browser made of it, and how anybody does the same elsewhere.
import { Download } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { EventProofQuery } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { Button } from '../../ui/button'
import { CommandLine } from '../../ui/copy'
import { Dialog } from '../../ui/dialog'
import { download } from '../../ui/download'
import { Field } from '../../ui/field'
import { Fact, Facts } from '../../ui/page'
import { Failed, Loading, Unknown } from '../../ui/page-states'
import { Time } from '../../ui/time'
import { toBase64 } from './bytes'
import { labelOf, parseKey } from './note'
import { HISTORY, PROOF } from './queries'
import { Verdict } from './verdict'
import { type Looked, look } from './verify'
import { WayToRoot } from './way-to-root'
import './proof.css'

type Props = { position: string; close: () => void }

export default function ProofDialog({ position, close }: Props) {
  const after = String(Number(position) - 1)
  const { data, error, again } = useLive(PROOF, { position, after })
  const event = data?.events.events.find(event => event.position === position)
  return (
    <Dialog open onClose={close} title={`Proof of the event at position ${position}`} wide>
      {error && !data ? <Failed error={error} again={again} /> : null}
      {!error && !data ? <Loading what="the proof" rows={4} /> : null}
      {data && event ? <Body data={data} event={event} /> : null}
    </Dialog>
  )
}

type Event = EventProofQuery['events']['events'][number]

function Body({ data, event }: { data: EventProofQuery; event: Event }) {
  const [kept, setKept] = useState('')
  const { file, leaf } = data.eventProof
  const own = parseKey(kept)
  const isOwnWrong = kept.trim() !== '' && !own
  const looked = useLooked(file, event, own ? [kept.trim()] : data.history.keys.map(({ key }) => key))
  if (!looked) return <Loading what="what this browser makes of it" rows={4} />
  const name = `event-${event.position}.tlog-proof`
  return (
    <div className="proof">
      <Verdict looked={looked} isOwnKey={own !== undefined} />
      <Statement looked={looked} event={event} />
      {looked.way ? <WayToRoot looked={looked} way={looked.way} /> : null}
      <details>
        <summary>The leaf, as it is hashed</summary>
        <pre className="code" tabIndex={0}>
          <code>{leaf}</code>
        </pre>
      </details>
      <Field
        label="A key that you kept"
        value={kept}
        onChange={event => setKept(event.target.value)}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        placeholder="distr/…+…+…"
        hint={
          isOwnWrong
            ? 'This is not a public key of a history: use NAME+ID+KEY, as distr audit key prints it.'
            : 'Verify with it in the place of the key that this hub names. It stays in this page.'
        }
      />
      <h3>Elsewhere, without this hub</h3>
      <CommandLine line={`distr audit verify ${name} --key acme.key`} label="the command that verifies the file" />
      <p className="hint">
        The key is what <code>distr audit key</code> printed when you began to trust. The file has what is shown here;{' '}
        <code>distr audit proof {event.position}</code> writes the same. To verify payloads, too, export a period:
      </p>
      <CommandLine line={exportLine(event.recordedAt)} label="the command that exports the day" />
      <div className="dialog-actions">
        <Button kind="primary" onClick={() => download(name, file)}>
          <Download size={14} aria-hidden="true" /> Proof file
        </Button>
      </div>
    </div>
  )
}

function exportLine(recordedAt: string): string {
  const day = new Date(recordedAt).toISOString().slice(0, 10)
  return `distr audit export history-${day} --from ${day} --to ${day} && distr audit verify history-${day} --key acme.key --from ${day} --to ${day}`
}

/** Anew with each key. */
function useLooked(file: string, event: Event, keys: string[]): Looked | undefined {
  const [looked, setLooked] = useState<Looked>()
  const of = keys.join(' ')
  useEffect(() => {
    let isHere = true
    const parsed = of.split(' ').map(parseKey)
    void look(
      file,
      event,
      parsed.filter(key => key !== undefined),
    ).then(looked => isHere && setLooked(looked))
    return () => {
      isHere = false
    }
  }, [file, event, of])
  return looked
}

function Statement({ looked: { proof, key }, event }: { looked: Looked; event: Event }) {
  const { checkpoint, index } = proof
  return (
    <Facts>
      <Fact name="Event">
        {event.type}, <Time at={event.recordedAt} />
      </Fact>
      <Fact name="Leaf">
        {index.toLocaleString()} of {checkpoint.size.toLocaleString()}, counted from 0
      </Fact>
      <Fact name="Signed, by the hub’s clock">
        <SignedAt root={toBase64(checkpoint.root)} />
      </Fact>
      <Fact name="Origin">
        <code className="long">{checkpoint.origin}</code>
      </Fact>
      <Fact name="Root">
        <code className="long">{toBase64(checkpoint.root)}</code>
      </Fact>
      {key ? (
        <Fact name="Key">
          <code className="long">{labelOf(key)}</code>
        </Fact>
      ) : null}
    </Facts>
  )
}

/** A checkpoint itself has no time. The newest one was signed then, or after the one of the proof. */
function SignedAt({ root }: { root: string }) {
  const newest = useLive(HISTORY, {}).data?.history.checkpoint
  if (!newest) return <Unknown why="not told yet" />
  return (
    <>
      {newest.root === root ? null : 'before '}
      <Time at={newest.signedAt} />
    </>
  )
}
