// What keys do: go to a room, find, move along the rows of a list, and this list of them. Keys without Ctrl can be turned off.
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useSyncExternalStore } from 'react'
import { Dialog } from '../ui/dialog'
import { usePlaces } from './places'
import { type Room, useRooms } from './rooms'

const KEY = 'distr.keys'
const watchers = new Set<() => void>()

function areOn(): boolean {
  return localStorage.getItem(KEY) !== 'off'
}

export function setKeys(on: boolean) {
  localStorage.setItem(KEY, on ? 'on' : 'off')
  for (const watcher of watchers) watcher()
}

export function useKeysOn(): boolean {
  return useSyncExternalStore(watcher => {
    watchers.add(watcher)
    return () => {
      watchers.delete(watcher)
    }
  }, areOn)
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

/** The names in the rows of the page's lists, in order. */
function rowNames(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('main table tbody a.name, main .activity .event-line')]
}

function moveRow(by: number) {
  const names = rowNames()
  const at = names.indexOf(document.activeElement as HTMLElement)
  const next = names[at < 0 ? (by > 0 ? 0 : names.length - 1) : at + by]
  next?.focus()
  next?.scrollIntoView({ block: 'nearest' })
}

function toSearch(event: KeyboardEvent) {
  const search = document.querySelector<HTMLInputElement>('main input[type=search]')
  if (search) event.preventDefault()
  search?.focus()
}

type Does = { find: () => void; help: () => void }

export function useShortcuts(rooms: readonly Room[], { find, help }: Does) {
  const navigate = useNavigate()
  const { root } = usePlaces()
  const isOn = useKeysOn()
  useEffect(() => {
    let goes = false
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        return find()
      }
      if (!isOn || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      // what lies over the page has its own keys
      if (document.querySelector('[role=dialog]')) return
      const room = goes ? rooms.find(room => room.key === event.key) : undefined
      const went = goes
      goes = event.key === 'g' && !went
      if (room) return void navigate({ to: root + room.at || '/' })
      if (event.key === 'j') moveRow(1)
      if (event.key === 'k') moveRow(-1)
      if (event.key === '/') toSearch(event)
      if (event.key === '?') help()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [find, help, navigate, root, rooms, isOn])
}

export function ShortcutsDialog({ rooms, close }: { rooms: readonly Room[]; close: () => void }) {
  const open = useRooms(rooms)
  const lines: [string, string][] = [
    ['Ctrl K', 'find, or go to a page'],
    ['/', 'search in this list'],
    ['j', 'next row'],
    ['k', 'row before'],
    ['Enter', 'open the row'],
    ['?', 'this list'],
    ...open.map(({ key, name }): [string, string] => [`g ${key}`, name]),
  ]
  return (
    <Dialog open onClose={close} title="Keys" description="Keys without Ctrl can be turned off on your own page.">
      <dl className="keys">
        {lines.map(([keys, does]) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map(key => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
