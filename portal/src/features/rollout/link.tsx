// The list of the rollouts of one application.
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { usePlaces } from '../../shell/places'

export function RolloutsLink({ application, children }: { application: string; children: ReactNode }) {
  const { root } = usePlaces()
  return (
    <Link to={`${root}/rollouts` as string} search={{ app: application } as never}>
      {children}
    </Link>
  )
}
