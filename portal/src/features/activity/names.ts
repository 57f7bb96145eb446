// Names of what events speak of by id. Bounded: what is not among the first of its kind is told by the end of its id.
import { useMemo } from 'react'
import { graphql } from '../../gql'
import type { ThingNamesQuery } from '../../gql/graphql'
import { useLive } from '../../live/use-live'

const NAMES = graphql(`
  query ThingNames($asOf: Moment) {
    targets(first: 500, asOf: $asOf) { nodes { id name customer { id displayName } deployments { id application { id displayName } } } }
    customers(first: 500, asOf: $asOf) { nodes { id displayName } }
    applications(first: 500, asOf: $asOf) { nodes { id displayName channels { id name } } }
    licenses(first: 500, asOf: $asOf) { nodes { id name } }
  }
`)

export type Names = ReadonlyMap<string, string>

export function useNames(): Names {
  const { data } = useLive(NAMES, {})
  return useMemo(() => (data ? namesOf(data) : new Map()), [data])
}

function namesOf({ targets, customers, applications, licenses }: ThingNamesQuery): Names {
  const names = new Map<string, string>()
  for (const { id, name, customer, deployments } of targets.nodes) {
    const target = `${name} of ${customer.displayName}`
    names.set(id, target)
    for (const deployment of deployments) names.set(deployment.id, `${deployment.application.displayName} on ${target}`)
  }
  for (const { id, displayName } of customers.nodes) names.set(id, displayName)
  for (const { id, name } of licenses.nodes) names.set(id, name)
  for (const { id, displayName, channels } of applications.nodes) {
    names.set(id, displayName)
    for (const channel of channels) names.set(channel.id, channel.name)
  }
  return names
}
