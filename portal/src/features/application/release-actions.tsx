// What the vendor does with a release.
import { useState } from 'react'
import { To, usePlaces } from '../../shell/places'
import { Allowed, Button } from '../../ui/button'
import { useMay } from '../session/viewer'
import { PromoteDialog } from './promote'
import { type Release, ReleasePage } from './release'

export function VendorReleasePage() {
  return <ReleasePage actions={release => <Actions release={release} />} />
}

function Actions({ release }: { release: Release }) {
  const places = usePlaces()
  const mayPublish = useMay('PUBLISH')
  const [isPromoting, setPromoting] = useState(false)
  const { application, status, version } = release
  const [first] = application.channels
  return (
    <Allowed may={mayPublish} needs="the right to publish">
      {status === 'DRAFT' ? (
        <To className="button is-primary" place={`${places.application?.(application.name)}/publish`}>
          Publish…
        </To>
      ) : (
        <Button kind="primary" onClick={() => setPromoting(true)} disabled={status !== 'PUBLISHED' || !first}>
          Promote…
        </Button>
      )}
      {isPromoting && first ? (
        <PromoteDialog
          application={application}
          channel={first.name}
          releases={[release]}
          version={version}
          close={() => setPromoting(false)}
        />
      ) : null}
    </Allowed>
  )
}
