//! An alert that somebody put off. What needs a person follows from how things stand, and is no fact; that it is known, and until when
//! nobody has to look again, is one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider, DomainEvent};
use crate::rejection::Rejection;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum AlertEvent {
    /// Somebody asked not to be told until then.
    AlertPutOff {
        /// what it is about, and which time that it is so: `kind/id/occurrence`
        alert: String,
        until: DateTime<Utc>,
        reason: String,
    },
    /// Somebody looks at it again before that time.
    AlertTakenUp { alert: String },
}
use AlertEvent::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertCommand {
    /// The edge looks whether the alert is there, and whether the time is one to come.
    PutOff {
        alert: String,
        until: DateTime<Utc>,
        reason: String,
    },
    TakeUp {
        alert: String,
    },
}

/// There is none: whoever looks after things says what can wait.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AlertRejection {}

impl Rejection for AlertRejection {
    fn code(&self) -> &'static str {
        match *self {}
    }
}

#[derive(Debug, Default)]
pub struct Alert {
    put_off: Option<(DateTime<Utc>, String)>,
}

impl DomainEvent for AlertEvent {}

impl Decider for Alert {
    const CATEGORY: Category = Category::Alert;
    type Command = AlertCommand;
    type Event = AlertEvent;
    type Rejection = AlertRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        Ok(match (command, &self.put_off) {
            (AlertCommand::PutOff { until, reason, .. }, Some((known, why))) if known == until && why == reason => {
                vec![]
            }
            (AlertCommand::PutOff { alert, until, reason }, _) => {
                vec![AlertPutOff { alert: alert.clone(), until: *until, reason: reason.clone() }]
            }
            (AlertCommand::TakeUp { alert }, Some(_)) => vec![AlertTakenUp { alert: alert.clone() }],
            (AlertCommand::TakeUp { .. }, None) => vec![],
        })
    }

    fn evolve(&mut self, event: &Self::Event) {
        self.put_off = match event {
            AlertPutOff { until, reason, .. } => Some((*until, reason.clone())),
            AlertTakenUp { .. } => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::given::given;

    const ALERT: &str = "target_silent/1/2";

    fn until(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(day * 86_400, 0).unwrap()
    }

    fn put_off(day: i64, reason: &str) -> (AlertCommand, AlertEvent) {
        let (alert, until, reason) = (ALERT.to_owned(), until(day), reason.to_owned());
        let command = AlertCommand::PutOff { alert: alert.clone(), until, reason: reason.clone() };
        (command, AlertPutOff { alert, until, reason })
    }

    #[test]
    fn an_alert_is_put_off_once_and_may_be_put_off_further() {
        let (command, event) = put_off(1, "the machine is moved");
        given::<Alert>([]).when(command.clone()).then([event.clone()]);
        given::<Alert>([event.clone()]).when(command).then_nothing();
        let (later, further) = put_off(2, "the machine is moved");
        given::<Alert>([event]).when(later).then([further]);
    }

    #[test]
    fn an_alert_that_is_put_off_is_taken_up_once() {
        let (_, event) = put_off(1, "the machine is moved");
        let (take, taken) = (AlertCommand::TakeUp { alert: ALERT.into() }, AlertTakenUp { alert: ALERT.into() });
        given::<Alert>([event.clone()]).when(take.clone()).then([taken.clone()]);
        given::<Alert>([event.clone(), taken.clone()]).when(take.clone()).then_nothing();
        given::<Alert>([]).when(take).then_nothing();
        let (command, _) = put_off(1, "the machine is moved");
        given::<Alert>([event.clone(), taken]).when(command).then([event]);
    }
}
