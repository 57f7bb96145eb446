// The way from an event to its proof, for those who may read the log.
import { ShieldCheck } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { OfNow } from '../../shell/of-now'
import { Button } from '../../ui/button'

const ProofDialog = lazy(() => import('./dialog'))

/** The proof is of the history as it is now, whatever moment the page is about. */
export function ProofButton({ position, of }: { position: string; of: string }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button kind="quiet" onClick={() => setOpen(true)}>
        <ShieldCheck size={14} aria-hidden="true" /> Proof… <span className="unseen">of {of}</span>
      </Button>
      {isOpen ? (
        <OfNow>
          <Suspense>
            <ProofDialog position={position} close={() => setOpen(false)} />
          </Suspense>
        </OfNow>
      ) : null}
    </>
  )
}
