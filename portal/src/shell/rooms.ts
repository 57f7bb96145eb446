// A room: a page that is reached from everywhere.
import type { LucideIcon } from 'lucide-react'
import type { ComponentType } from 'react'
import { useWhoIsThere } from '../features/session/viewer'
import type { Permission } from '../gql/graphql'
import type { Hit } from './palette'

export type Room = {
  /** below the side's first page */
  at: string
  name: string
  icon: LucideIcon
  /** nothing, if whoever is signed in may go there */
  needs?: Permission
  /** what stands beside the name: how many there are */
  count?: ComponentType
  /** after `g` */
  key: string
}

/** Those that the viewer's role opens. */
export function useRooms(rooms: readonly Room[]): Room[] {
  const { permissions } = useWhoIsThere().viewer
  return rooms.filter(({ needs }) => !needs || permissions.includes(needs))
}

/** Those whose names hold the text, as the palette finds them. */
export function roomHits(rooms: readonly Room[], root: string, text: string): Hit[] {
  const found = rooms.filter(({ name }) => name.toLowerCase().includes(text))
  return found.map(({ at, name, icon, key }) => ({
    id: `room ${at}`,
    name,
    note: `g ${key}`,
    icon,
    to: root + at || '/',
  }))
}
