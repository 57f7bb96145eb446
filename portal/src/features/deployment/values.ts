// The values of a chart as they are typed, in JSON, and back. What a value may be, the hub says by the chart's schema.
export function valuesText(values: unknown): string {
  const isEmpty = typeof values !== 'object' || values === null || Object.keys(values).length === 0
  return isEmpty ? '' : JSON.stringify(values, null, 2)
}

/** Nothing typed is an object without values. `wrong` says in words what is no object. */
export function parseValues(text: string): { values: object; wrong?: string } {
  if (text.trim() === '') return { values: {} }
  try {
    const values: unknown = JSON.parse(text)
    if (typeof values === 'object' && values !== null && !Array.isArray(values)) return { values }
    return { values: {}, wrong: 'The values are no object: write {"name": value}.' }
  } catch (error) {
    return { values: {}, wrong: `The values are no JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
}
