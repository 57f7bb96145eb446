import { parse } from 'graphql'
import { Client, createRequest, type Operation } from 'urql'
import { expect, test, vi } from 'vitest'
import { filter, map, pipe, subscribe } from 'wonka'
import { ofMoment } from './past'

const FLEET = parse('query Fleet($asOf: Moment) { targetCounts(asOf: $asOf) { total } }')
const ALERTS = parse('query Alerts { alerts { nodes { id } } }')
const HEAD = parse('query Head { head }')
const RETIRE = parse('mutation Retire { targetRetire(name: "factory") { changed } }')
const NEWS = parse('subscription News { targetChanged { id } }')

/** What reaches the hub is kept in place of being sent. */
function clientOf(moment: string) {
  const sent: Operation[] = []
  const client = new Client({
    url: 'http://hub.invalid/graphql',
    preferGetMethod: false,
    exchanges: [
      ofMoment(moment),
      () => operations =>
        pipe(
          operations,
          filter(operation => operation.kind !== 'teardown'),
          map(operation => {
            sent.push(operation)
            return { operation, data: { isThere: true }, stale: false, hasNext: false }
          }),
        ),
    ],
  })
  return { client, sent }
}

test('a question that looks back is asked as of the moment', async () => {
  const { client, sent } = clientOf('42')
  const answer = await client.query(FLEET, {}).toPromise()
  expect(answer.data).toEqual({ isThere: true })
  expect(sent.map(({ variables }) => variables)).toEqual([{ asOf: '42' }])
  expect(answer.operation.context.moment).toBe('42')
})

test('what is known of now alone is not asked for', async () => {
  const { client, sent } = clientOf('42')
  const { error, operation } = await client.query(ALERTS, {}).toPromise()
  expect(error?.graphQLErrors[0]?.extensions.code).toBe('moment.only_now')
  expect(operation.context.moment).toBe('42')
  expect(sent).toEqual([])
})

test('what never changes is asked for as it is', async () => {
  const { client, sent } = clientOf('42')
  await client.query(HEAD, {}).toPromise()
  expect(sent.map(({ variables }) => variables)).toEqual([{}])
})

test('no change is sent', async () => {
  const { client, sent } = clientOf('42')
  const { error } = await client.mutation(RETIRE, {}).toPromise()
  expect(error?.graphQLErrors[0]?.extensions.code).toBe('moment.past')
  expect(error?.message).toContain('Go back to now')
  expect(sent).toEqual([])
})

test('no subscription is begun', () => {
  const { client, sent } = clientOf('42')
  const told = vi.fn()
  const { unsubscribe } = pipe(client.executeSubscription(createRequest(NEWS, {})), subscribe(told))
  unsubscribe()
  expect(told).not.toHaveBeenCalled()
  expect(sent).toEqual([])
})
