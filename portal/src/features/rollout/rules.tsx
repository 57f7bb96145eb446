// The rules of a policy, in words.
import { Fact, Facts } from '../../ui/page'
import { type Column, Table } from '../../ui/table'
import type { Rules } from './queries'
import { approvalWords, gateWords, limitsWords, minutesWords, otherWords, takesWords } from './rule-words'

type Wave = Rules['waves'][number]

const COLUMNS: Column<Wave>[] = [
  { name: 'Wave', isText: true, cell: ({ name }) => <strong>{name}</strong> },
  { name: 'Takes', cell: takesWords },
  {
    name: 'Soak',
    cell: ({ soakMinutes }) => (soakMinutes > 0 ? minutesWords(soakMinutes) : <span className="muted">none</span>),
  },
  {
    name: 'Approval before it opens',
    isBlank: ({ approve }) => !approve,
    cell: ({ approve }) => (approve ? approvalWords(approve) : <span className="muted">nobody’s</span>),
  },
]

export function RulesInWords({ rules, withWaves = false }: { rules: Rules; withWaves?: boolean }) {
  return (
    <>
      {withWaves ? (
        <Table label="Waves of the policy" columns={COLUMNS} rows={rules.waves} keyOf={row => row.name} />
      ) : null}
      <Facts>
        <Fact name="Limits">{limitsWords(rules.limits)}</Fact>
        <Fact name="Approval before the start">{rules.approve ? approvalWords(rules.approve) : 'nobody’s'}</Fact>
      </Facts>
      <ul className="rules" aria-label="What halts it and what passes">
        {gateWords(rules.gate).map(words => (
          <li key={words}>{words}</li>
        ))}
        {otherWords(rules).map(words => (
          <li key={words}>{words}</li>
        ))}
      </ul>
    </>
  )
}
