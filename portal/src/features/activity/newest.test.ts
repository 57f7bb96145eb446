import { expect, test } from 'vitest'
import { newest, type Read } from './newest'

/** A log in which every tenth position is an event of ours. */
function log(head: number): Read<{ position: string }> {
  return async (after, first) => {
    const all = Array.from({ length: Math.floor(head / 10) }, (_, index) => (index + 1) * 10).filter(at => at > after)
    const events = all.slice(0, first).map(at => ({ position: String(at) }))
    const hasMore = all.length > first
    return { events, hasMore, scannedTo: hasMore ? (events.at(-1)?.position ?? '0') : String(head) }
  }
}

test('the newest come first, and the rest can be gone on to', async () => {
  const first = await newest(log(30_000), 30_000, 40)
  expect(first.events.slice(0, 3).map(event => event.position)).toEqual(['30000', '29990', '29980'])
  const second = await newest(log(30_000), first.before, 40)
  const seam = Number(first.events.at(-1)?.position)
  expect(Number(second.events[0]?.position)).toBe(seam - 10)
})

test('a short log ends', async () => {
  const all = await newest(log(95), 95, 40)
  expect(all.events).toHaveLength(9)
  expect(all.before).toBe(0)
})
