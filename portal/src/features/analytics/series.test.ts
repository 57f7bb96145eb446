import { describe, expect, test } from 'vitest'
import { compareVersions, seriesOf, share } from './series'

describe('versions', () => {
  test('are ordered as semantic versions are', () => {
    const ordered = ['1.0.0-alpha.2', '1.0.0-alpha.10', '1.0.0-beta', '1.0.0', '1.2.0', '1.10.0', '2.0.0']
    expect(ordered.toReversed().sort(compareVersions)).toEqual(ordered)
  })
})

describe('series', () => {
  const day = (versions: Record<string, number>) => ({
    day: '2026-09-01',
    deployments: Object.values(versions).reduce((sum, count) => sum + count, 0),
    versions: Object.entries(versions).map(([version, deployments]) => ({ version, deployments })),
  })
  test('have a value for each day, the newest version first', () => {
    expect(seriesOf([day({ '1.9.0': 3 }), day({ '1.9.0': 1, '1.10.0': 2 })])).toEqual([
      { name: '1.10.0', values: [0, 2] },
      { name: '1.9.0', values: [3, 1] },
    ])
    expect(seriesOf([])).toEqual([])
  })
  test('are six at most, the rest together', () => {
    const seven = day({ '1.0.0': 1, '1.1.0': 2, '1.2.0': 3, '1.3.0': 4, '1.4.0': 5, '1.5.0': 6, '1.6.0': 7 })
    const series = seriesOf([seven])
    expect(series.map(({ name }) => name)).toEqual(['1.6.0', '1.5.0', '1.4.0', '1.3.0', '1.2.0', 'older'])
    expect(series.at(-1)?.values).toEqual([3])
  })
})

test('a share is never rounded to all or to nothing', () => {
  expect([share(0, 7), share(7, 7), share(3, 7), share(1, 1000), share(999, 1000), share(0, 0)]).toEqual([
    '0 %',
    '100 %',
    '43 %',
    '< 1 %',
    '> 99 %',
    '—',
  ])
})
