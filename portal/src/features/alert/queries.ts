import { graphql } from '../../gql'
import type { AlertsQuery } from '../../gql/graphql'

export const ALERTS = graphql(`
  query Alerts($putOff: Boolean!, $first: Int!, $after: String) {
    alerts(putOff: $putOff, first: $first, after: $after) {
      nodes {
        id kind since dueAt category reason customer customerDisplayName target application license token
        putOff { until reason by at }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

/** As many as are counted in the navigation. */
export const COUNTED = 99

export const ALERT_COUNT = graphql(`
  query AlertCount {
    alerts(first: 99) { nodes { id } pageInfo { hasNextPage } }
  }
`)

export const PUT_OFF = graphql(`
  mutation AlertPutOff($id: ID!, $until: DateTime!, $reason: String!) {
    alertPutOff(id: $id, until: $until, reason: $reason) { changed }
  }
`)

export const TAKE_UP = graphql(`
  mutation AlertTakeUp($id: ID!) {
    alertTakeUp(id: $id) { changed }
  }
`)

export type Alert = AlertsQuery['alerts']['nodes'][number]
