import { useRef } from 'react'

/** What was there last, while the next is asked for. */
export function useLast<Thing>(thing: Thing | undefined): Thing | undefined {
  const last = useRef(thing)
  if (thing !== undefined) last.current = thing
  return last.current
}
