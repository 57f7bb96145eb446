// What stands below it is asked for as of the moment that the address names, by a client of its own. Without one it is about now.
import { useSearch } from '@tanstack/react-router'
import { type ReactNode, useMemo } from 'react'
import { Provider, useClient } from 'urql'
import { clientOf } from '../live/client'
import { type At, MomentProvider } from '../live/moment'

export function AtMoment({ children }: { children: ReactNode }) {
  const { at } = useSearch({ strict: false }) as { at?: At }
  const moment = at === undefined ? undefined : String(at)
  const ofNow = useClient()
  const client = useMemo(() => (moment === undefined ? ofNow : clientOf(moment)), [moment, ofNow])
  return (
    <MomentProvider value={moment}>
      <Provider value={client}>{children}</Provider>
    </MomentProvider>
  )
}
