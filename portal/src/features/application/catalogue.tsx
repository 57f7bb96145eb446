// What a catalogue says of an application: where its people are, and its labels. Both sides show it.

import { graphql } from '../../gql'
import type { CatalogueFragment } from '../../gql/graphql'
import { Outward } from '../../ui/outward'
import { urlOf } from '../branding/logo'

export const CATALOGUE = graphql(`
  fragment Catalogue on Application {
    id name displayName category homepage support documentation
    labels { key value }
    icon { digest path bytes }
  }
`)

type Application = CatalogueFragment

/** The name stands beside it. */
export function Icon({ of }: { of: Pick<Application, 'icon'> }) {
  return of.icon ? <img className="icon" src={urlOf(of.icon)} alt="" /> : null
}

export function Labels({ of }: { of: Pick<Application, 'labels'> }) {
  if (of.labels.length === 0) return null
  return (
    <ul className="tags" aria-label="Labels">
      {of.labels.map(({ key, value }) => (
        <li key={key} className="tag">
          {key}
          {value === '' ? null : <span className="muted">={value}</span>}
        </li>
      ))}
    </ul>
  )
}

export function CatalogueLinks({ of }: { of: Application }) {
  const links = [
    ['Homepage', of.homepage],
    ['Documentation', of.documentation],
    ['Support', of.support],
  ] as const
  const there = links.filter(([, to]) => to)
  if (there.length === 0) return null
  return (
    <p className="catalogue-links">
      {there.map(([name, to]) => (
        <Outward key={name} to={to ?? ''}>
          {name}
        </Outward>
      ))}
    </p>
  )
}

export function hasCatalogue({ category, homepage, support, documentation, labels }: Application): boolean {
  return category !== '' || Boolean(homepage || support || documentation) || labels.length > 0
}
