// How far a target is on the way from its registration to a healthy release, from facts and reports alone.
import type { TargetDetail } from '../features/target/detail'
import type { DeploymentStep } from '../gql/graphql'
import type { Tick } from '../ui/ticks'

type Deployment = TargetDetail['deployments'][number]
type Step = {
  id: string
  title: string
  state: Tick['state']
  at?: string | null | undefined
  why?: string | undefined
}

const ORDER: DeploymentStep[] = ['PENDING', 'PULLING', 'PROVING', 'SWITCHING', 'APPLIED']
const TITLES = { PULLING: 'Pulled', PROVING: 'Proven', SWITCHING: 'Switched over' } as const

/** Until the agent is there. */
export function agentSteps(target: Pick<TargetDetail, 'enrolledAt' | 'lastHeartbeatAt' | 'createdAt'>): Step[] {
  const { createdAt, enrolledAt, lastHeartbeatAt } = target
  return [
    { id: 'registered', title: 'Registered', state: 'done', at: createdAt },
    { id: 'enrolled', title: 'Agent installed', state: enrolledAt ? 'done' : 'now', at: enrolledAt },
    {
      id: 'heard',
      title: 'Heard from',
      state: lastHeartbeatAt ? 'done' : enrolledAt ? 'now' : 'ahead',
      at: lastHeartbeatAt,
    },
  ]
}

/** From the wish until it is healthy, for as long as that takes. */
export function deploymentSteps(deployment: Deployment | undefined, isHeard: boolean): Step[] {
  if (!deployment) {
    return [
      { id: 'asked', title: 'Release chosen', state: isHeard ? 'now' : 'ahead' },
      ...(['PULLING', 'PROVING', 'SWITCHING'] as const).map(step => ahead(step)),
      { id: 'healthy', title: 'Healthy', state: 'ahead' },
    ]
  }
  const { phase, step, changedAt, desiredVersion, error } = deployment
  const why = error?.text
  const isHealthy = phase === 'HEALTHY'
  const stop = phase === 'FAILED' ? 'failed' : phase === 'HELD' ? 'held' : 'now'
  // an agent that gave a generation up says no more at which step
  const at = isHealthy ? ORDER.length : step === 'FAILED' ? -1 : ORDER.indexOf(step ?? 'PENDING')
  const moving = (['PULLING', 'PROVING', 'SWITCHING'] as const).map((name): Step => {
    const place = ORDER.indexOf(name)
    // what waits for its turn is about to be pulled
    const isNow = place === at || (at === 0 && name === 'PULLING')
    if (place < at) return { id: name, title: TITLES[name], state: 'done' }
    return isNow && isHeard ? { id: name, title: TITLES[name], state: stop, why } : ahead(name)
  })
  const isLast = at === ORDER.length - 1 || at === -1
  return [
    { id: 'asked', title: `${desiredVersion} asked for`, state: 'done', at: deployment.createdAt },
    ...moving,
    {
      id: 'healthy',
      title: 'Healthy',
      state: isHealthy ? 'done' : isLast ? (phase === 'UNHEALTHY' ? 'failed' : stop) : 'ahead',
      at: isHealthy ? changedAt : undefined,
      why: isLast ? why : undefined,
    },
  ]
}

function ahead(step: keyof typeof TITLES): Step {
  return { id: step, title: TITLES[step], state: 'ahead' }
}
