// Which version comes next. What is proposed is a guess; the hub says what is taken.
const PARTS = /^(\d+)\.(\d+)\.(\d+)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/

/** After the newest one: a patch, and a minor version. A version before its release is followed by that release. */
export function nextVersions(newest: string | undefined): { patch: string; minor: string } {
  const [, major = '1', minor = '0', patch = '0', before] = PARTS.exec(newest ?? '') ?? []
  if (!newest || !PARTS.test(newest)) return { patch: '1.0.0', minor: '1.1.0' }
  const next = before ? Number(patch) : Number(patch) + 1
  return { patch: `${major}.${minor}.${next}`, minor: `${major}.${Number(minor) + 1}.0` }
}
