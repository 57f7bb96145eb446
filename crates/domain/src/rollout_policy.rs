//! A rollout policy of an organization, by name. Rollouts keep copies of it.

use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider, DomainEvent};
use crate::names::Slug;
use crate::rollout::policy::{Policy, PolicyRejection};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum RolloutPolicyEvent {
    /// The whole of it.
    RolloutPolicySet { name: Slug, policy: Box<Policy> },
    /// Nobody can plan by it any more; rollouts keep what they were planned by.
    RolloutPolicyRemoved {},
}
use RolloutPolicyEvent::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolloutPolicyCommand {
    Set { name: Slug, policy: Box<Policy> },
    Remove,
}

#[derive(Debug, Default)]
pub struct RolloutPolicy {
    pub policy: Option<Policy>,
}

impl DomainEvent for RolloutPolicyEvent {}

impl Decider for RolloutPolicy {
    const CATEGORY: Category = Category::RolloutPolicy;
    type Command = RolloutPolicyCommand;
    type Event = RolloutPolicyEvent;
    type Rejection = PolicyRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        match command {
            RolloutPolicyCommand::Set { name, policy } => {
                policy.check()?;
                let is_same = self.policy.as_ref() == Some(&**policy);
                Ok(if is_same { vec![] } else { vec![RolloutPolicySet { name: name.clone(), policy: policy.clone() }] })
            }
            RolloutPolicyCommand::Remove if self.policy.is_none() => Err(PolicyRejection::NotFound),
            RolloutPolicyCommand::Remove => Ok(vec![RolloutPolicyRemoved {}]),
        }
    }

    fn evolve(&mut self, event: &Self::Event) {
        self.policy = match event {
            RolloutPolicySet { policy, .. } => Some(Policy::clone(policy)),
            RolloutPolicyRemoved {} => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::given::given;
    use crate::permission::VendorRole;
    use crate::rollout::policy::{Amount, Approval, Gate, Limits, OnHalt, Selector, WavePolicy};

    fn wave(name: &str, select: Selector) -> WavePolicy {
        WavePolicy { name: name.parse().unwrap(), select, soak_minutes: 0, approve: None }
    }

    fn policy(waves: Vec<WavePolicy>) -> Policy {
        Policy {
            waves,
            limits: Limits {
                in_flight: Amount::Percent(5),
                per_customer: None,
                per_label: None,
                starts_per_minute: None,
                egress: None,
            },
            gate: Gate::default(),
            timeout_minutes: 60,
            unhealthy_grace_minutes: 5,
            retries: 0,
            lead_minutes: 5,
            on_halt: OnHalt::Withdraw,
            tail_days: 30,
            approve: None,
            windows: None,
            keep_together: None,
            sticky: false,
            closed: false,
        }
    }

    fn set(policy: Policy) -> RolloutPolicyCommand {
        RolloutPolicyCommand::Set { name: "careful".parse().unwrap(), policy: Box::new(policy) }
    }

    #[track_caller]
    fn refused(policy: Policy, code: &str) {
        use crate::rejection::Rejection;
        let refusal = RolloutPolicy::default().decide(&set(policy)).unwrap_err();
        assert_eq!(refusal.code(), code, "{refusal}");
    }

    #[test]
    fn a_policy_is_set_once_and_removed_once() {
        let good = policy(vec![wave("tenth", Selector::Percent(10)), wave("all", Selector::Rest)]);
        let event = RolloutPolicySet { name: "careful".parse().unwrap(), policy: Box::new(good.clone()) };
        given::<RolloutPolicy>([]).when(set(good.clone())).then([event.clone()]);
        given::<RolloutPolicy>([event.clone()]).when(set(good)).then_nothing();
        given::<RolloutPolicy>([event.clone()]).when(RolloutPolicyCommand::Remove).then([RolloutPolicyRemoved {}]);
        given::<RolloutPolicy>([event, RolloutPolicyRemoved {}])
            .when(RolloutPolicyCommand::Remove)
            .then_rejected(PolicyRejection::NotFound);
    }

    #[test]
    fn waves_reach_further_one_after_the_other() {
        refused(policy(vec![]), "policy.waves");
        refused(policy(vec![wave("a", Selector::Percent(0))]), "policy.percent_range");
        refused(policy(vec![wave("a", Selector::Percent(101))]), "policy.percent_range");
        let falling = vec![wave("a", Selector::Percent(50)), wave("b", Selector::Percent(50))];
        refused(policy(falling), "policy.percent_falls");
        refused(policy(vec![wave("a", Selector::Count(0))]), "policy.percent_falls");
        refused(policy(vec![wave("a", Selector::Rest), wave("b", Selector::Percent(5))]), "policy.rest_not_last");
        refused(policy(vec![wave("a", Selector::Rest), wave("a", Selector::Rest)]), "policy.rest_not_last");
        refused(policy(vec![wave("a", Selector::Percent(5)), wave("a", Selector::Rest)]), "policy.repeated");
        refused(policy(vec![wave("a", Selector::Labels(Default::default()))]), "policy.no_labels");
    }

    #[test]
    fn a_policy_under_which_nothing_starts_or_ends_is_refused() {
        let good = || policy(vec![wave("all", Selector::Rest)]);
        let limits = |limits: Limits| Policy { limits, ..good() };
        refused(limits(Limits { in_flight: Amount::Count(0), ..good().limits }), "policy.no_limit");
        refused(limits(Limits { per_customer: Some(0), ..good().limits }), "policy.no_limit");
        refused(limits(Limits { egress: Some(0), ..good().limits }), "policy.no_limit");
        refused(Policy { timeout_minutes: 0, ..good() }, "policy.zero");
        refused(Policy { tail_days: 400, ..good() }, "policy.too_long");
        let approve = Approval { roles: [VendorRole::Owner].into(), count: 1, within_hours: Some(u32::MAX) };
        refused(Policy { approve: Some(approve), ..good() }, "policy.too_long");
        let labels = (0..40).map(|number| (format!("l{number}").parse().unwrap(), "x".parse().unwrap())).collect();
        refused(policy(vec![wave("a", Selector::Labels(labels))]), "policy.too_many_labels");
        refused(Policy { gate: Gate { min_decided: 0, ..Gate::default() }, ..good() }, "policy.zero");
        refused(
            Policy { gate: Gate { max_failure_percent: 101, ..Gate::default() }, ..good() },
            "policy.percent_range",
        );
    }

    #[test]
    fn what_a_policy_leaves_out_has_defaults() {
        let json = r#"{"waves": [{"name": "all", "select": "rest"}], "limits": {"in_flight": {"percent": 5}}}"#;
        assert_eq!(serde_json::from_str::<Policy>(json).unwrap(), policy(vec![wave("all", Selector::Rest)]));
    }
}
