// Light or dark: as the system has it, unless the viewer says otherwise.
import { useSyncExternalStore } from 'react'

export type Theme = 'system' | 'light' | 'dark'
const KEY = 'distr.theme'
const ORDER: Theme[] = ['system', 'light', 'dark']
const watchers = new Set<() => void>()

function current(): Theme {
  const kept = localStorage.getItem(KEY)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

export function applyTheme() {
  const theme = current()
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

export function nextTheme() {
  const next = ORDER[(ORDER.indexOf(current()) + 1) % ORDER.length] ?? 'system'
  localStorage.setItem(KEY, next)
  applyTheme()
  for (const watcher of watchers) watcher()
}

export function useTheme(): Theme {
  return useSyncExternalStore(watcher => {
    watchers.add(watcher)
    return () => {
      watchers.delete(watcher)
    }
  }, current)
}
