// A vendor's logo in the place of the portal's own mark.
import { graphql } from '../../gql'
import type { LogosFragment } from '../../gql/graphql'
import { Mark } from '../session/mark'

export const LOGOS = graphql(`
  fragment Logos on Branding { logo { path } logoDark { path } }
`)

/** Of a picture that the hub has. */
export const urlOf = ({ path }: { path: string }) => new URL(path, document.baseURI).href

/** The name stands beside it: what is drawn says no more. */
export function Logo({ of }: { of: LogosFragment | undefined | null }) {
  if (!of?.logo) return <Mark />
  return (
    <>
      <img className="logo is-light" src={urlOf(of.logo)} alt="" />
      <img className="logo is-dark" src={urlOf(of.logoDark ?? of.logo)} alt="" />
    </>
  )
}
