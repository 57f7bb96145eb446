// The configuration of a deployment as lines of KEY=VALUE, and back. What a key may be, the hub says.
export type Entry = { key: string; value: string }

export function configText(entries: readonly Entry[]): string {
  return entries.map(({ key, value }) => `${key}=${value}`).join('\n')
}

/** Empty lines and those that begin with # say nothing. `wrong` names the lines that are neither. */
export function parseConfig(text: string): { entries: Entry[]; wrong: number[] } {
  const entries: Entry[] = []
  const wrong: number[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const at = trimmed.indexOf('=')
    if (at < 1) wrong.push(index + 1)
    else entries.push({ key: trimmed.slice(0, at).trim(), value: trimmed.slice(at + 1) })
  }
  return { entries, wrong }
}

/** As the command line takes it; nothing, if all stays as it is. */
export function configArguments(entries: readonly Entry[] | undefined): string[] {
  if (!entries) return []
  return entries.length === 0
    ? ['--clear-config']
    : entries.flatMap(({ key, value }) => ['--config', `${key}=${value}`])
}
