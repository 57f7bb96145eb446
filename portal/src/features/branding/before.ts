// How an organization looks before anybody has signed in.
import { useQuery } from 'urql'
import { graphql } from '../../gql'

const BEFORE = graphql(`
  query BeforeSignIn($organization: Name) {
    portal(organization: $organization) {
      organization displayName
      branding { support ...Logos }
    }
  }
`)

const ASKING = { asksWhoIsThere: true }

export function useBefore(organization: string | undefined) {
  const [{ data }] = useQuery({
    query: BEFORE,
    variables: { organization: organization ?? null },
    pause: organization === undefined,
    context: ASKING,
  })
  return data?.portal
}
