// The ways on from an event, for those who may read the log: why it is there, and what proves it.
import { Route, ShieldCheck } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { OfNow } from '../../shell/of-now'
import { Button } from '../../ui/button'

const ProofDialog = lazy(() => import('./dialog'))
const WhyDialog = lazy(() => import('./why'))

/** Both are about the history as it is now, whatever moment the page is about. */
export function EventButtons({ position, of }: { position: string; of: string }) {
  const [open, setOpen] = useState<'why' | 'proof'>()
  const close = () => setOpen(undefined)
  return (
    <>
      <Button kind="quiet" onClick={() => setOpen('why')}>
        <Route size={14} aria-hidden="true" /> Why? <span className="unseen">{of}</span>
      </Button>
      <Button kind="quiet" onClick={() => setOpen('proof')}>
        <ShieldCheck size={14} aria-hidden="true" /> Proof… <span className="unseen">of {of}</span>
      </Button>
      {open ? (
        <OfNow>
          <Suspense>
            {open === 'why' ? (
              <WhyDialog position={position} close={close} />
            ) : (
              <ProofDialog position={position} close={close} />
            )}
          </Suspense>
        </OfNow>
      ) : null}
    </>
  )
}
