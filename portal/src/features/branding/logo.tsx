// A vendor's logo in the place of the portal's own mark.
import { type SyntheticEvent, useState } from 'react'
import { graphql } from '../../gql'
import type { LogosFragment } from '../../gql/graphql'
import { Mark } from '../session/mark'

export const LOGOS = graphql(`
  fragment Logos on Branding { logo { path } logoDark { path } }
`)

/** Of a picture that the hub has. */
export const urlOf = ({ path }: { path: string }) => new URL(path, document.baseURI).href

/** The name stands beside it, in a `span`; a wide logo is taken for one that says it itself. */
export function Logo({ of }: { of: LogosFragment | undefined | null }) {
  const [isWide, setWide] = useState(false)
  if (!of?.logo) return <Mark />
  const look = ({ currentTarget: { naturalWidth, naturalHeight } }: SyntheticEvent<HTMLImageElement>) =>
    setWide(naturalWidth >= 2.5 * naturalHeight)
  const width = isWide ? 'is-wide' : ''
  return (
    <>
      <img className={`logo is-light ${width}`} src={urlOf(of.logo)} alt="" onLoad={look} />
      <img className={`logo is-dark ${width}`} src={urlOf(of.logoDark ?? of.logo)} alt="" />
    </>
  )
}
