// From the leaf to the root, hash by hash.
import { toBase64 } from './bytes'
import type { Way } from './tree'
import type { Looked } from './verify'

export function WayToRoot({ way, looked }: { way: Way; looked: Looked }) {
  const count = way.steps.length
  return (
    <details>
      <summary>
        The way from the leaf to the root, in {count} {count === 1 ? 'step' : 'steps'}
      </summary>
      <ol className="way">
        <li>
          <span>The leaf’s hash</span> <Hash of={way.leaf} />
        </li>
        {way.steps.map(({ side, beside, above }, step) => (
          <li key={step}>
            <span>
              {side === 'left' ? 'with, to its left,' : 'with, to its right,'} <Hash of={beside} />
            </span>{' '}
            makes <Hash of={above} />
          </li>
        ))}
        <li>
          <strong>{way.isAtRoot ? 'This is the root that is signed:' : 'This is not the root that is signed:'}</strong>{' '}
          <Hash of={looked.proof.checkpoint.root} />
        </li>
      </ol>
    </details>
  )
}

function Hash({ of }: { of: Uint8Array }) {
  const text = toBase64(of)
  return <code title={text}>{text.slice(0, 12)}…</code>
}
