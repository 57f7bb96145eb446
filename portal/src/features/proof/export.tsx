// The export of a period, which is verified anywhere: a folder that the command line writes.
import { useState } from 'react'
import { CommandLine } from '../../ui/copy'
import { Field } from '../../ui/field'
import { Panel } from '../../ui/page'
import { commandLine } from '../../ui/shell-words'

export function ExportPanel() {
  const [period, put] = useState({ from: '', to: '' })
  const named = [...(period.from ? ['--from', period.from] : []), ...(period.to ? ['--to', period.to] : [])]
  return (
    <Panel title="Export a period">
      <div className="proof">
        <p className="muted">
          The folder holds the checkpoint, the hashes of all entries, and the entries of the period with one neighbour
          on each side. It is verified from its files and the key alone, with no connection to anything.
        </p>
        <div className="period">
          <Field
            label="From, with the day itself (UTC)"
            type="date"
            value={period.from}
            onChange={({ target: { value } }) => put({ ...period, from: value })}
          />
          <Field
            label="To, with the day itself (UTC)"
            type="date"
            value={period.to}
            onChange={({ target: { value } }) => put({ ...period, to: value })}
          />
        </div>
        <CommandLine line={commandLine('distr', 'audit', 'export', 'history', ...named)} label="the export" />
        <CommandLine line="distr audit key > acme.key" label="the command that prints the key" />
        <CommandLine
          line={commandLine('distr', 'audit', 'verify', 'history', '--key', 'acme.key', ...named)}
          label="the verification"
        />
      </div>
    </Panel>
  )
}
