// What a rollout is made of, each chosen out of what the server finds.
import { type ReactNode, useState } from 'react'
import { graphql } from '../../gql'
import { useLive } from '../../live/use-live'
import { To, usePlaces } from '../../shell/places'
import { SearchedChoice } from '../../ui/field'
import { useLast } from '../../ui/use-last'
import { useRested } from '../../ui/use-rested'
import { POLICY_NAMES } from './policy-queries'

const APPLICATIONS = graphql(`
  query RolloutApplications($search: String) {
    applications(search: $search, first: 50) { nodes { id name displayName } pageInfo { hasNextPage } }
  }
`)

const RELEASES = graphql(`
  query RolloutReleases($name: Name!, $search: String) {
    application(name: $name) {
      id
      releases(search: $search, first: 50) { nodes { id version status } pageInfo { hasNextPage } }
    }
  }
`)

type Option = { value: string; word: string }
type Found = { options: Option[]; hasMore: boolean } | undefined
type ChoiceProps = {
  label: string
  find: string
  none: string
  value: string
  choose: (value: string) => void
  text: string
  search: (text: string) => void
  found: Found
}

function Chosen({ label, find, none, value, choose, text, search, found }: ChoiceProps): ReactNode {
  const options = found?.options ?? []
  // what was chosen stays, whatever is searched for then
  const isListed = value === '' || options.some(option => option.value === value)
  return (
    <SearchedChoice
      label={label}
      find={find}
      text={text}
      search={search}
      hasMore={found?.hasMore ?? false}
      value={value}
      onChange={event => choose(event.target.value)}
      required
    >
      <option value="" disabled>
        {found && options.length === 0 ? none : 'choose'}
      </option>
      {isListed ? null : <option value={value}>{value}</option>}
      {options.map(({ value, word }) => (
        <option key={value} value={value}>
          {word}
        </option>
      ))}
    </SearchedChoice>
  )
}

type Props = { value: string; choose: (value: string) => void }

export function ApplicationChoice({ value, choose }: Props) {
  const [text, setText] = useState('')
  const { data } = useLive(APPLICATIONS, { search: useRested(text).trim() || null })
  const list = useLast(data?.applications)
  const found = list && {
    options: list.nodes.map(({ name, displayName }) => ({ value: name, word: displayName })),
    hasMore: list.pageInfo.hasNextPage,
  }
  const words = { label: 'Application', find: 'Find an application', none: 'no application is there' }
  return <Chosen {...words} value={value} choose={choose} text={text} search={setText} found={found} />
}

export function ReleaseChoice({ application, value, choose }: Props & { application: string }) {
  const [text, setText] = useState('')
  const search = useRested(text).trim() || null
  const { data } = useLive(RELEASES, { name: application, search }, application === '')
  const list = useLast(data?.application.releases)
  const open = list?.nodes.filter(({ status }) => status === 'PUBLISHED' || status === 'DEPRECATED')
  const found = open && {
    options: open.map(({ version, status }) => ({
      value: version,
      word: status === 'DEPRECATED' ? `${version} · deprecated` : version,
    })),
    hasMore: list?.pageInfo.hasNextPage ?? false,
  }
  const words = { label: 'Release', find: 'Find a version', none: 'no release is published' }
  return <Chosen {...words} value={value} choose={choose} text={text} search={setText} found={found} />
}

/** Policies are few: those of a page are all that people tell apart by name. */
export function PolicyChoice({ value, choose }: Props) {
  const { root } = usePlaces()
  const { data } = useLive(POLICY_NAMES, {})
  const names = data?.rolloutPolicies.nodes.map(({ name }) => name)
  const found = names && { options: names.map(name => ({ value: name, word: name })), hasMore: false }
  return (
    <div>
      <Chosen
        label="Policy"
        find="Find a policy"
        none="no policy is set"
        value={value}
        choose={choose}
        text=""
        search={() => undefined}
        found={found}
      />
      <To className="under-field" place={`${root}/rollout-policies`}>
        {names?.length === 0 ? 'Set a policy first' : 'What they say'}
      </To>
    </div>
  )
}
