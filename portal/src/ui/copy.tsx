import { Check, Copy as CopyIcon } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useMoment } from '../live/moment'
import { quote } from './shell-words'
import { announce } from './toast'

/** Pages over plain HTTP have no clipboard of their own. */
async function put(text: string) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

export function Copy({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2_000)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = async () => {
    await put(text)
    setCopied(true)
    announce(`Copied ${what}`)
  }
  return (
    <button
      type="button"
      className="copy"
      onClick={() => void copy()}
      aria-label={`Copy ${what}`}
      title={`Copy ${what}`}
    >
      {copied ? <Check size={14} /> : <CopyIcon size={14} />}
      {copied ? <span>Copied</span> : null}
    </button>
  )
}

/** One line for a shell, as the viewer would type it. */
export function CommandLine({ line, label = 'the command' }: { line: string; label?: string }) {
  return (
    <div className="command">
      <pre>
        <code>{line}</code>
      </pre>
      <Copy text={line} what={label} />
    </div>
  )
}

/** `looksBack` says that the command takes a moment; without it nothing is the same at one. */
export function SameInCli({ line, looksBack = false }: { line: string; looksBack?: boolean }) {
  const moment = useMoment()
  if (moment !== undefined && !looksBack) return null
  return (
    <details className="same-in-cli">
      <summary>Same in the CLI</summary>
      <CommandLine line={moment === undefined ? line : `${line} --as-of ${quote(moment)}`} />
    </details>
  )
}
