// What is proven by what this browser found, and what is not.
import { ShieldAlert, ShieldCheck, ShieldQuestion } from 'lucide-react'
import { leafLines } from './checkpoint'
import { FINDINGS, type Looked } from './verify'

export function Verdict({ looked, isOwnKey }: { looked: Looked; isOwnKey: boolean }) {
  const { proof, found, isOpen, way } = looked
  if (found) {
    return (
      <div className="verdict is-wrong" role="alert">
        <ShieldAlert size={18} aria-hidden="true" />
        <p>
          <strong>This does not prove the event.</strong> {FINDINGS[found]}
        </p>
      </div>
    )
  }
  const isFact = leafLines(proof.leaf).get('distr') === 'fact v1'
  const size = proof.checkpoint.size.toLocaleString()
  if (isOpen) {
    return (
      <div className="verdict is-open" role="status">
        <ShieldQuestion size={18} aria-hidden="true" />
        <p>
          <strong>{way ? 'This browser did not verify the signature.' : 'This browser did not verify it.'}</strong>{' '}
          {way
            ? 'The leaf leads to the root; the browser does not know Ed25519, by which the root is signed.'
            : 'A page has the means for it over HTTPS alone.'}{' '}
          Verify the file with the command below.
        </p>
      </div>
    )
  }
  return (
    <div className="verdict is-good" role="status">
      <ShieldCheck size={18} aria-hidden="true" />
      <div>
        <p>
          <strong>This browser verified it.</strong>{' '}
          {isFact ? 'An event with this id, type, actor and time' : 'An access with this id and time'}, and a payload of
          the digest in the leaf, is in the history of {size} entries, whose root is signed by{' '}
          {isOwnKey ? 'the key that you kept' : 'the key that this hub names'}.
        </p>
        <p>
          Not proven here: that it is true; that the payload is the one that is shown; when it was signed
          {isOwnKey
            ? ''
            : '; that the key is the one that others were shown, for which you compare it with one that you kept'}
          .
        </p>
      </div>
    </div>
  )
}
