// The hub's clock. States that silence changes go by it, and never by the clock of this machine.
import { useSyncExternalStore } from 'react'

let offset = 0
let now = Date.now()
const watchers = new Set<() => void>()
const TICK = 5_000

/** `asked` and `answered` are this machine's times around the answer that held the hub's. */
export function setHubTime(hub: string, asked: number, answered: number) {
  offset = Date.parse(hub) - (asked + answered) / 2
  tick()
}

export function hubNow(): number {
  return Date.now() + offset
}

/** An instant of this machine's clock, as the hub's clock has it. */
export function toHubTime(local: number): number {
  return local + offset
}

function tick() {
  now = hubNow()
  for (const watcher of watchers) watcher()
}

let timer: ReturnType<typeof setInterval> | undefined

function watch(watcher: () => void) {
  watchers.add(watcher)
  timer ??= setInterval(tick, TICK)
  return () => {
    watchers.delete(watcher)
    if (watchers.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** The hub's time, told anew every few seconds to everybody at once. */
export function useHubNow(): number {
  return useSyncExternalStore(watch, () => now)
}
