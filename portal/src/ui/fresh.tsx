// What changed under the reader's eyes is tinted for a moment; what was so from the start is not.
import { type ReactNode, useRef } from 'react'

export function Fresh({ of, children }: { of: string; children: ReactNode }) {
  const before = useRef(of)
  const hasChanged = useRef(false)
  if (before.current !== of) {
    hasChanged.current = true
    before.current = of
  }
  return (
    <span key={of} className={hasChanged.current ? 'fresh' : undefined}>
      {children}
    </span>
  )
}
