import type { ComponentProps, ReactNode } from 'react'
import { useId } from 'react'

export function Field({ label, hint, ...rest }: { label: string; hint?: ReactNode } & ComponentProps<'input'>) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} className="input" aria-describedby={hint ? `${id}-hint` : undefined} {...rest} />
      {hint ? (
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      ) : null}
    </div>
  )
}

export function Choice({ label, children, ...rest }: { label: string } & ComponentProps<'select'>) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} className="input" {...rest}>
        {children}
      </select>
    </div>
  )
}

type Searched = ComponentProps<'select'> & {
  label: string
  /** what is searched for, in the words of the field */
  find: string
  text: string
  search: (text: string) => void
  /** there are more than are listed, so that a search helps */
  hasMore: boolean
}

/** A choice out of more than a page: the server searches, and what it found is there to choose from. */
export function SearchedChoice({ label, find, text, search, hasMore, children, ...rest }: Searched) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {hasMore || text !== '' ? (
        <input
          type="search"
          className="input"
          aria-label={find}
          placeholder={find}
          spellCheck={false}
          autoCapitalize="none"
          autoComplete="off"
          value={text}
          onChange={event => search(event.target.value)}
        />
      ) : null}
      <select id={id} className="input" {...rest}>
        {children}
      </select>
    </div>
  )
}

export function TextArea({ label, hint, ...rest }: { label: string; hint?: string } & ComponentProps<'textarea'>) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea id={id} className="input" aria-describedby={hint ? `${id}-hint` : undefined} {...rest} />
      {hint ? (
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      ) : null}
    </div>
  )
}
