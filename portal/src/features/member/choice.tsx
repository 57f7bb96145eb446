// The role of somebody new, and the customer for a role of customers.
import type { Role } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { Choice } from '../../ui/field'
import { CustomerChoice } from '../customer/choice'
import { roleWord, useWhoIsThere } from '../session/viewer'
import { isCustomers, ROLES } from './queries'

type Props = {
  role: Role
  put: (role: Role) => void
  customer: string | undefined
  putCustomer: (name: string | undefined) => void
}

export function RoleChoice({ role, put, customer, putCustomer }: Props) {
  const { viewer } = useWhoIsThere()
  const { data } = useLive(ROLES, {})
  const needsCustomer = isCustomers(role) && !viewer.customer
  const choose = (chosen: Role) => {
    put(chosen)
    if (!isCustomers(chosen)) putCustomer(undefined)
  }
  return (
    <>
      <Choice label="Role" value={role} onChange={event => choose(event.target.value as Role)}>
        {(data?.roles ?? [{ role }]).map(({ role }) => (
          <option key={role} value={role}>
            {roleWord(role)}
          </option>
        ))}
      </Choice>
      {needsCustomer ? <CustomerChoice value={customer ?? ''} choose={putCustomer} /> : null}
    </>
  )
}
