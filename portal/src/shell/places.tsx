// Where things are shown, as each side says of its own pages. What a side does not show is named without a link.
import { Link } from '@tanstack/react-router'
import { createContext, type ReactNode, useContext } from 'react'

export type Places = {
  /** what stands last in the tab's name */
  name: string
  /** the side's first page */
  root: string
  /** the first page of the documentation */
  docs: string
  /** what explains each room: see `features/docs/help.ts` */
  help: Record<string, string>
  target: (customer: string, name: string) => string
  licenses: string
  /** where releases are found */
  catalog: { at: string; name: string }
  license: (customer: string, name: string) => string
  rollout: (application: string, name: string) => string
  application?: (name: string) => string
  release?: (application: string, version: string) => string
  customer?: (name: string) => string
}

const Context = createContext<Places | undefined>(undefined)
export const PlacesProvider = Context.Provider

export function usePlaces(): Places {
  const places = useContext(Context)
  if (!places) throw new Error('no places: this page stands outside the shell')
  return places
}

export function To({
  place,
  className,
  onClick,
  children,
}: {
  place: string | undefined
  className?: string
  onClick?: () => void
  children: ReactNode
}) {
  if (!place) return <span className={className}>{children}</span>
  return (
    <Link to={place} className={className} onClick={onClick}>
      {children}
    </Link>
  )
}
