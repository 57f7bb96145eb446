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
const IMAGE = /image "([^"]+)"/

/** `text` is what was sent: a sentence without a line that names an image is at that image. */
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
  const at = line ? { line: Number(line), column: Number(column) } : imageAt(told, text)
  return { line: at?.line, column: at?.column, place, reason: reason ?? told }
}

function imageAt(sentence: string, text: string): { line: number; column: number } | undefined {
  const [, image] = IMAGE.exec(sentence) ?? []
  if (!image) return undefined
  const lines = text.split('\n')
  const index = lines.findIndex(line => /^\s*image\s*:/.test(line) && line.includes(image))
  return index < 0 ? undefined : { line: index + 1, column: (lines[index] ?? '').indexOf(image) + 1 }
}

/** Where a line begins and ends in the text. */
export function rangeOf(text: string, line: number): [number, number] {
  const before = text.split('\n').slice(0, line - 1)
  const begin = before.reduce((sum, one) => sum + one.length + 1, 0)
  const end = text.indexOf('\n', begin)
  return [begin, end < 0 ? text.length : end]
}
