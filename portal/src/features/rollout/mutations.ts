// What people do to a rollout. Each answer has the same name, so that one dialog serves several.
import { graphql } from '../../gql'

export const PAUSE = graphql(`
  mutation RolloutPause($application: Name!, $name: Name!, $reason: String!) {
    done: rolloutPause(application: $application, name: $name, reason: $reason) { changed rollout { ...RolloutDetail } }
  }
`)

export const HALT = graphql(`
  mutation RolloutHalt($application: Name!, $name: Name!, $reason: String!) {
    done: rolloutHalt(application: $application, name: $name, reason: $reason) { changed rollout { ...RolloutDetail } }
  }
`)

export const RESUME = graphql(`
  mutation RolloutResume($application: Name!, $name: Name!, $reason: String!) {
    done: rolloutResume(application: $application, name: $name, reason: $reason) { changed rollout { ...RolloutDetail } }
  }
`)

export const ABORT = graphql(`
  mutation RolloutAbort($application: Name!, $name: Name!, $reason: String!) {
    done: rolloutAbort(application: $application, name: $name, reason: $reason) { changed rollout { ...RolloutDetail } }
  }
`)

export const SKIP_WAVE = graphql(`
  mutation RolloutSkipWave($application: Name!, $name: Name!, $wave: Int!, $reason: String!) {
    done: rolloutSkipWave(application: $application, name: $name, wave: $wave, reason: $reason) {
      changed rollout { ...RolloutDetail }
    }
  }
`)

export const ROLL_BACK = graphql(`
  mutation RolloutRollBack($application: Name!, $name: Name!, $reason: String!) {
    rolloutRollBack(application: $application, name: $name, reason: $reason) {
      changed warnings rollout { ...RolloutDetail }
    }
  }
`)

export const ADJUST = graphql(`
  mutation RolloutAdjust($application: Name!, $name: Name!, $limits: RolloutLimitsInput!) {
    rolloutAdjust(application: $application, name: $name, limits: $limits) { changed rollout { ...RolloutDetail } }
  }
`)

export const APPROVE = graphql(`
  mutation RolloutApprove($application: Name!, $name: Name!, $stage: Int!, $plan: PlanDigest!) {
    rolloutApprove(application: $application, name: $name, stage: $stage, plan: $plan) {
      changed rollout { ...RolloutDetail }
    }
  }
`)

export const REFUSE = graphql(`
  mutation RolloutRefuse($application: Name!, $name: Name!, $stage: Int!, $reason: String!) {
    done: rolloutRefuse(application: $application, name: $name, stage: $stage, reason: $reason) {
      changed rollout { ...RolloutDetail }
    }
  }
`)

export const START = graphql(`
  mutation RolloutStart(
    $application: Name!, $version: Version!, $name: Name, $policyName: Name!, $scope: RolloutScopeInput,
    $plan: PlanDigest, $notBefore: DateTime
  ) {
    rolloutStart(
      application: $application, version: $version, name: $name, policyName: $policyName, scope: $scope, plan: $plan,
      notBefore: $notBefore
    ) {
      changed warnings rollout { ...RolloutDetail }
    }
  }
`)
