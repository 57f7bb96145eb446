import { graphql } from '../../gql'

export const HISTORY = graphql(`
  query History {
    history { checkpoint { size root note signedAt } keys { key beginsAt endsAt } }
  }
`)

export const PROOF = graphql(`
  query EventProof($position: Position!, $after: Position!) {
    eventProof(position: $position) { index leaf file }
    events(after: $after, first: 1, telemetry: [ACCESS]) { events { id position type actor recordedAt } }
    history { keys { key } }
  }
`)
