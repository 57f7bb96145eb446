// A secret that is shown once: hidden until it is asked for, and kept nowhere but in this dialog.
import { Eye, EyeOff } from 'lucide-react'
import { useState } from 'react'
import { Copy } from './copy'

export function Secret({ text, what }: { text: string; what: string }) {
  const [isShown, setShown] = useState(false)
  const word = isShown ? 'Hide' : 'Show'
  return (
    <div className="secret">
      <span className="hint">{what.charAt(0).toUpperCase() + what.slice(1)}</span>
      <div className="command">
        <pre>
          <code>{isShown ? text : '••••••••••••••••'}</code>
        </pre>
        <button
          type="button"
          className="copy"
          aria-pressed={isShown}
          aria-label={`${word} ${what}`}
          title={`${word} ${what}`}
          onClick={() => setShown(!isShown)}
        >
          {isShown ? <EyeOff size={14} /> : <Eye size={14} />}
        </button>
        <Copy text={text} what={what} />
      </div>
    </div>
  )
}
