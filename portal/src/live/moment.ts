// A moment of the past, as the address names it after `at`: a time, or a position of the log. Whether it is one, the hub says.
import { createContext, useContext } from 'react'

/** Positions are written without quotes in an address. */
export type At = string | number

export type Moment =
  | { kind: 'time'; at: number }
  | { kind: 'position'; position: string }
  /** the hub has a sentence for it */
  | { kind: 'unknown' }

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/i
const POSITION = /^\d+$/
const LONGEST = 80

export function readAt({ at }: Record<string, unknown>): { at?: At } {
  if (typeof at === 'number') return { at }
  return typeof at === 'string' && at.trim() !== '' ? { at: at.trim().slice(0, LONGEST) } : {}
}

export function momentOf(text: string): Moment {
  if (POSITION.test(text)) return { kind: 'position', position: text }
  const at = TIME.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? { kind: 'unknown' } : { kind: 'time', at }
}

/** As an address has it. */
export function atOf(moment: string): At {
  const { kind } = momentOf(moment)
  return kind === 'position' && Number.isSafeInteger(Number(moment)) ? Number(moment) : moment
}

/** Without the parts of a second that nobody chose. */
export function instantText(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z')
}

const Context = createContext<string | undefined>(undefined)
export const MomentProvider = Context.Provider

/** The moment that is looked at, as the hub takes it; nothing while it is now. */
export function useMoment(): string | undefined {
  return useContext(Context)
}
