// The compose file: pasted, dropped or chosen, with the numbers of its lines.
import { Upload } from 'lucide-react'
import { type ChangeEvent, type DragEvent, type RefObject, useRef, useState } from 'react'
import { Button } from '../../ui/button'

const MOST = 1024 * 1024

type Props = {
  text: string
  put: (text: string) => void
  area: RefObject<HTMLTextAreaElement | null>
  /** lines with something to say */
  marked: ReadonlySet<number>
}

export function ComposeField({ text, put, area, marked }: Props) {
  const gutter = useRef<HTMLDivElement>(null)
  const chooser = useRef<HTMLInputElement>(null)
  const [isOver, setOver] = useState(false)
  const [wrong, setWrong] = useState<string>()
  const take = async (file: File | undefined) => {
    if (!file) return
    if (file.size > MOST)
      return setWrong(`${file.name} has ${file.size.toLocaleString()} bytes; a compose file has at most 1 MiB.`)
    try {
      put(new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer()))
      setWrong(undefined)
    } catch {
      setWrong(`${file.name} is not a text that can be read here. A folder is published with the CLI.`)
    }
  }
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    if (event.dataTransfer.files.length > 1)
      return setWrong('Drop one compose file; a folder is published with the CLI.')
    void take(event.dataTransfer.files[0])
  }
  const lines = text.split('\n').length
  return (
    <div className="field">
      <div className="field-head">
        <label htmlFor="compose">Compose file</label>
        <Button kind="quiet" onClick={() => chooser.current?.click()}>
          <Upload size={14} aria-hidden="true" /> Choose a file…
        </Button>
        <input
          ref={chooser}
          type="file"
          accept=".yaml,.yml"
          hidden
          onChange={(event: ChangeEvent<HTMLInputElement>) => {
            void take(event.target.files?.[0])
            event.target.value = ''
          }}
        />
      </div>
      <div className={isOver ? 'editor is-over' : 'editor'}>
        <div className="gutter" ref={gutter} aria-hidden="true">
          {Array.from({ length: lines }, (_, index) => (
            <span key={index} className={marked.has(index + 1) ? 'is-marked' : undefined}>
              {index + 1}
            </span>
          ))}
        </div>
        <textarea
          id="compose"
          ref={area}
          className="editor-text"
          rows={18}
          wrap="off"
          spellCheck={false}
          autoCapitalize="none"
          required
          placeholder="Paste it, or drop the file here"
          aria-describedby="compose-hint"
          value={text}
          onChange={event => put(event.target.value)}
          onScroll={event => {
            if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop
          }}
          onDragOver={event => {
            event.preventDefault()
            setOver(true)
          }}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
        />
      </div>
      {wrong ? (
        <p className="refusal" role="alert">
          {wrong}
        </p>
      ) : null}
      <p id="compose-hint" className="hint">
        One file. If it needs others beside it (env_file, configs), publish the folder:{' '}
        <code>distr release publish --compose FOLDER</code>
      </p>
    </div>
  )
}
