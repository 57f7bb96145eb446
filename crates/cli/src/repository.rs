//! `distr repository`

use anyhow::{Result, anyhow};
use clap::{Args, Subcommand};
use distr_domain::quota::Quota;
use serde_json::Value;

use crate::hub::{Hub, PAGE};
use crate::operation::{Visibility, shown};
use crate::output::Columns;
use crate::session::Session;

shown!(
    "src/repository.graphql": RepositoryList RepositoryShow RepositoryPlan RepositoryMakeImmutable RepositoryMakeMutable
        RepositorySetRetention RepositoryClearRetention RepositorySetVisibility RepositorySetQuota RepositoryClearQuota
        RepositoryAccesses RepositoryTags RepositoryDelete RepositoryDeleteTag RepositoryDeleteManifest
);

const COLUMNS: Columns = &[
    ("NAME", "/name"),
    ("VISIBILITY", "/visibility"),
    ("MANIFESTS", "/manifests"),
    ("BYTES", "/usage/bytes"),
    ("QUOTA", "/usage/quota"),
    ("TAGS", "/count"),
    ("LAST PUSHED", "/lastPushedAt"),
];
const TAGS: Columns = &[("TAG", "/name"), ("DIGEST", "/digest"), ("BYTES", "/size"), ("MOVED", "/movedAt")];
const FIELDS: Columns = &[
    ("NAME", "/name"),
    ("VISIBILITY", "/visibility"),
    ("MANIFESTS", "/manifests"),
    ("BYTES", "/usage/bytes"),
    ("QUOTA", "/usage/quota"),
    ("LAST PUSHED", "/lastPushedAt"),
    ("IMMUTABLE BUT FOR", "/immutableExcept"),
    ("KEEP LAST", "/retention/keepLast"),
    ("KEEP DAYS", "/retention/keepDays"),
    ("KEEP TAGS", "/retention/keepTags"),
    ("UNTAGGED DAYS", "/retention/untaggedDays"),
];
const ACCESSES: Columns = &[
    ("AT", "/at"),
    ("ACTION", "/action"),
    ("SUBJECT", "/subject"),
    ("DIGEST", "/digest"),
    ("ACTOR", "/actor"),
    ("CUSTOMER", "/customer"),
    ("ADDRESS", "/address"),
    ("USER AGENT", "/userAgent"),
    ("RULE", "/rule"),
    ("REFUSAL", "/reason"),
];
const PLAN: Columns = &[("TAGS THAT GO", "/tags"), ("MANIFESTS THAT GO", "/manifests")];

/// A tag stays if one of the rules says so; without any rule about tags all of them stay.
#[derive(Args)]
pub(crate) struct Rules {
    /// Keep as many of the tags as were moved last
    #[arg(long, value_name = "COUNT")]
    keep_last: Option<u32>,
    /// Keep tags that were moved within so many days
    #[arg(long, value_name = "DAYS")]
    keep_days: Option<u32>,
    /// Keep tags of this pattern, such as 1.*; may be repeated
    #[arg(long = "keep", value_name = "PATTERN")]
    keep_tags: Vec<String>,
    /// Let manifests go that no tag and no release leads to, so many days after their push
    #[arg(long, value_name = "DAYS")]
    untagged_days: Option<u32>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List what was pushed to
    List,
    /// Say who may pull from a repository, also before the first push
    SetVisibility { name: String, visibility: Visibility },
    /// Show how a repository is kept
    Show { name: String },
    /// List the tags of a repository, and where they point
    Tags { name: String },
    /// Delete a tag; what it points to stays
    DeleteTag {
        name: String,
        tag: String,
        /// The reason, for those who read the log later
        #[arg(long)]
        reason: Option<String>,
    },
    /// Delete a manifest with every tag that points to it, unless a release or an index names it
    DeleteManifest {
        name: String,
        digest: String,
        /// The reason, for those who read the log later
        #[arg(long)]
        reason: Option<String>,
    },
    /// Delete everything in a repository, unless a release names part of it
    Delete {
        name: String,
        /// The reason, for those who read the log later
        #[arg(long)]
        reason: Option<String>,
    },
    /// Make the repository's tags immutable
    MakeImmutable {
        name: String,
        /// Tags of this pattern may move nevertheless; may be repeated
        #[arg(long, value_name = "PATTERN")]
        except: Vec<String>,
    },
    /// Let the repository's tags move again
    MakeMutable { name: String },
    /// Say what the repository keeps; the rest goes with the next collection
    SetRetention {
        name: String,
        #[command(flatten)]
        rules: Rules,
        /// Show what would go now, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Keep everything again
    ClearRetention { name: String },
    /// Refuse pushes that would make the repository hold more than this
    SetQuota {
        name: String,
        /// Bytes, or such as 500MB, 20GiB
        quota: Quota,
    },
    /// Let the repository hold as much as its organization may
    ClearQuota { name: String },
    /// List who pulled from a repository, pushed to it or was refused, the newest first
    Accesses {
        name: String,
        /// Only of this digest
        #[arg(long)]
        digest: Option<String>,
        /// Only what was asked for by this tag
        #[arg(long, conflicts_with = "digest")]
        tag: Option<String>,
        /// At most so many
        #[arg(long, value_name = "COUNT", default_value_t = 100)]
        limit: usize,
    },
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        match self {
            Self::List => {
                let repositories = list(hub).await?;
                match out.is_json() {
                    true => out.list(repositories, COLUMNS),
                    false => out.list(repositories.into_iter().map(counted).collect(), COLUMNS),
                }
            }
            Self::Tags { name } => {
                let data = hub.ask::<RepositoryTags>(repository_tags::Variables { name: name.clone() }).await?;
                match there(data.repository, &name)?["tags"].take() {
                    Value::Array(tags) => out.list(tags, TAGS),
                    _ => out.list(vec![], TAGS),
                }
            }
            Self::DeleteTag { name, tag, reason } => {
                let sentence = format!("tag {tag} of {name} is deleted");
                let variables = repository_delete_tag::Variables { repository: name, tag, reason };
                out.did(hub.ask::<RepositoryDeleteTag>(variables).await?.tag_delete, "repository", &sentence)
            }
            Self::DeleteManifest { name, digest, reason } => {
                let sentence = format!("manifest {digest} of {name} is deleted");
                let variables = repository_delete_manifest::Variables { repository: name, digest, reason };
                out.did(hub.ask::<RepositoryDeleteManifest>(variables).await?.manifest_delete, "repository", &sentence)
            }
            Self::Delete { name, reason } => {
                let sentence = format!("everything in {name} is deleted");
                let data = hub.ask::<RepositoryDelete>(repository_delete::Variables { name, reason }).await?;
                out.did(data.repository_delete, "repository", &sentence)
            }
            Self::SetVisibility { name, visibility } => {
                let sentence = match visibility {
                    Visibility::Public => format!("everybody may pull from repository \"{name}\""),
                    Visibility::Private => format!("repository \"{name}\" needs a role or a license"),
                };
                let variables = repository_set_visibility::Variables { name, visibility };
                let data = hub.ask::<RepositorySetVisibility>(variables).await?;
                out.did(data.repository_set_visibility, "", &sentence)
            }
            Self::Show { name } => {
                let data = hub.ask::<RepositoryShow>(repository_show::Variables { name: name.clone() }).await?;
                out.show(there(data.repository, &name)?, FIELDS)
            }
            Self::MakeImmutable { name, except } => {
                let sentence = format!("the tags of {name} are immutable");
                let variables = repository_make_immutable::Variables { name, except: Some(except) };
                let data = hub.ask::<RepositoryMakeImmutable>(variables).await?;
                out.did(data.repository_make_immutable, "repository", &sentence)
            }
            Self::MakeMutable { name } => {
                let sentence = format!("the tags of {name} may move");
                let variables = repository_make_mutable::Variables { name };
                let data = hub.ask::<RepositoryMakeMutable>(variables).await?;
                out.did(data.repository_make_mutable, "repository", &sentence)
            }
            Self::SetRetention { name, rules, dry_run: true } => {
                let Rules { keep_last, keep_days, keep_tags, untagged_days } = rules;
                let rules = repository_plan::RetentionInput {
                    keep_last: keep_last.map(i64::from),
                    keep_days: keep_days.map(i64::from),
                    keep_tags: Some(keep_tags),
                    untagged_days: untagged_days.map(i64::from),
                };
                let variables = repository_plan::Variables { name: name.clone(), rules: Some(rules) };
                let data = hub.ask::<RepositoryPlan>(variables).await?;
                out.show(there(data.repository, &name)?["retentionPlan"].take(), PLAN)
            }
            Self::SetRetention { name, rules, dry_run: false } => {
                let sentence = format!("retention of {name} is set");
                let Rules { keep_last, keep_days, keep_tags, untagged_days } = rules;
                let rules = repository_set_retention::RetentionInput {
                    keep_last: keep_last.map(i64::from),
                    keep_days: keep_days.map(i64::from),
                    keep_tags: Some(keep_tags),
                    untagged_days: untagged_days.map(i64::from),
                };
                let variables = repository_set_retention::Variables { name, rules };
                let data = hub.ask::<RepositorySetRetention>(variables).await?;
                out.did(data.repository_set_retention, "repository", &sentence)
            }
            Self::ClearRetention { name } => {
                let sentence = format!("{name} keeps everything");
                let variables = repository_clear_retention::Variables { name };
                let data = hub.ask::<RepositoryClearRetention>(variables).await?;
                out.did(data.repository_clear_retention, "repository", &sentence)
            }
            Self::SetQuota { name, quota } => {
                let sentence = format!("repository \"{name}\" may hold {quota}");
                let variables = repository_set_quota::Variables { name, bytes: quota.bytes() };
                let data = hub.ask::<RepositorySetQuota>(variables).await?;
                out.did(data.repository_set_quota, "repository", &sentence)
            }
            Self::ClearQuota { name } => {
                let sentence = format!("repository \"{name}\" has no quota");
                let data = hub.ask::<RepositoryClearQuota>(repository_clear_quota::Variables { name }).await?;
                out.did(data.repository_clear_quota, "repository", &sentence)
            }
            Self::Accesses { name, digest, tag, limit } => {
                let variables = |after| repository_accesses::Variables {
                    repository: name.clone(),
                    digest: digest.clone(),
                    tag: tag.clone(),
                    first: Some(PAGE.min(i64::try_from(limit).unwrap_or(PAGE).max(1))),
                    after,
                };
                out.list(hub.list_up_to::<RepositoryAccesses>(limit, "/repositoryAccesses", variables).await?, ACCESSES)
            }
        }
    }
}

pub(crate) async fn list(hub: &Hub) -> Result<Vec<Value>> {
    hub.list::<RepositoryList>("/repositories", |after| repository_list::Variables { first: Some(PAGE), after }).await
}

/// A table shows how many tags there are.
fn counted(mut repository: Value) -> Value {
    repository["count"] = repository["tags"].as_array().map_or(0, Vec::len).into();
    repository
}

fn there(repository: Option<Value>, name: &str) -> Result<Value> {
    repository.ok_or_else(|| anyhow!("there is no repository {name:?}, or nothing was pushed to it yet"))
}
