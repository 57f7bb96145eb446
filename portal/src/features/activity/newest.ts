// The newest events first, of a log that is read forwards: back by windows of positions, each wider than the one before.
export type Window<Event> = { events: Event[]; scannedTo: string; hasMore: boolean }
export type Read<Event> = (after: number, first: number) => Promise<Window<Event>>
export type Newest<Event> = { events: Event[]; before: number }

const FIRST = 250
const PAGE = 500
const WIDEST = 50_000

/** At least `wanted` events at or below `upTo`, newest first, if there are so many; `before` is where to go on, 0 at the end. */
export async function newest<Event extends { position: string }>(
  read: Read<Event>,
  upTo: number,
  wanted: number,
): Promise<Newest<Event>> {
  const found: Event[] = []
  let [end, width] = [upTo, FIRST]
  while (end > 0 && found.length < wanted) {
    const begin = Math.max(0, end - width)
    found.push(...(await window(read, begin, end)).reverse())
    end = begin
    width = Math.min(width * 4, WIDEST)
  }
  return { events: found, before: end }
}

async function window<Event extends { position: string }>(
  read: Read<Event>,
  begin: number,
  end: number,
): Promise<Event[]> {
  const events: Event[] = []
  let at = begin
  while (at < end) {
    const page = await read(at, PAGE)
    events.push(...page.events.filter(event => Number(event.position) <= end))
    const reached = Number(page.scannedTo)
    if (!page.hasMore || reached <= at) break
    at = reached
  }
  return events
}
