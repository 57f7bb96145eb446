import { Eye, EyeOff } from 'lucide-react'
import { useId, useState } from 'react'
import { Field } from '../../ui/field'

/** What is too short, or guessed first, the hub refuses with the reason. */
export function NewPassword({
  password,
  put,
  label = 'New password',
}: {
  password: string
  put: (text: string) => void
  label?: string
}) {
  const [isShown, setShown] = useState(false)
  const hint = useId()
  return (
    <div className="field">
      <div className="with-button">
        <Field
          label={label}
          type={isShown ? 'text' : 'password'}
          value={password}
          onChange={event => put(event.target.value)}
          required
          autoComplete="new-password"
          aria-describedby={hint}
        />
        <button
          type="button"
          className="icon-button"
          aria-pressed={isShown}
          aria-label="Show the password"
          onClick={() => setShown(!isShown)}
        >
          {isShown ? <EyeOff size={16} /> : <Eye size={16} />}
        </button>
      </div>
      <p id={hint} className="hint">
        12 characters or more.
      </p>
    </div>
  )
}
