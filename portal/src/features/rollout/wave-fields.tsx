// The waves of a policy, as they are typed: in their order, each with whom it takes.
import { ArrowDown, ArrowUp, X } from 'lucide-react'
import { Button } from '../../ui/button'
import { Choice, Field, TextArea } from '../../ui/field'
import { ApprovalFields } from './approval-fields'
import { newWave, type Takes, type WaveDraft } from './draft'

const TAKES: Record<Takes, string> = {
  percent: 'up to a share of all, by percent',
  count: 'up to a number of all',
  labels: 'those with labels',
  rest: 'whoever is left',
}
const MOST = 50

export function WaveFields({ waves, put }: { waves: WaveDraft[]; put: (waves: WaveDraft[]) => void }) {
  const change = (at: number, part: Partial<WaveDraft>) =>
    put(waves.map((wave, index) => (index === at ? { ...wave, ...part } : wave)))
  const move = (at: number, by: number) => {
    const moved = [...waves]
    const [wave] = moved.splice(at, 1)
    if (wave) moved.splice(at + by, 0, wave)
    put(moved)
  }
  const add = () => {
    const key = Math.max(0, ...waves.map(wave => wave.key)) + 1
    const added = newWave(key)
    // whoever is left comes last
    const isRestLast = waves.at(-1)?.takes === 'rest'
    put(isRestLast ? [...waves.slice(0, -1), added, ...waves.slice(-1)] : [...waves, added])
  }
  return (
    <>
      <ol className="wave-list">
        {waves.map((wave, at) => (
          <li key={wave.key}>
            <fieldset className="wave">
              <legend>Wave {at + 1}</legend>
              <OneWave wave={wave} put={part => change(at, part)} />
              <div className="row-actions">
                <Icon label={`Wave ${at + 1} earlier`} isOff={at === 0} act={() => move(at, -1)}>
                  <ArrowUp size={15} />
                </Icon>
                <Icon label={`Wave ${at + 1} later`} isOff={at === waves.length - 1} act={() => move(at, 1)}>
                  <ArrowDown size={15} />
                </Icon>
                <Icon
                  label={`Without wave ${at + 1}`}
                  isOff={waves.length === 1}
                  act={() => put(waves.filter(other => other !== wave))}
                >
                  <X size={15} />
                </Icon>
              </div>
            </fieldset>
          </li>
        ))}
      </ol>
      <Button onClick={add} disabled={waves.length >= MOST}>
        Add a wave
      </Button>
    </>
  )
}

type IconProps = { label: string; isOff: boolean; act: () => void; children: React.ReactNode }

function Icon({ label, isOff, act, children }: IconProps) {
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} disabled={isOff} onClick={act}>
      {children}
    </button>
  )
}

function OneWave({ wave, put }: { wave: WaveDraft; put: (part: Partial<WaveDraft>) => void }) {
  return (
    <>
      <div className="field-row">
        <Field
          label="Name"
          value={wave.name}
          onChange={event => put({ name: event.target.value })}
          required
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
        />
        <Choice
          label="Takes"
          value={wave.takes}
          onChange={event => put({ takes: event.target.value as Takes, value: '' })}
        >
          {(Object.keys(TAKES) as Takes[]).map(takes => (
            <option key={takes} value={takes}>
              {TAKES[takes]}
            </option>
          ))}
        </Choice>
        {wave.takes === 'percent' || wave.takes === 'count' ? (
          <Field
            label={wave.takes === 'percent' ? 'Up to percent' : 'Up to targets'}
            hint="with the waves before"
            value={wave.value}
            onChange={event => put({ value: event.target.value })}
            required
            inputMode="numeric"
          />
        ) : null}
        <Field
          label="Soak"
          hint="as 30m or 2h; none if empty"
          value={wave.soak}
          onChange={event => put({ soak: event.target.value })}
          autoCapitalize="none"
          spellCheck={false}
        />
      </div>
      {wave.takes === 'labels' ? (
        <TextArea
          label="Labels"
          hint="One a line, as ring=early. A target must have all of them."
          rows={2}
          value={wave.value}
          onChange={event => put({ value: event.target.value })}
          required
          autoCapitalize="none"
          spellCheck={false}
        />
      ) : null}
      <ApprovalFields of="before it opens" draft={wave.approve} put={approve => put({ approve })} />
    </>
  )
}
