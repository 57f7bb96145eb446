// Light or dark: as the system has it, unless the viewer says otherwise.
import { useSyncExternalStore } from 'react'

export type Theme = 'system' | 'light' | 'dark'
const KEY = 'distr.theme'
export const THEMES: Theme[] = ['system', 'light', 'dark']
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

export function setTheme(theme: Theme) {
  localStorage.setItem(KEY, theme)
  applyTheme()
  for (const watcher of watchers) watcher()
}

export function nextTheme() {
  setTheme(THEMES[(THEMES.indexOf(current()) + 1) % THEMES.length] ?? 'system')
}

export function useTheme(): Theme {
  return useSyncExternalStore(watcher => {
    watchers.add(watcher)
    return () => {
      watchers.delete(watcher)
    }
  }, current)
}
