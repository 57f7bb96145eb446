// What stands around every page, on either side: the rooms, the line, the palette.
import { useNavigate } from '@tanstack/react-router'
import { History, KeyRound } from 'lucide-react'
import { lazy, type ReactNode, Suspense, useCallback, useEffect, useState } from 'react'
import { useMay } from '../features/session/viewer'
import { connect } from '../live/socket'
import { Button } from '../ui/button'
import { Toasts } from '../ui/toast'
import { AtMoment } from './at-moment'
import { LineBand, SignedOutDialog } from './line-indicator'
import { MomentBand } from './moment-band'
import { Nav } from './nav'
import { PageOfMoment } from './page-of-moment'
import { type Deed, Palette, type UseHits } from './palette'
import { usePlaces } from './places'
import type { Room } from './rooms'
import { ShortcutsDialog, useShortcuts } from './shortcuts'

type Props = {
  rooms: readonly Room[]
  title: string
  /** in the place of the portal's own */
  mark?: ReactNode
  /** under the rooms */
  below?: ReactNode
  /** over every page */
  above?: ReactNode
  useHits: UseHits
  finds: string
}

const MomentDialog = lazy(() => import('../features/moment/dialog'))

export function Frame(props: Props) {
  return (
    <AtMoment>
      <Around {...props} />
    </AtMoment>
  )
}

function Around({ rooms, title, mark, below, above, useHits, finds }: Props) {
  const [over, setOver] = useState<'palette' | 'keys' | 'moment'>()
  useEffect(() => void connect(), [])
  const find = useCallback(() => setOver('palette'), [])
  const help = useCallback(() => setOver('keys'), [])
  const lookBack = useCallback(() => setOver('moment'), [])
  const close = () => setOver(undefined)
  const navigate = useNavigate()
  const { root } = usePlaces()
  const mayCheck = useMay('READ_CUSTOMERS')
  const check = () => void navigate({ to: `${root}/entitlement` as string })
  const deeds: Deed[] = [
    { id: 'look back', name: 'Look back: as of a moment…', note: 'time', icon: History, act: lookBack },
    ...(mayCheck ? [{ id: 'check', name: 'May it be pulled?', note: 'entitlement', icon: KeyRound, act: check }] : []),
  ]
  useShortcuts(rooms, { find, help })
  return (
    <div className="shell">
      <button type="button" className="skip" onClick={toMain}>
        Skip to the page
      </button>
      <Nav rooms={rooms} title={title} mark={mark} below={below} openPalette={find} lookBack={lookBack} />
      <div className="column">
        {above}
        <MomentBand change={lookBack} />
        <LineBand />
        <main id="main" tabIndex={-1}>
          <PageOfMoment />
        </main>
      </div>
      {over === 'palette' ? <Palette useHits={useHits} finds={finds} close={close} deeds={deeds} /> : null}
      {over === 'moment' ? (
        <Suspense>
          <MomentDialog close={close} />
        </Suspense>
      ) : null}
      {over === 'keys' ? <ShortcutsDialog rooms={rooms} close={close} /> : null}
      <SignedOutDialog />
      <Toasts />
    </div>
  )
}

function toMain() {
  document.getElementById('main')?.focus()
}

export function NotHere() {
  return (
    <div className="page-state">
      <h1>It is not here</h1>
      <p>There is nothing at this address, or it is not yours to see.</p>
      <Button onClick={() => history.back()}>Go back</Button>
    </div>
  )
}
