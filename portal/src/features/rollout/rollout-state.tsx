// States of rollouts, waves and targets as the rest of the portal shows states.
import type { RolloutMemberState, RolloutState, RolloutWaveState } from '../../gql/graphql'
import { Fresh } from '../../ui/fresh'
import { State } from '../../ui/state'
import { MEMBERS, STATES, WAVES } from './words'

function Badge({ told: [shape, word, meaning] }: { told: (typeof STATES)[RolloutState] }) {
  return (
    <span title={meaning}>
      <Fresh of={word}>
        <State shape={shape} word={word} />
      </Fresh>
    </span>
  )
}

export const RolloutBadge = ({ state }: { state: RolloutState }) => <Badge told={STATES[state]} />
export const WaveBadge = ({ state }: { state: RolloutWaveState }) => <Badge told={WAVES[state]} />
export const MemberBadge = ({ state }: { state: RolloutMemberState }) => <Badge told={MEMBERS[state]} />
