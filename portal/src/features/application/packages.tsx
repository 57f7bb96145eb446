// What a release is made of: a compose file, a chart, or both.
import { Copy } from '../../ui/copy'
import { Fact, Facts, Panel } from '../../ui/page'
import type { Release } from './release'

type Package = NonNullable<Release['packages']>[number]
type Compose = Extract<Package, { __typename: 'ComposePackage' }>
type Chart = Extract<Package, { __typename: 'HelmPackage' }>

export function PackagePanel({ one }: { one: Package }) {
  return one.__typename === 'ComposePackage' ? <ComposePanel compose={one} /> : <ChartPanel chart={one} />
}

function ComposePanel({ compose: { file, files } }: { compose: Compose }) {
  return (
    <Panel title="Compose file" aside={<Copy text={file} what="the compose file" />}>
      <pre className="code" tabIndex={0}>
        <code>{file}</code>
      </pre>
      {files.length > 0 ? (
        <ul className="lines">
          {files.map(one => (
            <li key={one.path}>
              <code>{one.path}</code>{' '}
              <span className="muted">
                {one.bytes.toLocaleString()} bytes{one.executable ? ', executable' : ''}
              </span>
            </li>
          ))}
        </ul>
      ) : null}
    </Panel>
  )
}

function ChartPanel({ chart }: { chart: Chart }) {
  return (
    <Panel title="Helm chart">
      <Facts>
        <Fact name="Chart">
          {chart.name} {chart.version}
        </Fact>
        <Fact name="Kubernetes">{chart.kubeVersion ?? 'any version'}</Fact>
        <Fact name="Has to be healthy within">{chart.minutes} minutes</Fact>
        <Fact name="Goes back by itself">{chart.rollbackAllowed ? 'yes, if it fails' : 'no: a person decides'}</Fact>
        <Fact name="Rendered">
          in {chart.cases} {chart.cases === 1 ? 'way' : 'ways'} by {chart.tool}
        </Fact>
      </Facts>
      <h3>Variables</h3>
      {chart.variables.length === 0 ? <p className="muted">It takes none.</p> : null}
      <ul className="lines">
        {chart.variables.map(({ name, path, kind, isSecret }) => (
          <li key={name}>
            <code>{name}</code>{' '}
            <span className="muted">
              {isSecret ? 'kept in a Secret, named' : kind.toLowerCase()} at {path}
            </span>
          </li>
        ))}
      </ul>
      <h3>Objects</h3>
      <p>{chart.kinds.map(({ kind }) => kind).join(', ')}</p>
    </Panel>
  )
}
