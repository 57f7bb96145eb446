// A link that leaves the portal. Where it leads is said on hover: its text is others' words.
import type { ReactNode } from 'react'

export function hostOf(to: string): string {
  try {
    const url = new URL(to)
    return url.protocol === 'mailto:' ? url.pathname : url.host
  } catch {
    return to
  }
}

export function Outward({ to, children }: { to: string; children?: ReactNode }) {
  return (
    <a href={to} rel="noopener noreferrer nofollow" target={to.startsWith('mailto:') ? undefined : '_blank'} title={to}>
      {children ?? hostOf(to)}
    </a>
  )
}
