// What a client of the past sends: questions as of its moment. A question that does not know of moments is not sent, so that nothing of
// today is taken for what was; and no change is.
import type { OperationDefinitionNode } from 'graphql'
import { type Exchange, makeOperation, makeResult, type Operation } from 'urql'
import { filter, map, merge, pipe, share } from 'wonka'

/** About what never changes, or about now on purpose. */
const OF_ALL_TIMES: ReadonlySet<string> = new Set(['CustomerBranding', 'EventAt', 'Events', 'Head', 'MemberNames'])

const ONLY_NOW = 'It is not kept what this was at other moments.'
const NO_CHANGE = 'Nothing is changed at a moment of the past. Go back to now first.'

function definitionOf({ query }: Operation): OperationDefinitionNode | undefined {
  return query.definitions.find(one => one.kind === 'OperationDefinition')
}

function looksBack(operation: Operation): boolean {
  const variables = definitionOf(operation)?.variableDefinitions ?? []
  return variables.some(({ variable }) => variable.name.value === 'asOf')
}

function isOfAllTimes(operation: Operation): boolean {
  return OF_ALL_TIMES.has(definitionOf(operation)?.name?.value ?? '')
}

export function isSent(operation: Operation): boolean {
  if (operation.kind === 'teardown') return true
  return operation.kind === 'query' && (looksBack(operation) || isOfAllTimes(operation))
}

/** Its answer says of which moment it is. */
export function asOf(operation: Operation, moment: string): Operation {
  const variables = looksBack(operation) ? { ...operation.variables, asOf: moment } : operation.variables
  return makeOperation(operation.kind, { ...operation, variables }, { ...operation.context, moment })
}

export function refusal({ kind }: Operation) {
  const [code, message] = kind === 'mutation' ? ['moment.past', NO_CHANGE] : ['moment.only_now', ONLY_NOW]
  return { message, extensions: { code } }
}

/** Subscriptions tell of now: none is begun, and none ends. */
export function ofMoment(moment: string): Exchange {
  return ({ forward }) =>
    operations => {
      const shared = share(operations)
      const answers = pipe(
        shared,
        filter(isSent),
        map(operation => asOf(operation, moment)),
        forward,
      )
      const refusals = pipe(
        shared,
        filter(operation => !isSent(operation) && operation.kind !== 'subscription'),
        map(operation => makeResult(asOf(operation, moment), { data: null, errors: [refusal(operation)] } as never)),
      )
      return merge([answers, refusals])
    }
}
