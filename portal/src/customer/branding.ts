// How the vendor shows itself to its customers.
import { graphql } from '../gql'

export const BRANDING = graphql(`
  query CustomerBranding {
    organization { id branding { support homeText ...Logos } }
  }
`)
