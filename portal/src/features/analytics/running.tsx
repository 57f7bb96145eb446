// Which versions run now: one bar, and the same as a table. What nobody knows and what is silent are told apart.
import type { AnalyticsQuery } from '../../gql/graphql'
import { Definition } from '../../ui/definition'
import { Panel } from '../../ui/page'
import { Table } from '../../ui/table'
import { share } from './series'

type RunningNow = AnalyticsQuery['analytics']['running']
type Part = { key: string; name: string; shade: string; kind: '' | 'is-silent' | 'is-unknown'; deployments: number }
const LAST_SHADE = 5

/** Of each version those that are heard, then those that are silent; last what nobody knows. */
function partsOf({ versions, unknown }: RunningNow): Part[] {
  const parts = versions.flatMap(({ version, deployments, silent }, place): Part[] => {
    const shade = `shade-${Math.min(place, LAST_SHADE)}`
    return [
      { key: version, name: version, shade, kind: '', deployments: deployments - silent },
      { key: `${version} silent`, name: `${version}, silent`, shade, kind: 'is-silent', deployments: silent },
    ]
  })
  const rest: Part = { key: 'unknown', name: 'unknown', shade: '', kind: 'is-unknown', deployments: unknown }
  return [...parts, rest].filter(({ deployments }) => deployments > 0)
}

export function Running({ of }: { of: RunningNow }) {
  const parts = partsOf(of)
  const { deployments: all } = of
  const words = parts.map(({ name, deployments }) => `${name}: ${deployments} of ${all}`).join('; ')
  return (
    <Panel
      title="Versions that run now"
      aside={
        <Definition of="versions that run now">
          Counted are deployments: the application on a target that is not retired, if it was not removed. The
          denominator is all of them, {all.toLocaleString()}. Silent: the target has missed heartbeats, and its last
          known version counts. Unknown: no agent has said yet what runs.
        </Definition>
      }
    >
      {all === 0 ? (
        <p className="muted">The application is on no target.</p>
      ) : (
        <>
          <div className="shares" role="img" aria-label={words}>
            {parts.map(({ key, name, shade, kind, deployments }) => (
              <span
                key={key}
                className={`${shade} ${kind}`}
                style={{ flexGrow: deployments }}
                title={`${name}: ${deployments.toLocaleString()} of ${all.toLocaleString()}`}
              />
            ))}
          </div>
          <Table
            label="Versions that run now"
            className="is-small"
            keyOf={part => part.key}
            rows={parts}
            columns={[
              {
                name: 'Version',
                cell: ({ name, shade, kind }) => (
                  <span className="version">
                    <span className={`swatch ${shade} ${kind}`} />
                    {name}
                  </span>
                ),
              },
              { name: 'Deployments', isNumber: true, cell: ({ deployments }) => deployments.toLocaleString() },
              {
                name: `Of ${all.toLocaleString()}`,
                isNumber: true,
                cell: ({ deployments }) => share(deployments, all),
              },
            ]}
          />
        </>
      )}
    </Panel>
  )
}
