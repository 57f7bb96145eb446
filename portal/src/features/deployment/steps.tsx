// The way of a generation, from the wish to what runs.
import type { DeploymentPhase, DeploymentStep } from '../../gql/graphql'
import { type Shape, StateIcon } from '../../ui/state'

const WAY: DeploymentStep[] = ['PENDING', 'PULLING', 'PROVING', 'SWITCHING', 'APPLIED']
const WORDS: Record<string, string> = {
  PENDING: 'asked',
  PULLING: 'pulling',
  PROVING: 'proving',
  SWITCHING: 'switching',
  APPLIED: 'applied',
}

type Props = { phase: DeploymentPhase; step: DeploymentStep | null | undefined; running: string | undefined }

export function Steps({ phase, step, running }: Props) {
  if (phase === 'REMOVING' || phase === 'REMOVED' || phase === 'ABSENT') return null
  if (phase === 'FAILED') {
    return (
      <p className="steps-end">
        The generation was given up{running ? `; ${running} runs` : ', and nothing is known to run'}.
      </p>
    )
  }
  const at = phase === 'HEALTHY' ? WAY.length - 1 : WAY.indexOf(step ?? 'PENDING')
  return (
    <ol className="steps" aria-label="Steps">
      {WAY.map((name, index) => (
        <li key={name} className={index === at ? 'is-now' : undefined} aria-current={index === at ? 'step' : undefined}>
          <StateIcon shape={shape(index, at, phase)} />
          {WORDS[name]}
        </li>
      ))}
    </ol>
  )
}

function shape(index: number, at: number, phase: DeploymentPhase): Shape {
  if (index < at) return 'ok'
  if (index > at) return 'none'
  if (phase === 'HEALTHY') return 'ok'
  if (phase === 'UNHEALTHY') return 'failed'
  return phase === 'HELD' ? 'held' : 'progressing'
}
