// What somebody wants rolled out, as it is typed: as the hub takes it, and as arguments of the command line.
import { instantText } from '../../live/moment'
import { labelsOf } from '../../ui/labels'

export type Wish = {
  application: string
  version: string
  policy: string
  name: string
  customers: string[]
  /** one a line, as `ring=early` */
  labels: string
  /** of this machine's clock, as a field of times has it; empty for at once */
  notBefore: string
}

export const isWhole = ({ application, version, policy }: Wish) => Boolean(application && version && policy)

/** What a plan and a start have in common. */
export function wanted({ application, version, policy, name, customers, labels }: Wish) {
  const scope = { customers, labels: labelsOf(labels) }
  const isNarrow = customers.length > 0 || scope.labels.length > 0
  return {
    application,
    version,
    policyName: policy,
    name: name.trim() || null,
    scope: isNarrow ? scope : null,
  }
}

export function instantOf(local: string): string | null {
  const at = Date.parse(local)
  return local === '' || Number.isNaN(at) ? null : instantText(at)
}

export function argumentsOf(wish: Wish, digest: string | undefined): string[] {
  const { application, version, policy, name, customers, labels, notBefore } = wish
  const at = instantOf(notBefore)
  return [
    ...['--app', application, '--version', version, '--policy', policy],
    ...(name.trim() ? ['--name', name.trim()] : []),
    ...customers.flatMap(customer => ['--customer', customer]),
    ...labelsOf(labels).flatMap(({ key, value }) => ['--label', `${key}=${value}`]),
    ...(digest ? ['--plan', digest] : []),
    ...(at && digest ? ['--not-before', at] : []),
  ]
}
