// The waves of a rollout: how each stands, how large it is, and how long it soaks.

import { type Column, Table } from '../../ui/table'
import { Time } from '../../ui/time'
import { useWhoIsThere } from '../session/viewer'
import type { Rules, Wave } from './queries'
import { WaveBadge } from './rollout-state'
import { minutesWords, takesWords } from './rule-words'
import { Tally } from './tally-bar'

type Props = { waves: Wave[]; rules: Rules | undefined; isPlaced: boolean }

export function Waves({ waves, rules, isPlaced }: Props) {
  const { viewer } = useWhoIsThere()
  const ruleOf = ({ number }: Wave) => rules?.waves[number - 1]
  const takes: Column<Wave> = {
    name: 'Takes',
    isBlank: wave => !ruleOf(wave),
    cell: wave => {
      const rule = ruleOf(wave)
      return rule ? takesWords(rule) : null
    },
  }
  const columns: Column<Wave>[] = [
    { name: 'State', width: 'state', cell: ({ state }) => <WaveBadge state={state} /> },
    {
      name: 'Wave',
      isText: true,
      cell: ({ number, name }) => (
        <>
          {number} · <strong>{name}</strong>
        </>
      ),
    },
    ...(viewer.customer ? [] : [takes]),
    { name: 'Targets', width: 'wide', cell: wave => <Tally of={wave} isPlaced={isPlaced} /> },
    {
      name: 'Soak',
      isBlank: wave => !soaks(wave, ruleOf(wave)),
      cell: wave => <Soak wave={wave} rule={ruleOf(wave)} />,
    },
    { name: 'When', width: 'wide', cell: wave => <When wave={wave} /> },
  ]
  return <Table label="Waves" columns={columns} rows={waves} keyOf={({ number }) => String(number)} />
}

type Rule = Rules['waves'][number] | undefined
const soaks = (wave: Wave, rule: Rule) => Boolean(wave.soaksUntil) || (rule?.soakMinutes ?? 0) > 0

function Soak({ wave: { soaksUntil, state }, rule }: { wave: Wave; rule: Rule }) {
  const length = rule && rule.soakMinutes > 0 ? minutesWords(rule.soakMinutes) : ''
  if (state === 'SOAKING' && soaksUntil) {
    return (
      <>
        {length ? `${length}, ` : ''}over <Time at={soaksUntil} />
      </>
    )
  }
  return length || <span className="muted">none</span>
}

function When({ wave: { openedAt, doneAt, state, skippedBecause } }: { wave: Wave }) {
  if (!openedAt && !doneAt) return <span className="muted">not opened</span>
  return (
    <span>
      {openedAt ? (
        <>
          opened <Time at={openedAt} />
        </>
      ) : null}
      {doneAt ? (
        <>
          {openedAt ? ', ' : ''}
          {state === 'SKIPPED' ? 'skipped' : 'passed'} <Time at={doneAt} />
        </>
      ) : null}
      {skippedBecause ? `: ${skippedBecause}` : ''}
    </span>
  )
}
