// What of a customer's is below a required release: one thing to do for each application and release, on however many targets.
import { type Floor, floorOf } from '../features/deployment/floor'
import type { Row } from '../features/target/queries'

export type BelowFloor = { application: Row['deployments'][number]['application']; floor: Floor; on: Row[] }

/** What is asked for already needs nobody. */
export function belowOf(targets: Row[]): BelowFloor[] {
  const found = new Map<string, BelowFloor>()
  for (const target of targets) {
    for (const deployment of target.deployments) {
      const floor = floorOf(deployment)
      if (!floor || floor.isAskedFor) continue
      const { application } = deployment
      const key = `${application.id} ${floor.version}`
      const before = found.get(key)
      if (before) before.on.push(target)
      else found.set(key, { application, floor, on: [target] })
    }
  }
  return [...found.values()]
}
