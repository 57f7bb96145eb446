// Addresses of the documentation. What is looked for is in one, too.
export const readDocs = (search: Record<string, unknown>): { q?: string } =>
  typeof search.q === 'string' && search.q !== '' ? { q: search.q } : {}

/** `at` is the first page of the documentation, `place` is `page` or `page#section`. */
export function docsLink(at: string, place: string): { to: string; hash?: string } {
  const [page = '', section] = place.split('#')
  const to = `${at}/${page}`
  return section ? { to, hash: section } : { to }
}
