// What a cluster is asked beside a release: in which namespace, and with which values of the chart.
import { Choice, TextArea } from '../../ui/field'
import type { TargetDetail } from '../target/detail'
import type { DeploymentDetail } from './card'
import { parseValues, valuesText } from './values'

export type Typed = { namespace?: string; values?: string }

/** What is asked for; what nobody touched stays as it is. */
export function clusterWish(typed: Typed) {
  const { values, wrong } = typed.values === undefined ? { values: null } : parseValues(typed.values)
  return { namespace: typed.namespace ?? null, values, wrong }
}

export function clusterArguments(typed: Typed): string[] {
  const namespace = typed.namespace ? ['--namespace', typed.namespace] : []
  return typed.values === undefined ? namespace : [...namespace, '--values', 'values.json']
}

type Props = {
  target: TargetDetail
  before: DeploymentDetail | undefined
  typed: Typed
  put: (typed: Typed) => void
  wrong: string | undefined
}

export function ClusterFields({ target, before, typed, put, wrong }: Props) {
  const shown = typed.values ?? valuesText(before?.values)
  return (
    <>
      <Choice
        label="Namespace"
        value={typed.namespace ?? before?.namespace ?? target.namespaces[0]}
        disabled={Boolean(before?.namespace)}
        onChange={event => put({ ...typed, namespace: event.target.value })}
      >
        {target.namespaces.map(name => (
          <option key={name}>{name}</option>
        ))}
      </Choice>
      <details className="config" open={shown !== ''}>
        <summary>Values of the chart</summary>
        <TextArea
          label="Values beside those that the variables set, as JSON"
          hint="They are held against the schema of the chart. A secret goes into a variable that the chart keeps in a Secret, never here."
          rows={6}
          spellCheck={false}
          autoCapitalize="none"
          value={shown}
          onChange={event => put({ ...typed, values: event.target.value })}
        />
        {wrong ? (
          <p className="refusal" role="alert">
            {wrong}
          </p>
        ) : null}
      </details>
    </>
  )
}
