// What the vendor does with a release.
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { useMoment } from '../../live/moment'
import { To, usePlaces } from '../../shell/places'
import { Allowed, Button } from '../../ui/button'
import { useMay } from '../session/viewer'
import { BelowIt } from './below'
import { PromoteDialog } from './promote'
import { type Release, ReleasePage } from './release'
import { UpgradePath } from './upgrade-path'

const OpenRollouts = lazy(() => import('../rollout/open-panel'))

export function VendorReleasePage() {
  const moment = useMoment()
  return (
    <ReleasePage
      actions={release => <Actions release={release} />}
      path={release =>
        moment === undefined ? (
          <>
            <UpgradePath release={release} />
            {release.required ? <BelowIt release={release} /> : null}
            <Suspense>
              <OpenRollouts application={release.application.name} />
            </Suspense>
          </>
        ) : null
      }
    />
  )
}

function Actions({ release }: { release: Release }) {
  const places = usePlaces()
  const mayRollOut = useMay('ROLL_OUT')
  const mayPublish = useMay('PUBLISH')
  const [isPromoting, setPromoting] = useState(false)
  const { application, status, version } = release
  const [first] = application.channels
  return (
    <>
      {status === 'PUBLISHED' || status === 'DEPRECATED' ? (
        <Allowed may={mayRollOut} needs="the right to start rollouts">
          <Link
            className="button"
            to={`${places.root}/rollouts/new` as string}
            search={{ app: application.name, version } as never}
          >
            Roll out…
          </Link>
        </Allowed>
      ) : null}
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
    </>
  )
}
