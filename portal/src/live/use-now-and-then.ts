// What tells no news by itself is looked at now and then, while somebody may look at it.
import { useEffect, useRef } from 'react'

const NOW_AND_THEN = 15_000

export function useNowAndThen(read: () => void, everyMs = NOW_AND_THEN) {
  const latest = useRef(read)
  latest.current = read
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && latest.current(), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
}
