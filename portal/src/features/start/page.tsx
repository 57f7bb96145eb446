// The first steps of an organization, until a release runs healthily somewhere.
import { Link, useParams } from '@tanstack/react-router'
import { CircleCheck } from 'lucide-react'
import { useLive } from '../../live/use-live'
import { useNowAndThen } from '../../live/use-now-and-then'
import { CommandLine } from '../../ui/copy'
import { Page } from '../../ui/page'
import { Failed, Loading } from '../../ui/page-states'
import { type Tick, Ticks } from '../../ui/ticks'
import { useWhoIsThere } from '../session/viewer'
import { START, way } from './way'

const OFTEN = 2_000

export function StartPage() {
  const { viewer, hub } = useWhoIsThere()
  const { organization = '' } = useParams({ strict: false })
  const { data, error, isLoading, again, quietly } = useLive(START, {})
  useNowAndThen(quietly, OFTEN)
  const names = {
    hub: hub.publicUrl,
    registry: hub.registryHost,
    organization: viewer.organization.name,
    email: viewer.email ?? 'you@acme.example',
  }
  const stages = data ? way(data, names) : []
  const next = stages.find(stage => !stage.isDone)
  const done = stages.filter(stage => stage.isDone).length
  const ticks = stages.map(({ id, title, why, isDone, lines }): Tick => {
    const state = isDone ? 'done' : id === next?.id ? 'now' : 'ahead'
    return { id, title, state, children: isDone ? null : <Todo why={why} lines={lines} isNow={state === 'now'} /> }
  })
  return (
    <Page
      title="Your first release"
      section="Start"
      aside={
        data ? (
          <span className="total">
            {done} of {stages.length} done
          </span>
        ) : null
      }
    >
      {error && !data ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the first steps" rows={8} /> : null}
      {data ? (
        <>
          {next ? (
            <p className="lead">
              Eight steps, in any way you like: here, in a shell, in a pipeline. Each ticks by itself once it is done.
            </p>
          ) : (
            <p className="all-well">
              <CircleCheck size={16} aria-hidden="true" /> A release of yours runs, and is healthy.{' '}
              <Link to="/v/$organization" params={{ organization }}>
                To the overview
              </Link>
            </p>
          )}
          <Ticks label="First steps" ticks={ticks} />
        </>
      ) : null}
    </Page>
  )
}

function Todo({ why, lines, isNow }: { why: string; lines: string[]; isNow: boolean }) {
  if (!isNow) return null
  return (
    <>
      <p className="muted">{why}</p>
      {lines.map(line => (
        <CommandLine key={line} line={line} label={line} />
      ))}
    </>
  )
}
