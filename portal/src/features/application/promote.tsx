// Moving a channel: whoever follows it is offered the other release from then on.
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import type { ReleaseStatus } from '../../gql/graphql'
import { Change, Dialog, DialogFooter } from '../../ui/dialog'
import { Choice } from '../../ui/field'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'

export const PROMOTE = graphql(`
  mutation Promote($application: Name!, $name: Name!, $version: Version!) {
    channelPromote(application: $application, name: $name, version: $version) {
      changed channel { id name current versions }
    }
  }
`)

type Props = {
  application: { name: string; channels: { name: string; current?: string | null | undefined }[] }
  channel: string
  releases: { id: string; version: string; status: ReleaseStatus }[]
  version?: string
  close: () => void
}

export function PromoteDialog({ application, channel, releases, version, close }: Props) {
  const { act, isBusy, error } = useAction(PROMOTE)
  const [name, setName] = useState(channel)
  const now = application.channels.find(one => one.name === name)?.current
  const offered = releases.filter(release => release.status === 'PUBLISHED' && release.version !== now)
  const [chosen, setChosen] = useState(version)
  const wanted = chosen ?? offered[0]?.version ?? ''
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await act({ application: application.name, name, version: wanted })
    if (!answer) return
    toast(answer.channelPromote.changed ? `${name} points to ${wanted}` : 'It was so already')
    close()
  }
  return (
    <Dialog
      open
      onClose={close}
      title={version ? `Promote ${version}` : `Promote to ${name}`}
      description="Nothing is deployed by it: deployments ask for what the channel points to when they are made."
    >
      <form className="form" onSubmit={event => void submit(event)}>
        {version ? (
          <Choice label="Channel" value={name} onChange={event => setName(event.target.value)}>
            {application.channels.map(one => (
              <option key={one.name}>{one.name}</option>
            ))}
          </Choice>
        ) : (
          <Choice label="Release" value={wanted} onChange={event => setChosen(event.target.value)}>
            {offered.length === 0 ? <option value="">No other release is published</option> : null}
            {offered.map(release => (
              <option key={release.id}>{release.version}</option>
            ))}
          </Choice>
        )}
        <Change what={`Where ${name} points`} before={now ?? 'nothing'} after={wanted || 'nothing'} />
        <DialogFooter
          close={close}
          error={error}
          line={commandLine(
            'distr',
            'channel',
            'promote',
            name,
            '--app',
            application.name,
            '--version',
            wanted || '1.0.0',
          )}
          isOff={isBusy || wanted === '' || wanted === now}
        >
          Promote
        </DialogFooter>
      </form>
    </Dialog>
  )
}
