//! Events of every type from their stored bytes, by both readers: the projections' and the deciders'. An input is shaped like
//! the golden files, which are its seeds.

use distr_domain::alert::Alert;
use distr_domain::application::Application;
use distr_domain::artifact::manifest::StoredManifest;
use distr_domain::artifact::settings::RepositorySettings;
use distr_domain::artifact::tag::TagPointer;
use distr_domain::channel::Channel;
use distr_domain::customer::Customer;
use distr_domain::decider::{Category, Decider};
use distr_domain::deployment::Deployment;
use distr_domain::fact::Fact;
use distr_domain::license::License;
use distr_domain::member::Member;
use distr_domain::organization::Organization;
use distr_domain::release::Release;
use distr_domain::rollout::Rollout;
use distr_domain::rollout_policy::RolloutPolicy;
use distr_domain::seat::Seat;
use distr_domain::stored::{SCHEMA_VERSION, StoredEvent, encode};
use distr_domain::target::Target;
use distr_domain::token::Token;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Stored<'a> {
    category: String,
    #[serde(rename = "type")]
    event_type: String,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

pub fn events(bytes: &[u8]) {
    let Ok(stored) = serde_json::from_slice::<Stored<'_>>(bytes) else { return };
    let Some(category) = Category::parse(&stored.category) else { return };
    let data = stored.data.map_or("", RawValue::get).as_bytes();
    let of = |event_type, data| StoredEvent { event_type, schema_version: SCHEMA_VERSION, data };
    let fact = Fact::decode(category, of(&stored.event_type, data)).ok();
    match category {
        Category::Organization => folded::<Organization>(&stored.event_type, data, fact),
        Category::Member => folded::<Member>(&stored.event_type, data, fact),
        Category::Token => folded::<Token>(&stored.event_type, data, fact),
        Category::Customer => folded::<Customer>(&stored.event_type, data, fact),
        Category::Application => folded::<Application>(&stored.event_type, data, fact),
        Category::Release => folded::<Release>(&stored.event_type, data, fact),
        Category::Channel => folded::<Channel>(&stored.event_type, data, fact),
        Category::License => folded::<License>(&stored.event_type, data, fact),
        Category::Seat => folded::<Seat>(&stored.event_type, data, fact),
        Category::Alert => folded::<Alert>(&stored.event_type, data, fact),
        Category::Target => folded::<Target>(&stored.event_type, data, fact),
        Category::Deployment => folded::<Deployment>(&stored.event_type, data, fact),
        Category::Rollout => folded::<Rollout>(&stored.event_type, data, fact),
        Category::RolloutPolicy => folded::<RolloutPolicy>(&stored.event_type, data, fact),
        Category::Artifact => {
            folded::<RepositorySettings>(&stored.event_type, data, fact.clone());
            folded::<StoredManifest>(&stored.event_type, data, fact.clone());
            folded::<TagPointer>(&stored.event_type, data, fact);
        }
    }
}

/// All events together and those of one decider read it or neither does, what was read is written and read again as the same,
/// and no state minds it.
fn folded<D: Decider>(event_type: &str, data: &[u8], fact: Option<Fact>) {
    let event = StoredEvent { event_type, schema_version: SCHEMA_VERSION, data }.decode::<D::Event>().ok();
    assert_eq!(event.is_some(), fact.is_some(), "{fact:?}");
    let (Some(event), Some(fact)) = (event, fact) else { return };
    let (written_type, written) = encode(&event).expect("an event has a type and data");
    assert_eq!(written_type, event_type);
    let again = StoredEvent { event_type: &written_type, schema_version: SCHEMA_VERSION, data: &written };
    let again = Fact::decode(D::CATEGORY, again).expect("what was written can be read");
    assert_eq!(again, fact);
    let mut state = D::default();
    state.evolve(&event);
    state.evolve(&event);
}
