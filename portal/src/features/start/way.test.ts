import { expect, test } from 'vitest'
import type { StartQuery } from '../../gql/graphql'
import { way } from './way'

const names = { hub: 'http://hub', registry: 'hub:8080', organization: 'acme', email: 'ann@acme.example' }
const none = { nodes: [] }
const empty = {
  sessions: [{ id: 's', userAgent: 'Mozilla/5.0' }],
  applications: none,
  repositories: none,
  customers: none,
  licenses: none,
  targets: none,
} as unknown as StartQuery
const done = (now: StartQuery) =>
  way(now, names)
    .filter(stage => stage.isDone)
    .map(stage => stage.id)

test('nothing is done in an empty organization', () => {
  expect(done(empty)).toEqual([])
  expect(way(empty, names)[2]?.lines[1]).toBe('docker push hub:8080/acme/hello:1.0.0')
})

test('each step is ticked by what is there, and its line has the names that are there', () => {
  const now = {
    ...empty,
    sessions: [{ id: 's', userAgent: 'distr/0.2.0' }],
    applications: {
      nodes: [
        {
          id: 'a',
          name: 'shop',
          channels: [{ id: 'c', name: 'beta', current: null }],
          releases: { nodes: [{ id: 'r', version: '2.0.0', status: 'PUBLISHED' }] },
        },
      ],
    },
    targets: {
      nodes: [{ id: 't', name: 'lab', lastHeartbeatAt: null, customer: { id: 'g', name: 'g' }, deployments: [] }],
    },
  } as unknown as StartQuery
  expect(done(now)).toEqual(['cli', 'application', 'publish'])
  const promote = way(now, names).find(stage => stage.id === 'promote')
  expect(promote?.lines).toEqual(['distr channel promote beta --app shop --version 2.0.0'])
})
