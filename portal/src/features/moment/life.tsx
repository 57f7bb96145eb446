// The life of a thing, folded up until somebody looks back over it.
import { ChevronRight, History } from 'lucide-react'
import { type ComponentType, lazy, Suspense, useState } from 'react'
import { useMoment } from '../../live/moment'
import { OfNow } from '../../shell/of-now'
import { useGoToMoment } from '../../shell/use-go-to-moment'
import { Loading } from '../../ui/page-states'

export type LifeProps = {
  customer: string
  name: string
  moment: string | undefined
  go: (moment: string | undefined) => void
}

const LIVES = {
  target: lazy(() => import('./target-life')),
  license: lazy(() => import('./license-life')),
} satisfies Record<string, ComponentType<LifeProps>>

export function Life({ of, customer, name }: { of: keyof typeof LIVES; customer: string; name: string }) {
  const moment = useMoment()
  const goTo = useGoToMoment()
  const [isOpen, setOpen] = useState(moment !== undefined)
  const OfThing = LIVES[of]
  return (
    <section className="life" aria-label={`Life of the ${of}`}>
      <button type="button" className="life-head" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <ChevronRight size={14} aria-hidden="true" />
        <History size={14} aria-hidden="true" /> Look back over its life
      </button>
      {isOpen ? (
        <OfNow>
          <Suspense fallback={<Loading what="its life" rows={1} />}>
            <OfThing customer={customer} name={name} moment={moment} go={moment => goTo(moment, true)} />
          </Suspense>
        </OfNow>
      ) : null}
    </section>
  )
}
