// What upgrades go by at one release: whether they may pass it over, whether anybody goes back from it, and from where nobody comes.
import { lazy, Suspense, useState } from 'react'
import { Allowed, Button } from '../../ui/button'
import { Panel } from '../../ui/page'
import { useMay } from '../session/viewer'
import type { Release } from './release'
import type { PathStep } from './upgrade-path-dialog'

const PathDialog = lazy(() => import('./upgrade-path-dialog'))

export function UpgradePath({ release }: { release: Release }) {
  const mayPublish = useMay('PUBLISH')
  const [step, setStep] = useState<PathStep>()
  const { status, required, noReturn, blockedUpgrades } = release
  const isOut = status === 'PUBLISHED' || status === 'DEPRECATED'
  // what was required stays so until somebody says otherwise, also of a release that was revoked
  if (!isOut && !required && !noReturn && blockedUpgrades.length === 0) return null
  return (
    <Panel title="On the way of upgrades">
      <ul className="lines" aria-label="What upgrades go by">
        <Line
          text={required ? 'Required' : 'Upgrades may pass it over.'}
          why={required}
          deed={required ? 'Require it no longer…' : 'Require it…'}
          act={required || isOut ? () => setStep({ kind: required ? 'unrequire' : 'require' }) : undefined}
          may={mayPublish}
        />
        <Line
          text={noReturn ? 'Of no return' : 'One may go back from it.'}
          why={noReturn}
          deed="Mark as one of no return…"
          act={noReturn || !isOut ? undefined : () => setStep({ kind: 'no-return' })}
          may={mayPublish}
        />
        {blockedUpgrades.map(({ from, reason }) => (
          <Line
            key={from}
            text={`Nobody comes to it from ${from}`}
            why={reason}
            deed={`Open the way from ${from}…`}
            act={() => setStep({ kind: 'unblock', from })}
            may={mayPublish}
          />
        ))}
        {isOut ? (
          <Line
            text={blockedUpgrades.length === 0 ? 'It may be reached from every release below.' : ''}
            why={undefined}
            deed="Block upgrades…"
            act={() => setStep({ kind: 'block' })}
            may={mayPublish}
          />
        ) : null}
      </ul>
      {step ? (
        <Suspense>
          <PathDialog key={step.kind} release={release} step={step} close={() => setStep(undefined)} />
        </Suspense>
      ) : null}
    </Panel>
  )
}

type LineProps = {
  text: string
  why: string | null | undefined
  deed: string
  /** nothing, if there is nothing to do */
  act: (() => void) | undefined
  may: boolean
}

function Line({ text, why, deed, act, may }: LineProps) {
  return (
    <li className="shipped">
      <span>
        {why ? <strong>{text}</strong> : text}
        {why ? `: ${why}` : ''}
      </span>
      {act ? (
        <span className="pointers">
          <Allowed may={may} needs="the right to publish">
            <Button kind="quiet" onClick={act}>
              {deed}
            </Button>
          </Allowed>
        </span>
      ) : null}
    </li>
  )
}
