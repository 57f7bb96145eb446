// What a figure counts, and of what: on hover, on focus, and for whoever listens.
import { Info } from 'lucide-react'
import { type ReactNode, useId } from 'react'

export function Definition({ of, children }: { of: string; children: ReactNode }) {
  const id = useId()
  return (
    <span className="definition">
      <button
        type="button"
        aria-label={`What is counted: ${of}`}
        aria-describedby={id}
        onKeyDown={event => event.key === 'Escape' && event.currentTarget.blur()}
      >
        <Info size={14} aria-hidden="true" />
      </button>
      <span role="tooltip" id={id} className="definition-text">
        {children}
      </span>
    </span>
  )
}
