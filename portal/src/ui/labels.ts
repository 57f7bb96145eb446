// Labels as text, one a line.
export type Label = { key: string; value: string }

export const textOf = (labels: Label[]) => labels.map(({ key, value }) => (value ? `${key}=${value}` : key)).join('\n')

export function labelsOf(text: string): Label[] {
  const lines = text.split(/\r?\n/).map(line => line.trim())
  return lines.filter(Boolean).map(line => {
    const at = line.indexOf('=')
    return at < 0 ? { key: line, value: '' } : { key: line.slice(0, at).trim(), value: line.slice(at + 1).trim() }
  })
}
