// The bar over the fleet: each state with its count, a search, and what is filtered by, each with a way out.
import { X } from 'lucide-react'
import { type FormEvent, useEffect, useState } from 'react'
import type { CountsQuery, TargetState } from '../../gql/graphql'
import { MEANINGS, STATES, StateIcon, shapeOf, wordOf } from '../../ui/state'
import { useWhoIsThere } from '../session/viewer'
import { type FleetAddress, isFiltered } from './address'
import { countOf } from './queries'

const REST = 200
type Go = (address: FleetAddress, replace?: boolean) => void

type Props = { address: FleetAddress; counts: CountsQuery['targetCounts'] | undefined; go: Go }

export function FleetFilters({ address, counts, go }: Props) {
  const { after: _after, from: _from, ...filters } = address
  const toggle = (state: TargetState) => {
    const before = address.state ?? []
    const state_ = before.includes(state) ? before.filter(other => other !== state) : [...before, state]
    const { state: _state, ...rest } = filters
    go(state_.length > 0 ? { ...rest, state: STATES.filter(known => state_.includes(known)) } : rest)
  }
  const without = (name: 'app' | 'customer') => {
    const { [name]: _gone, ...rest } = filters
    go(rest)
  }
  const dropLabel = (label: string) => {
    const { label: _label, ...rest } = filters
    const left = address.label?.filter(other => other !== label) ?? []
    go(left.length > 0 ? { ...rest, label: left } : rest)
  }
  const addLabel = (label: string) => go({ ...filters, label: [...new Set([...(address.label ?? []), label])] })
  return (
    <div className="filters">
      <div className="facet" role="group" aria-label="States">
        {STATES.map(state => (
          <button
            key={state}
            type="button"
            className={`facet-value is-${shapeOf(state)}`}
            aria-pressed={address.state?.includes(state) ?? false}
            title={MEANINGS[state]}
            onClick={() => toggle(state)}
          >
            <StateIcon shape={shapeOf(state)} />
            {wordOf(state)} <span className="count">{counts ? countOf(counts, state).toLocaleString() : '·'}</span>
          </button>
        ))}
      </div>
      <Search
        text={address.q ?? ''}
        put={q => {
          const { q: _q, ...rest } = filters
          go(q ? { ...rest, q } : rest, true)
        }}
      />
      {address.customer ? <Chip what="customer" value={address.customer} drop={() => without('customer')} /> : null}
      {address.app ? <Chip what="application" value={address.app} drop={() => without('app')} /> : null}
      {address.label?.map(label => (
        <Chip key={label} what="label" value={label} drop={() => dropLabel(label)} />
      ))}
      <AddLabel add={addLabel} />
      {isFiltered(address) ? (
        <button type="button" className="button is-quiet" onClick={() => go({})}>
          Clear
        </button>
      ) : null}
    </div>
  )
}

function AddLabel({ add }: { add: (label: string) => void }) {
  const [text, setText] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() !== '') add(text.trim())
    setText('')
  }
  return (
    <form className="label-filter" onSubmit={submit}>
      <input
        className="input"
        aria-label="With a label"
        placeholder="Label, as region=eu"
        spellCheck={false}
        autoCapitalize="none"
        value={text}
        onChange={event => setText(event.target.value)}
      />
    </form>
  )
}

export function Chip({ what, value, drop }: { what: string; value: string; drop: () => void }) {
  return (
    <span className="chip">
      <span className="muted">{what}</span> {value}
      <button type="button" className="chip-drop" onClick={drop} aria-label={`Without the ${what} ${value}`}>
        <X size={12} />
      </button>
    </span>
  )
}

/** Told on once the typing rests; the address of each letter is not kept. */
function Search({ text, put }: { text: string; put: (text: string) => void }) {
  const { viewer } = useWhoIsThere()
  const [typed, setTyped] = useState(text)
  useEffect(() => setTyped(text), [text])
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is typed counts, not who takes it
  useEffect(() => {
    if (typed.trim() === text) return
    const timer = setTimeout(() => put(typed.trim()), REST)
    return () => clearTimeout(timer)
  }, [typed, text])
  return (
    <input
      type="search"
      className="input search"
      placeholder={viewer.customer ? 'Target' : 'Target or customer'}
      aria-label={viewer.customer ? 'Search by target' : 'Search by target or customer'}
      aria-keyshortcuts="/"
      value={typed}
      onChange={event => setTyped(event.target.value)}
    />
  )
}
