// Times as fields have them: of a zone that they do not name.
import { instantText } from '../../live/moment'
import type { Zone } from '../../ui/zone'

const pad = (number: number, digits = 2) => String(number).padStart(digits, '0')

/** As a field `datetime-local` takes it, to the second. */
export function localText(at: number, zone: Zone): string {
  if (zone === 'utc') return new Date(at).toISOString().slice(0, 19)
  const date = new Date(at)
  const day = [pad(date.getFullYear(), 4), pad(date.getMonth() + 1), pad(date.getDate())].join('-')
  return `${day}T${[date.getHours(), date.getMinutes(), date.getSeconds()].map(part => pad(part)).join(':')}`
}

/** As the hub takes it; nothing while the field is not filled in. */
export function momentOfLocal(text: string, zone: Zone): string | undefined {
  const at = Date.parse(zone === 'utc' ? `${text}Z` : text)
  return Number.isNaN(at) ? undefined : instantText(at)
}
