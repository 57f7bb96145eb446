// What stands around every page, on either side: the rooms, the line, the palette.
import { Outlet } from '@tanstack/react-router'
import { type ReactNode, useCallback, useEffect, useState } from 'react'
import { connect } from '../live/socket'
import { Button } from '../ui/button'
import { Toasts } from '../ui/toast'
import { LineBand, SignedOutDialog } from './line-indicator'
import { Nav } from './nav'
import { Palette, type UseHits } from './palette'
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

export function Frame({ rooms, title, mark, below, above, useHits, finds }: Props) {
  const [over, setOver] = useState<'palette' | 'keys'>()
  useEffect(() => void connect(), [])
  const find = useCallback(() => setOver('palette'), [])
  const help = useCallback(() => setOver('keys'), [])
  const close = () => setOver(undefined)
  useShortcuts(rooms, { find, help })
  return (
    <div className="shell">
      <button type="button" className="skip" onClick={toMain}>
        Skip to the page
      </button>
      <Nav rooms={rooms} title={title} mark={mark} below={below} openPalette={find} />
      <div className="column">
        {above}
        <LineBand />
        <main id="main" tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      {over === 'palette' ? <Palette useHits={useHits} finds={finds} close={close} /> : null}
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
