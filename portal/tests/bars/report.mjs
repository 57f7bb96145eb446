// The bars, each with what was measured beside it. A time on the wall counts while the machine has cores to spare.
import { cpus, loadavg } from 'node:os'

export class Report {
  rows = []

  /** `most` and `value` are in the unit. A time on the wall also notes how busy the machine was. */
  add(name, value, most, unit, { isWall = false, note = '' } = {}) {
    const [load] = loadavg()
    const isBusy = isWall && load > cpus().length
    const verdict = value <= most ? 'met' : isBusy ? 'not met on a busy machine' : 'NOT MET'
    const notes = [isBusy && `load ${load.toFixed(1)}`, note].filter(Boolean).join(', ')
    this.rows.push({ name, value: `${figure(value)} ${unit}`, most: `${figure(most)} ${unit}`, verdict, notes })
    console.error(`${name}: ${figure(value)} ${unit}, at most ${figure(most)} (${verdict}${notes && `; ${notes}`})`)
  }

  /** As Markdown, for a file of figures. */
  toString() {
    const lines = this.rows.map(
      ({ name, value, most, verdict, notes }) => `| ${name} | ${value} | ${most} | ${verdict} | ${notes} |`,
    )
    return ['| bar | measured | at most | | |', '|---|---|---|---|---|', ...lines].join('\n')
  }
}

function figure(value) {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1)
}
