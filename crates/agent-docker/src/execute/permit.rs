//! Asks the host before anything is done for the hub: does its policy allow what the release needs, and does somebody here
//! have to agree. What is not permitted is held, not failed: the same generation goes on when the host says so.

use std::path::{Path, PathBuf};

use distr_agent::consent::{self, Answer};
use distr_agent::fault::Failure;
use distr_domain::agent::{AskedBy, DataRemoval, ErrorCategory, Instruction};
use distr_domain::image::names_this_machine;
use serde_json::Value;

use crate::execute::Executor;
use crate::folder::Folder;
use crate::policy::{
    Consent, CustomerRequests, DataConsent, DeploymentFolders, Host, Need, Policy, Subject, Written, needs,
};
use crate::record::Task;

/// Characters of a refusal that fit into a report, with room for its end.
const LONGEST_TEXT: usize = 1_700;

/// The demand of the policy before a request is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Demand {
    Nothing,
    Consent,
    /// nobody can agree to it
    Denial,
}

/// The policy, if it lets the request begin.
pub(super) fn begin(executor: &Executor, task: &Task) -> Result<Policy, Failure> {
    let keep = |trouble: &Failure| consent::note_reason(&task.data, task.wanted.deployment, &trouble.text);
    permitted(executor, task).inspect_err(keep)
}

fn permitted(executor: &Executor, task: &Task) -> Result<Policy, Failure> {
    let policy = executor.policy.read();
    let policy = policy.map_err(|fault| held(format!("nothing new is applied or removed on this host: {fault}")))?;
    let removes_data = matches!(task.wanted.instruction, Instruction::Remove { data: DataRemoval::Remove });
    match demand(&policy, task.wanted.asked_by, removes_data) {
        Demand::Nothing if !goes_back(task) => {}
        Demand::Nothing | Demand::Consent => {
            consented(task, if removes_data { "its removal with all data" } else { "it" })?
        }
        Demand::Denial => {
            return Err(held(
                "this host's policy lets no vendor remove data (data-removal: never); \
                 ask for a removal that keeps the data, or let the customer ask for it and agree to it on this host"
                    .to_owned(),
            ));
        }
    }
    Ok(policy)
}

/// Whether the hub asks for what it asked for before something newer. It never does that by itself, whatever the policy says.
fn goes_back(task: &Task) -> bool {
    task.wanted.generation < task.record.newest()
}

/// The hub alone says who asked, so that it counts only if the host's owner says so. A vendor that calls itself the customer
/// gains no more than a question to the owner.
fn demand(policy: &Policy, asked_by: AskedBy, removes_data: bool) -> Demand {
    let by_customer = asked_by == AskedBy::Customer;
    if by_customer && policy.customer_requests == CustomerRequests::Automatic {
        return Demand::Nothing;
    }
    match policy.data_removal {
        DataConsent::Never if removes_data && !by_customer => Demand::Denial,
        DataConsent::Never | DataConsent::Ask if removes_data => Demand::Consent,
        _ if policy.deployments == Consent::Ask => Demand::Consent,
        _ => Demand::Nothing,
    }
}

fn consented(task: &Task, what: &str) -> Result<(), Failure> {
    let (deployment, generation) = (task.wanted.deployment, task.wanted.generation);
    let given = consent::load(&task.data, deployment)
        .map_err(|error| held(format!("the consent that was given on this host cannot be read: {error}")))?;
    match given.filter(|given| given.covers(&task.wanted)).map(|given| given.answer) {
        Some(Answer::Given) => Ok(()),
        Some(Answer::Refused) => Err(held(format!("generation {generation} was refused on this host"))),
        None => Err(held(format!(
            "waits for consent on this host: {}whoever owns it agrees to {what} with \
             \"distr-agent consent give {deployment} --generation {generation}\"{}",
            surprise(task),
            doubt(task.wanted.asked_by)
        ))),
    }
}

/// The doubt about a generation that is not the newest.
fn surprise(task: &Task) -> String {
    match goes_back(task) {
        true => format!(
            "the hub asks for generation {} after it had asked for {}, so it was restored from a backup, or repeats what is \
             over; ",
            task.wanted.generation,
            task.record.newest()
        ),
        false => String::new(),
    }
}

/// The end of a sentence for members of the customer, who may wonder why they are asked.
fn doubt(asked_by: AskedBy) -> &'static str {
    match asked_by {
        AskedBy::Vendor => "",
        AskedBy::Customer => {
            "; that a member of the customer asked for it is the hub's word, which this host does not rely on \
             (customer-requests: as-vendor)"
        }
    }
}

/// Fails with all that the policy does not allow, at once; `earlier` is what it refused before compose resolved the file.
pub(super) fn check(
    executor: &Executor,
    task: &Task,
    policy: &Policy,
    (model, written, host): (&Value, &Written, &Host),
    earlier: Vec<Need>,
) -> Result<(), Failure> {
    let registry = registry(executor, task);
    let subject = Subject { project: &task.record.handle.project, model, written, host, registry };
    let mut refused = earlier;
    refused.extend(policy.refused(task.wanted.application.as_str(), needs(&subject)));
    let (path, deployment) = (&executor.policy.path, task.wanted.deployment);
    if refused.is_empty() {
        consent::forget_reason(&task.data, deployment);
        return Ok(());
    }
    consent::note_reason(&task.data, deployment, &whole(&refused, path));
    Err(held(text(&refused, path)))
}

/// The registry that needs no line: the hub's. One on this machine is somebody else's, unless the hub is here, too, whatever a hub
/// elsewhere says.
fn registry<'a>(executor: &Executor, task: &'a Task) -> &'a str {
    match names_this_machine(&executor.hub) || !names_this_machine(&task.registry) {
        true => &task.registry,
        false => "",
    }
}

/// The refusals, whole, each with the line that allows it.
fn whole(refused: &[Need], path: &Path) -> String {
    let lines: String = refused.iter().map(|need| need.sentence_above_line(path) + "\n").collect();
    format!("the policy does not allow what the release needs:\n{lines}")
}

/// The refusals as far as a report holds them; the host keeps the whole.
fn text(refused: &[Need], path: &Path) -> String {
    let mut text = format!("this host's policy does not allow what the release needs ({}):", path.display());
    for (index, need) in refused.iter().enumerate() {
        let next = format!("\n{}", need.sentence_with_line());
        if text.chars().count() + next.chars().count() > LONGEST_TEXT {
            text.push_str(&format!(
                "\nand {} more; \"distr-agent consent list\" on the host shows all",
                refused.len() - index
            ));
            break;
        }
        text.push_str(&next);
    }
    text
}

fn held(text: String) -> Failure {
    Failure::passing(ErrorCategory::Policy, text)
}

impl Executor {
    /// The host's sockets and the agent's own files, which have power here.
    fn host(&self) -> Host {
        Host::new([self.data.root().to_owned(), PathBuf::clone(&self.policy.path)])
    }

    /// The same, with what the wanted generation may see of the agent's folders.
    pub(super) fn host_of(&self, task: &Task, folder: &Folder) -> Host {
        self.host().with(DeploymentFolders { home: self.home(task).path().to_owned(), files: folder.files() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hubs_word_that_the_customer_asked_counts_only_if_the_policy_says_so() {
        use AskedBy::{Customer, Vendor};
        let of = |text: &str, asked_by, removes_data| demand(&Policy::parse(text).unwrap(), asked_by, removes_data);
        for (text, deploys, removes_data) in [
            ("", [Demand::Nothing, Demand::Nothing], [Demand::Consent, Demand::Consent]),
            ("deployments: ask", [Demand::Consent, Demand::Consent], [Demand::Consent, Demand::Consent]),
            ("data-removal: never", [Demand::Nothing, Demand::Nothing], [Demand::Denial, Demand::Consent]),
            ("data-removal: automatic", [Demand::Nothing, Demand::Nothing], [Demand::Nothing, Demand::Nothing]),
            (
                "{deployments: ask, data-removal: automatic}",
                [Demand::Consent, Demand::Consent],
                [Demand::Consent, Demand::Consent],
            ),
            (
                "{deployments: ask, data-removal: never, customer-requests: automatic}",
                [Demand::Consent, Demand::Nothing],
                [Demand::Denial, Demand::Nothing],
            ),
        ] {
            assert_eq!([Vendor, Customer].map(|by| of(text, by, false)), deploys, "{text}");
            assert_eq!([Vendor, Customer].map(|by| of(text, by, true)), removes_data, "{text}");
        }
    }
}
