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
export function LogoImage({ of, className = '' }: { of: { path: string }; className?: string }) {
  const [isWide, setWide] = useState(false)
  const look = ({ currentTarget: { naturalWidth, naturalHeight } }: SyntheticEvent<HTMLImageElement>) =>
    setWide(naturalWidth >= 2.5 * naturalHeight)
  return <img className={`logo ${className} ${isWide ? 'is-wide' : ''}`} src={urlOf(of)} alt="" onLoad={look} />
}

/** In the theme that is shown. */
export function Logo({ of }: { of: LogosFragment | undefined | null }) {
  if (!of?.logo) return <Mark />
  return (
    <>
      <LogoImage className="is-light" of={of.logo} />
      <LogoImage className="is-dark" of={of.logoDark ?? of.logo} />
    </>
  )
}
