// Channels, each with the release that it points to now.
import type { ReactNode } from 'react'

type Pointer = { id: string; name: string; current?: string | null | undefined }

export function ChannelPointers({
  channels,
  action,
}: {
  channels: Pointer[]
  action?: (channel: Pointer) => ReactNode
}) {
  if (channels.length === 0) return <span className="muted">no channels</span>
  return (
    <ul className="pointers" aria-label="Channels">
      {channels.map(channel => (
        <li key={channel.id} className="pointer">
          <span className="muted">{channel.name}</span>
          <span className="version">{channel.current ?? 'nothing yet'}</span>
          {action?.(channel)}
        </li>
      ))}
    </ul>
  )
}
