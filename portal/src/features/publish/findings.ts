// What the hub refuses in a compose file, or warns of, sentence by sentence, each with its place in the text.
export type Finding = {
  line: number | undefined
  column: number | undefined
  /** such as `service "web", key ports` */
  place: string | undefined
  reason: string
}

const AT = /^line (\d+), column (\d+): (.*)$/s
const PLACE = /^((?:service|volume|network|config|secret|key) (?:"[^"]*"|[\w.-]+)(?:, (?:key|entry) [^:]+?)*): (.*)$/s

/** `text` is what was sent: a sentence without a line is where what it quotes stands. */
export function findings(message: string, text: string): Finding[] {
  return message
    .split('\n')
    .filter(sentence => sentence.trim() !== '')
    .map(sentence => finding(sentence, text))
}

function finding(sentence: string, text: string): Finding {
  const [, line, column, rest] = AT.exec(sentence) ?? []
  const told = rest ?? sentence
  const [, place, reason] = PLACE.exec(told) ?? []
  const at = line ? { line: Number(line), column: Number(column) } : quotedAt(reason ?? told, text)
  return { line: at?.line, column: at?.column, place, reason: reason ?? told }
}

/** Where the first of the things that a sentence quotes stands in the text. */
function quotedAt(sentence: string, text: string): { line: number; column: number } | undefined {
  const lines = text.split('\n')
  for (const [, quoted = ''] of sentence.matchAll(/"([^"]+)"/g)) {
    const index = lines.findIndex(line => !/^\s*#/.test(line) && line.includes(quoted))
    if (index >= 0) return { line: index + 1, column: (lines[index] ?? '').indexOf(quoted) + 1 }
  }
  return undefined
}

/** Where a line begins and ends in the text. */
export function rangeOf(text: string, line: number): [number, number] {
  const before = text.split('\n').slice(0, line - 1)
  const begin = before.reduce((sum, one) => sum + one.length + 1, 0)
  const end = text.indexOf('\n', begin)
  return [begin, end < 0 ? text.length : end]
}
