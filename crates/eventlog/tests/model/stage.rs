//! Plays a story on an adapter: each step's requests at once, its trouble in the middle, then the comparison.

use distr_eventlog::{Append, EventLog};
use futures_util::future::join_all;
use proptest::test_runner::TestCaseError;

use crate::Adapter;
use crate::check::{self, Model};
use crate::readers::{Reader, SELECTIONS, Subscriber};
use crate::story::{PROCESSES, Step, Trouble};
use crate::told::{self, Sent, Told, make, send};

/// Appends that may come again.
const REMEMBERED: usize = 12;

pub(crate) async fn perform(adapter: &mut impl Adapter, story: &[Step]) -> Result<(), TestCaseError> {
    let mut model = Model::default();
    model.ids_of_streams = adapter.ids_of_streams();
    let mut before: Vec<Append> = vec![];
    let mut readers = SELECTIONS.map(Reader::new);
    let mut subscribers: Vec<Subscriber> = SELECTIONS
        .iter()
        .zip(0..)
        .map(|(selection, at)| Subscriber::start(adapter.log(at % PROCESSES), *selection))
        .collect();
    for step in story {
        let sent = requests(&model, &before, step);
        let told = act(adapter, step, &sent).await;
        if let Trouble::Crash { process, .. } | Trouble::Restart(process) = step.trouble {
            for (subscriber, _) in subscribers.iter_mut().zip(0..).filter(|(_, at)| at % PROCESSES == process) {
                subscriber.move_to(adapter.log(process)).await;
            }
        }
        let undisturbed = step.trouble == Trouble::None && !step.requests.iter().any(|request| request.abandoned);
        let mut asked: Vec<(Sent, Told)> = sent.iter().cloned().zip(told).collect();
        if !undisturbed {
            asked.extend(last_words(adapter).await);
        }
        settle(&*adapter.log(0), &mut model, &asked, undisturbed).await?;
        before.extend(sent.into_iter().filter_map(|sent| match sent {
            Sent::Append(append) => Some(append),
            Sent::Telemetry(_) => None,
        }));
        before.drain(..before.len().saturating_sub(REMEMBERED));
        for read in &step.reads {
            readers[read.reader].read(&*adapter.log(read.reader % PROCESSES), read.limit).await?;
        }
    }
    for reader in readers {
        reader.finish(&*adapter.log(1 % PROCESSES), &model).await?;
    }
    for subscriber in subscribers {
        subscriber.finish(&model).await?;
    }
    Ok(())
}

/// No two requests of a step are the same: which of them it was could not be told.
fn requests(model: &Model, before: &[Append], step: &Step) -> Vec<Sent> {
    let mut sent: Vec<Sent> = vec![];
    for request in &step.requests {
        let made = make(request, |stream| model.revision(stream), before);
        if !sent.iter().any(|other| other.ids().iter().any(|id| made.ids().contains(id))) {
            sent.push(made);
        }
    }
    sent
}

async fn act(adapter: &mut impl Adapter, step: &Step, sent: &[Sent]) -> Vec<Told> {
    match step.trouble {
        Trouble::CutBefore => adapter.cut(false),
        Trouble::CutAfter => adapter.cut(true),
        _ => {}
    }
    let asked: Vec<_> = sent
        .iter()
        .zip(&step.requests)
        .map(|(sent, request)| send(adapter.log(request.process), sent.clone(), request.abandoned))
        .collect();
    match step.trouble {
        Trouble::Crash { process, after } => {
            // the moment is part of the story
            tokio::time::sleep(after).await;
            adapter.crash(process).await;
        }
        Trouble::Restart(process) => adapter.restart(process).await,
        _ => {}
    }
    let told = join_all(asked).await;
    told.into_iter().map(|told| told.expect("a caller does not panic")).collect()
}

/// What a process still has in hand is done before what it is asked now, and what a dead one has begun holds the others up
/// until it is done or undone. So when each process has answered, nothing of the step is still to come.
async fn last_words(adapter: &impl Adapter) -> Vec<(Sent, Told)> {
    let mut words = vec![];
    for process in 0..PROCESSES {
        let sent = told::record_alone();
        let told = send(adapter.log(process), sent.clone(), false).await.expect("a caller does not panic");
        words.push((sent, told));
    }
    words
}

/// Everything is compared, and what was left unknown is settled by asking again.
async fn settle(
    log: &dyn EventLog,
    model: &mut Model,
    asked: &[(Sent, Told)],
    undisturbed: bool,
) -> Result<(), TestCaseError> {
    let fresh = check::read(log, model.head()).await;
    model.take(&fresh, asked, undisturbed)?;
    for (sent, _) in asked.iter().filter(|(_, told)| matches!(told, Told::Unknown)) {
        let Sent::Append(append) = sent else { continue };
        let told = match log.append(append.clone()).await {
            Ok(appended) => Told::Appended(appended),
            Err(error) => Told::Refused(error),
        };
        let fresh = check::read(log, model.head()).await;
        model.take(&fresh, &[(sent.clone(), told)], true)?;
    }
    Ok(())
}
