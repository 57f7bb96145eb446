// The line to the hub: whether news come, and since when not. A cut line is told apart from a silent target.
import { useSyncExternalStore } from 'react'

export type Line =
  | { state: 'connecting' }
  | { state: 'live' }
  /** lost a moment ago: not yet worth a word, but nothing is live */
  | { state: 'interrupted' }
  | { state: 'reconnecting'; since: number }
  | { state: 'cut'; since: number }
  | { state: 'signed-out' }

const PATIENCE = 2_000
const CUT = 3_000

let line: Line = { state: 'connecting' }
let lostAt: number | undefined
let timers: ReturnType<typeof setTimeout>[] = []
const watchers = new Set<() => void>()
const returns = new Set<() => void>()

function set(next: Line) {
  line = next
  for (const watcher of watchers) watcher()
}

function stopTimers() {
  for (const timer of timers) clearTimeout(timer)
  timers = []
}

export function lineIsLive() {
  stopTimers()
  const returned = lostAt !== undefined
  lostAt = undefined
  set({ state: 'live' })
  if (returned) readAgain()
}

/** A line that is back at once was never away for anybody. */
export function lineIsLost() {
  if (lostAt !== undefined || line.state === 'signed-out') return
  const since = Date.now()
  lostAt = since
  set({ state: 'interrupted' })
  timers = [
    setTimeout(() => set({ state: 'reconnecting', since }), PATIENCE),
    setTimeout(() => set({ state: 'cut', since }), CUT),
  ]
}

export function signedOut() {
  stopTimers()
  lostAt ??= Date.now()
  set({ state: 'signed-out' })
}

/** Whatever is shown may be old: all that is mounted reads again. */
export function readAgain() {
  for (const read of returns) read()
}

export function onReadAgain(read: () => void) {
  returns.add(read)
  return () => {
    returns.delete(read)
  }
}

/** When the line was lost, by this machine's clock; nothing while it is there. */
export function lineLostAt(): number | undefined {
  return lostAt
}

export function currentLine(): Line {
  return line
}

export function useLine(): Line {
  return useSyncExternalStore(
    watcher => {
      watchers.add(watcher)
      return () => {
        watchers.delete(watcher)
      }
    },
    () => line,
  )
}
