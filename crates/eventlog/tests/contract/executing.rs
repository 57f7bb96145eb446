//! `execute` and `load`, on a decider that is as small as can be: a box with room for so many things.

use std::{collections::BTreeSet, sync::Arc};

use distr_domain::{
    decider::{Category, Decider, DomainEvent},
    rejection::Rejection,
};
use distr_eventlog::{Actor, Context, EventLog, ExecuteError, Position, execute, load};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::given::{ORGANIZATION, Order, day, facts};

#[derive(Debug, Default, Clone, PartialEq)]
struct Box {
    open: bool,
    things: BTreeSet<u32>,
}

enum Command {
    Put(Vec<u32>),
    Take(u32),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    BoxOpened,
    ThingPut { thing: u32 },
    ThingTaken { thing: u32 },
}

impl DomainEvent for Event {}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("thing {0} is not in the box")]
struct NotThere(u32);

impl Rejection for NotThere {
    fn code(&self) -> &'static str {
        "box.not_there"
    }
}

impl Decider for Box {
    const CATEGORY: Category = Category::Artifact;
    type Command = Command;
    type Event = Event;
    type Rejection = NotThere;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, NotThere> {
        match command {
            Command::Put(things) => {
                let new = things.iter().filter(|thing| !self.things.contains(*thing));
                let put = new.map(|&thing| Event::ThingPut { thing });
                Ok((!self.open).then_some(Event::BoxOpened).into_iter().chain(put).collect())
            }
            Command::Take(thing) if self.things.contains(thing) => Ok(vec![Event::ThingTaken { thing: *thing }]),
            Command::Take(thing) => Err(NotThere(*thing)),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::BoxOpened => self.open = true,
            Event::ThingPut { thing } => drop(self.things.insert(*thing)),
            Event::ThingTaken { thing } => drop(self.things.remove(thing)),
        }
    }
}

fn context() -> Context {
    Context {
        organization: ORGANIZATION,
        actor: Actor::Policy("test".into()),
        causation: Some(Uuid::new_v4()),
        correlation: Uuid::new_v4(),
        command: Uuid::new_v4(),
        at: day(0),
    }
}

async fn head(log: &dyn EventLog) -> Position {
    log.head().await.unwrap()
}

fn things(state: &Box) -> Vec<u32> {
    state.things.iter().copied().collect()
}

pub(crate) async fn a_command_is_decided_on_the_stream_and_appended(log: Arc<dyn EventLog>) {
    let (id, context) = (Uuid::new_v4(), context());
    let first = execute::<Box>(&*log, id, &Command::Put(vec![1, 2]), &context).await.unwrap();
    assert_eq!(first.events, [Event::BoxOpened, Event::ThingPut { thing: 1 }, Event::ThingPut { thing: 2 }]);
    assert_eq!((first.revision, first.position, things(&first.state)), (Some(2), Some(head(&*log).await), vec![1, 2]));
    let second = execute::<Box>(&*log, id, &Command::Take(1), &self::context()).await.unwrap();
    assert_eq!((second.revision, second.position, things(&second.state)), (Some(3), Some(head(&*log).await), vec![2]));

    let (state, revision) = load::<Box>(&*log, id).await.unwrap();
    assert_eq!((&state, revision), (&second.state, Some(3)));
    let recorded = facts(&*log).await;
    assert_eq!(recorded[1].event_type, "ThingPut");
    assert_eq!(&recorded[1].payload[..], br#"{"thing":1}"#);
    assert_eq!(recorded[0].payload.len(), 0);
    for event in &recorded[..3] {
        assert_eq!((event.organization, &event.actor), (ORGANIZATION, &context.actor));
        assert_eq!((event.causation, event.correlation), (context.causation, context.correlation));
    }
}

pub(crate) async fn a_rejected_command_appends_nothing(log: Arc<dyn EventLog>) {
    let id = Uuid::new_v4();
    match execute::<Box>(&*log, id, &Command::Take(7), &context()).await {
        Err(ExecuteError::Rejected(rejection)) => assert_eq!(rejection, NotThere(7)),
        other => panic!("{other:?}"),
    }
    assert_eq!(load::<Box>(&*log, id).await.unwrap(), (Box::default(), None));
    assert_eq!(log.head().await.unwrap(), Position::START);
}

pub(crate) async fn a_command_that_changes_nothing_appends_nothing(log: Arc<dyn EventLog>) {
    let id = Uuid::new_v4();
    execute::<Box>(&*log, id, &Command::Put(vec![1]), &context()).await.unwrap();
    let again = execute::<Box>(&*log, id, &Command::Put(vec![1]), &context()).await.unwrap();
    assert_eq!((again.revision, again.position, again.events.len()), (Some(1), None, 0));
    assert_eq!(Order::of(&*log).await.count(), 2);
}

pub(crate) async fn a_repeated_command_is_answered_with_its_first_outcome(log: Arc<dyn EventLog>) {
    let (id, put, take) = (Uuid::new_v4(), context(), context());
    let first = execute::<Box>(&*log, id, &Command::Put(vec![1]), &put).await.unwrap();
    let taken = execute::<Box>(&*log, id, &Command::Take(1), &take).await.unwrap();
    // decided now, the first would put a second time and the other be rejected
    let again = execute::<Box>(&*log, id, &Command::Put(vec![1]), &put).await.unwrap();
    assert_eq!((&again.events, again.position), (&first.events, first.position));
    assert_eq!((again.revision, things(&again.state)), (Some(2), vec![]), "the state of now");
    let again = execute::<Box>(&*log, id, &Command::Take(1), &take).await.unwrap();
    assert_eq!((&again.events, again.position), (&taken.events, taken.position));
    assert_eq!(Order::of(&*log).await.count(), 3);
    // on another stream it is another command
    execute::<Box>(&*log, Uuid::new_v4(), &Command::Put(vec![1]), &put).await.unwrap();
    assert_eq!(Order::of(&*log).await.count(), 5);
}

pub(crate) async fn commands_at_once_are_decided_one_after_another(log: Arc<dyn EventLog>) {
    let id = Uuid::new_v4();
    let commands = (0..16).map(|thing| {
        let log = Arc::clone(&log);
        tokio::spawn(async move { execute::<Box>(&*log, id, &Command::Put(vec![thing]), &context()).await.unwrap() })
    });
    let executed = join_all(commands).await;
    let opened = executed.iter().filter(|one| one.as_ref().unwrap().events[0] == Event::BoxOpened).count();
    assert_eq!(opened, 1, "only one found it closed");
    let (state, revision) = load::<Box>(&*log, id).await.unwrap();
    assert_eq!((things(&state), revision), ((0..16).collect(), Some(16)));
}

pub(crate) async fn the_same_command_at_once_has_one_effect(log: Arc<dyn EventLog>) {
    let (id, context) = (Uuid::new_v4(), context());
    let commands = (0..16).map(|_| {
        let (log, context) = (Arc::clone(&log), context.clone());
        tokio::spawn(async move { execute::<Box>(&*log, id, &Command::Put(vec![1, 2]), &context).await.unwrap() })
    });
    let (executed, order) = (join_all(commands).await, Order::of(&*log).await);
    for executed in executed {
        let executed = executed.unwrap();
        assert_eq!((executed.events.len(), executed.position), (3, Some(order.at(3))));
    }
    assert_eq!(order.count(), 3);
}

pub(crate) async fn a_long_stream_is_loaded_whole(log: Arc<dyn EventLog>) {
    let id = Uuid::new_v4();
    execute::<Box>(&*log, id, &Command::Put((0..1499).collect()), &context()).await.unwrap();
    let (state, revision) = load::<Box>(&*log, id).await.unwrap();
    assert_eq!((state.things.len(), revision), (1499, Some(1499)));
    let last = execute::<Box>(&*log, id, &Command::Take(1498), &context()).await.unwrap();
    assert_eq!(last.revision, Some(1500));
}
