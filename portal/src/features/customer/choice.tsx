// A customer to choose, found by the server among all.
import { useState } from 'react'
import { graphql } from '../../gql'
import { useLive } from '../../live/use-live'
import { SearchedChoice } from '../../ui/field'
import { useLast } from '../../ui/use-last'
import { useRested } from '../../ui/use-rested'

const FOUND = graphql(`
  query CustomerNames($search: String, $asOf: Moment) {
    customers(search: $search, first: 50, asOf: $asOf) { nodes { id name displayName } pageInfo { hasNextPage } }
  }
`)

type Props = { value: string; choose: (name: string) => void; label?: string; isOptional?: boolean }

export function CustomerChoice({ value, choose, label = 'Customer', isOptional = false }: Props) {
  const [text, setText] = useState('')
  const asked = useRested(text).trim()
  const { data } = useLive(FOUND, { search: asked || null })
  const customers = useLast(data?.customers)
  const found = customers?.nodes ?? []
  // what was chosen stays, whatever is searched for then
  const isListed = value === '' || found.some(({ name }) => name === value)
  return (
    <SearchedChoice
      label={label}
      find="Find a customer"
      text={text}
      search={setText}
      hasMore={customers?.pageInfo.hasNextPage ?? false}
      value={value}
      onChange={event => choose(event.target.value)}
      required={!isOptional}
    >
      <option value="" disabled>
        {customers && asked !== '' && found.length === 0 ? 'No customer has this in its name' : 'Choose a customer'}
      </option>
      {isListed ? null : <option value={value}>{value}</option>}
      {found.map(({ id, name, displayName }) => (
        <option key={id} value={name}>
          {displayName}
        </option>
      ))}
    </SearchedChoice>
  )
}
