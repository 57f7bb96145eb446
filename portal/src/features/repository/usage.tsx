import { bytesWords } from '../../ui/bytes'

/** How much is there, and of how much if that is limited. */
export function Usage({ bytes, quota, what }: { bytes: number; quota: number | null | undefined; what: string }) {
  if (typeof quota !== 'number') {
    return (
      <span>
        {bytesWords(bytes)} <span className="muted">no limit</span>
      </span>
    )
  }
  const isFull = bytes >= quota
  return (
    <span className={isFull ? 'seats is-full' : 'seats'}>
      <meter min={0} max={quota} value={bytes} aria-label={`Bytes of ${what}`} />
      {bytesWords(bytes)} of {bytesWords(quota)}
      {isFull ? ', full' : ''}
    </span>
  )
}
