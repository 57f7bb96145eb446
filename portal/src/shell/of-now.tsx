// What stands below it is about now, whatever moment the page is about.
import type { ReactNode } from 'react'
import { Provider } from 'urql'
import { client } from '../live/client'
import { MomentProvider } from '../live/moment'

export function OfNow({ children }: { children: ReactNode }) {
  return (
    <MomentProvider value={undefined}>
      <Provider value={client}>{children}</Provider>
    </MomentProvider>
  )
}
