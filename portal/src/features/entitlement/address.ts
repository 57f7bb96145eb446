// What is asked, as the address says it, so that a link asks the same.
export type Asked = { customer?: string; repository?: string; reference?: string }

export function readAsked(search: Record<string, unknown>): Asked {
  const asked: Asked = {}
  for (const name of ['customer', 'repository', 'reference'] as const) {
    const value = search[name]
    // a tag may be a number
    const text = typeof value === 'number' ? String(value) : value
    if (typeof text === 'string' && text.trim() !== '') asked[name] = text.trim().slice(0, 300)
  }
  return asked
}

/** `hello:1.0.0`, or `hello@sha256:…`. */
export function nameOf(repository: string, reference: string): string {
  return reference.includes(':') ? `${repository}@${reference}` : `${repository}:${reference}`
}
