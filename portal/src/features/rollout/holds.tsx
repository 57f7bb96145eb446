// Why a rollout or a target waits: the hub's sentences, the strongest first.
import { Time } from '../../ui/time'
import type { Hold } from './queries'

export function Holds({ holds, label = 'Why it waits' }: { holds: readonly Hold[]; label?: string }) {
  return (
    <ul className="holds" aria-label={label}>
      {holds.map(({ code, text, until }) => (
        <li key={`${code} ${text}`}>
          {text} <code className="muted">{code}</code>
          {until ? (
            <span className="muted">
              {' '}
              · ends <Time at={until} />
            </span>
          ) : null}
        </li>
      ))}
    </ul>
  )
}
