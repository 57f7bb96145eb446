// A colour, typed or picked.
import { useId } from 'react'
import { Field } from '../../ui/field'

export const isColour = (text: string) => /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text.trim())

/** `#15b` is `#1155bb`; the browser's own picker knows the long form alone. */
export function longOf(colour: string): string {
  const text = colour.trim().toLowerCase()
  return text.length === 4 ? `#${[...text.slice(1)].map(digit => digit + digit).join('')}` : text
}

type Props = { label: string; value: string; put: (value: string) => void; own: string; hint?: string }

/** `own` is what is shown if nothing is chosen. */
export function ColourField({ label, value, put, own, hint = 'As #1f5fbf; the portal’s own, if empty.' }: Props) {
  const id = useId()
  const isWrong = value !== '' && !isColour(value)
  return (
    <div className="colour">
      <Field
        label={label}
        value={value}
        onChange={event => put(event.target.value)}
        placeholder={own}
        maxLength={7}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        aria-invalid={isWrong}
        hint={isWrong ? 'Use # and six hexadecimal digits, as #1f5fbf.' : hint}
      />
      <input
        id={id}
        type="color"
        aria-label={`Pick: ${label}`}
        value={longOf(isColour(value) ? value : own)}
        onChange={event => put(event.target.value)}
      />
    </div>
  )
}
