// Which role may do what, as the hub says it.
import { Check } from 'lucide-react'
import type { Permission, RolesQuery } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { Failed, Loading } from '../../ui/page-states'
import { roleWord } from '../session/viewer'
import { ROLES } from './queries'

const WORDS: Record<Permission, string> = {
  READ_CATALOG: 'see applications and releases',
  PUBLISH: 'publish releases, move channels',
  READ_CUSTOMERS: 'see customers and licenses',
  MANAGE_CUSTOMERS: 'create customers, see the portal as one, put alerts off',
  MANAGE_LICENSES: 'issue and end licenses',
  READ_FLEET: 'see targets and deployments',
  MANAGE_TARGETS: 'register and retire targets',
  DEPLOY: 'deploy, set secrets',
  READ_MEMBERS: 'see members',
  MANAGE_MEMBERS: 'invite and remove members',
  MANAGE_ORGANIZATION: 'change the organization',
  MANAGE_SIGNING_POLICY: 'say whose signatures count',
  READ_ROLLOUT_PLANS: 'see what rollouts would do, and their policies',
  ROLL_OUT: 'start and steer rollouts',
  OVERSEE_ROLLOUTS: 'pause, halt and approve rollouts',
  MANAGE_ROLLOUT_POLICIES: 'set rollout policies',
  READ_LOG: 'read the log',
  PULL_ARTIFACTS: 'pull from the registry',
  PUSH_ARTIFACTS: 'push to the registry',
  DELETE_ARTIFACTS: 'delete from the registry',
}

export function RoleMatrix() {
  const { data, error, isLoading, again } = useLive(ROLES, {})
  if (error && !data) return <Failed error={error} again={again} />
  if (isLoading || !data) return <Loading what="the roles" rows={4} />
  return <Matrix roles={data.roles} />
}

function Matrix({ roles }: { roles: RolesQuery['roles'] }) {
  const given = (Object.keys(WORDS) as Permission[]).filter(name => roles.some(role => role.permissions.includes(name)))
  return (
    <div className="table-frame" tabIndex={0} role="group" aria-label="Roles, scrolled sideways">
      <table className="matrix" aria-label="Roles and what they may do">
        <thead>
          <tr>
            <th scope="col">may</th>
            {roles.map(({ role }) => (
              <th key={role} scope="col">
                {roleWord(role)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {given.map(permission => (
            <tr key={permission}>
              <th scope="row">{WORDS[permission]}</th>
              {roles.map(({ role, permissions }) => (
                <td key={role}>
                  {permissions.includes(permission) ? (
                    <Check size={14} aria-label="yes" role="img" />
                  ) : (
                    <span className="unseen">no</span>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
