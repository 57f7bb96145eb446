// Going back to an older release than the one that runs: somebody has to say why.
import { TextArea } from '../../ui/field'
import { compareVersions } from '../analytics/series'

export function isDowngrade(running: string | null | undefined, version: string | null | undefined): boolean {
  return Boolean(running && version) && compareVersions(version ?? '', running ?? '') < 0
}

/** What the mutation is told: nothing where it is no downgrade. */
export function downgradeArguments(isBack: boolean, reason: string) {
  return isBack ? { allowDowngrade: true, reason: reason.trim() } : { allowDowngrade: false, reason: null }
}

/** The same for the command line. */
export function downgradeFlags(isBack: boolean, reason: string): string[] {
  return isBack ? ['--allow-downgrade', '--reason', reason.trim()] : []
}

export function DowngradeReason({ reason, put }: { reason: string; put: (reason: string) => void }) {
  return (
    <TextArea
      label="Why it goes back"
      hint="This is older than what runs. The reason stays in the log."
      rows={2}
      maxLength={500}
      required
      value={reason}
      onChange={event => put(event.target.value)}
    />
  )
}
