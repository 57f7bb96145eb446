// What may be done to the rollout now, as buttons; and the dialog of each.
import { type ReactNode, useState } from 'react'
import { Allowed, Button } from '../../ui/button'
import { ReasonDialog } from '../../ui/reason-dialog'
import { commandLine } from '../../ui/shell-words'
import { useMay } from '../session/viewer'
import { AdjustDialog } from './adjust'
import { ABORT, HALT, PAUSE, RESUME, SKIP_WAVE } from './mutations'
import type { Rollout } from './queries'
import { RollBackDialog } from './roll-back'
import { NEEDS, type Step, stepsOf } from './steps'
import { currentWave, tallyWords, total } from './tally'

const WORDS: Record<Step, string> = {
  pause: 'Pause…',
  halt: 'Halt…',
  resume: 'Resume…',
  adjust: 'Limits…',
  'skip-wave': 'Skip wave…',
  'roll-back': 'Roll back…',
  abort: 'Abort…',
}

export function Steps({ rollout }: { rollout: Rollout }) {
  const [step, setStep] = useState<Step>()
  const rights = { ROLL_OUT: useMay('ROLL_OUT'), OVERSEE_ROLLOUTS: useMay('OVERSEE_ROLLOUTS') }
  const steps = stepsOf(rollout)
  const mine = steps.filter(step => rights[NEEDS[step] as keyof typeof rights])
  const close = () => setStep(undefined)
  if (steps.length === 0) return null
  if (mine.length === 0) {
    return (
      <Allowed may={false} needs="the right to oversee rollouts">
        <Button>Pause…</Button>
      </Allowed>
    )
  }
  return (
    <>
      {mine.map(one => (
        <Button
          key={one}
          kind={one === 'resume' ? 'primary' : one === 'abort' || one === 'roll-back' ? 'quiet' : 'plain'}
          onClick={() => setStep(one)}
        >
          {WORDS[one]}
        </Button>
      ))}
      {step ? <StepDialog key={step} step={step} rollout={rollout} close={close} /> : null}
    </>
  )
}

type DialogProps = { step: Step; rollout: Rollout; close: () => void }

function StepDialog({ step, rollout, close }: DialogProps): ReactNode {
  const { name, application, waves } = rollout
  const of = { application: application.name, name }
  const line = (command: string, ...more: string[]) => {
    return (reason: string) =>
      commandLine('distr', 'rollout', command, name, '--app', application.name, ...more, '--reason', reason)
  }
  const { inFlight, failed, lost, waiting } = total(waves)
  const wave = currentWave(waves)
  switch (step) {
    case 'pause':
      return (
        <ReasonDialog
          document={PAUSE}
          variables={of}
          title={`Pause ${name}`}
          description={`Nothing starts any more. ${inFlight === 0 ? 'Nobody is in flight.' : `The ${inFlight} in flight finish.`}`}
          deed="Pause"
          said={`${name} is paused`}
          line={line('pause')}
          close={close}
        />
      )
    case 'halt':
      return (
        <ReasonDialog
          document={HALT}
          variables={of}
          title={`Halt ${name}`}
          description={
            rollout.policy?.onHalt === 'LEAVE'
              ? 'Nothing starts any more. What is released stays, as the policy says.'
              : `Nothing starts any more, and what no agent has begun of the ${inFlight} in flight goes back to what runs.`
          }
          deed="Halt"
          said={`${name} is halted`}
          kind="danger"
          line={line('halt')}
          close={close}
        />
      )
    case 'resume':
      return (
        <ReasonDialog
          document={RESUME}
          variables={of}
          title={`Resume ${name}`}
          description={`It goes on. The ${failed + lost} that failed or were lost until now halt it no more, and are no success either.`}
          deed="Resume"
          said={`${name} goes on`}
          line={line('resume')}
          close={close}
        />
      )
    case 'abort':
      return (
        <ReasonDialog
          document={ABORT}
          variables={of}
          title={`Abort ${name}`}
          description={`It ends for ever: ${waiting === 0 ? 'nobody waits any more' : `the ${waiting} that wait are cancelled`}. What runs stays.`}
          deed="Abort for ever"
          said={`${name} is aborted`}
          kind="danger"
          line={line('abort')}
          close={close}
        />
      )
    case 'skip-wave':
      return wave ? (
        <ReasonDialog
          document={SKIP_WAVE}
          variables={{ ...of, wave: wave.number }}
          title={`Skip wave ${wave.number}, ${wave.name}`}
          description={`The next wave may open, whatever the gate says of this one: ${tallyWords(wave)}.`}
          deed="Skip the wave"
          said={`Wave ${wave.number} is skipped`}
          kind="danger"
          line={line('skip-wave', '--wave', String(wave.number))}
          close={close}
        />
      ) : null
    case 'adjust':
      return <AdjustDialog rollout={rollout} close={close} />
    case 'roll-back':
      return <RollBackDialog rollout={rollout} close={close} />
  }
}
