// What was done, said once and politely. Errors are never said here.
import { useSyncExternalStore } from 'react'

type Toast = { id: number; text: string; link?: { href: string; text: string } }
let toasts: Toast[] = []
let announced = ''
let next = 1
const watchers = new Set<() => void>()
const SHOWN = 6_000

function tell() {
  for (const watcher of watchers) watcher()
}

function watch(watcher: () => void) {
  watchers.add(watcher)
  return () => {
    watchers.delete(watcher)
  }
}

export function toast(text: string) {
  const id = next++
  toasts = [...toasts, { id, text }]
  tell()
  setTimeout(() => {
    toasts = toasts.filter(toast => toast.id !== id)
    tell()
  }, SHOWN)
}

/** For those who do not see the page. */
export function announce(text: string) {
  announced = text
  tell()
}

export function Toasts() {
  const shown = useSyncExternalStore(watch, () => toasts)
  const said = useSyncExternalStore(watch, () => announced)
  return (
    <>
      <div className="toasts" role="status">
        {shown.map(({ id, text }) => (
          <p key={id} className="toast">
            {text}
          </p>
        ))}
      </div>
      <p className="unseen" role="status">
        {said}
      </p>
    </>
  )
}
