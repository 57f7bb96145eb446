// Who is signed in, and what that lets them do. Known to every page.
import { createContext, useContext } from 'react'
import { graphql } from '../../gql'
import type { Permission, Role, WhoIsThereQuery } from '../../gql/graphql'
import { useMoment } from '../../live/moment'

export const WHO_IS_THERE = graphql(`
  query WhoIsThere {
    viewer { memberId name email role permissions viewingUntil organization { id name displayName } customer { id name displayName } }
    hub { version publicUrl registryHost now heartbeatSeconds staleSeconds offlineSeconds }
  }
`)

export type WhoIsThere = WhoIsThereQuery

const Context = createContext<WhoIsThere | undefined>(undefined)
export const ViewerProvider = Context.Provider

export function useWhoIsThere(): WhoIsThere {
  const who = useContext(Context)
  if (!who) throw new Error('no viewer: this page stands outside the shell')
  return who
}

/** At a moment of the past nobody may more than read. */
export function useMay(permission: Permission): boolean {
  const isPast = useMoment() !== undefined
  const isGranted = useWhoIsThere().viewer.permissions.includes(permission)
  return isGranted && (!isPast || permission.startsWith('READ_'))
}

const ROLES: Record<Role, string> = {
  OWNER: 'owner',
  PUBLISHER: 'publisher',
  SUPPORT: 'support',
  AUDITOR: 'auditor',
  CUSTOMER_ADMIN: 'customer admin',
  CUSTOMER_VIEWER: 'customer viewer',
}

export const roleWord = (role: Role) => ROLES[role]
