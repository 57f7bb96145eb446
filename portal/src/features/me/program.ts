// Programs that sign in, by the names that they give themselves.

/** The short name of what calls itself by a long one. */
export function programOf(userAgent: string | null | undefined): string {
  if (!userAgent) return 'a program without a name'
  // the most telling name first: each calls itself by those of its forebears, too
  const browser = ['Firefox', 'Edg', 'OPR', 'Chrome', 'Safari'].find(name => userAgent.includes(`${name}/`))
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera' }
  if (!browser) return userAgent.split(' ')[0] ?? userAgent
  const system = ['Windows', 'Android', 'iPhone', 'Mac OS X', 'Linux'].find(name => userAgent.includes(name))
  return `${names[browser] ?? browser}${system ? ` on ${system}` : ''}`
}
