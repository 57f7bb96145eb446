// The role of somebody new, and the customer for a role of customers.
import type { Role } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { Choice } from '../../ui/field'
import { roleWord, useWhoIsThere } from '../session/viewer'
import { CUSTOMER_NAMES } from '../target/register'
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
  const customers = useLive(CUSTOMER_NAMES, {}, !needsCustomer)
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
      {needsCustomer ? (
        <Choice label="Customer" value={customer ?? ''} onChange={event => putCustomer(event.target.value)} required>
          <option value="" disabled>
            Choose a customer
          </option>
          {customers.data?.customers.nodes.map(({ id, name, displayName }) => (
            <option key={id} value={name}>
              {displayName}
            </option>
          ))}
        </Choice>
      ) : null}
    </>
  )
}
