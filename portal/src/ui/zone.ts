// The zone in which times are told: the viewer's own, or UTC.
import { useSyncExternalStore } from 'react'

export type Zone = 'viewer' | 'utc'
const KEY = 'distr.zone'
const watchers = new Set<() => void>()

function current(): Zone {
  return localStorage.getItem(KEY) === 'utc' ? 'utc' : 'viewer'
}

export function setZone(zone: Zone) {
  localStorage.setItem(KEY, zone)
  for (const watcher of watchers) watcher()
}

export function useZone(): Zone {
  return useSyncExternalStore(watcher => {
    watchers.add(watcher)
    return () => {
      watchers.delete(watcher)
    }
  }, current)
}

/** One for each zone: making them takes time. */
export function formats(options: Intl.DateTimeFormatOptions): Record<Zone, Intl.DateTimeFormat> {
  return {
    viewer: new Intl.DateTimeFormat(undefined, options),
    utc: new Intl.DateTimeFormat(undefined, { ...options, timeZone: 'UTC' }),
  }
}
