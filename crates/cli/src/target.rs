//! `distr target`

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::as_of::AsOf;
use crate::customer;
use crate::hub::PAGE;
use crate::label::{self, Labels};
use crate::operation::{read, shown};
use crate::output::{Columns, Output, line, remark, text};
use crate::session::Session;

shown!(
    "src/target.graphql":
    TargetRegister TargetOfferEnrolment TargetRetire TargetList TargetShow TargetSetLabels TargetSetNamespaces
);
read!("src/target.graphql": TargetLabels TargetRoles);

const COLUMNS: Columns = &[
    ("CUSTOMER", "/customer"),
    ("NAME", "/name"),
    ("STATE", "/state"),
    ("RUNTIME", "/runtime"),
    ("AGENT", "/agentVersion"),
    ("LAST HEARTBEAT", "/lastHeartbeatAt"),
    ("ENROLLED", "/enrolledAt"),
];
const FIELDS: Columns = &[
    ("name", "/name"),
    ("customer", "/customer"),
    ("state", "/state"),
    ("runtime", "/runtime"),
    ("namespaces", "/namespaces"),
    ("last heartbeat", "/lastHeartbeatAt"),
    ("agent version", "/agentVersion"),
    ("runtime version", "/facts/runtimeVersion"),
    ("platforms", "/facts/platforms"),
    ("machines", "/facts/nodes"),
    ("deployments", "/deployments"),
    ("labels of the vendor", "/labels"),
    ("of the customer", "/customerLabels"),
    ("enrolled", "/enrolledAt"),
    ("enrolment until", "/enrolmentExpiresAt"),
    ("retired", "/retiredAt"),
    ("id", "/id"),
];

/// Which target.
#[derive(Args)]
pub(crate) struct Of {
    /// The target's name
    name: String,
    /// The customer's name; not needed by the customer's own members
    #[arg(long, value_name = "NAME")]
    customer: Option<String>,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum Runtime {
    #[default]
    Docker,
    Kubernetes,
}

impl From<Runtime> for target_register::Runtime {
    fn from(runtime: Runtime) -> Self {
        match runtime {
            Runtime::Docker => Self::DOCKER,
            Runtime::Kubernetes => Self::KUBERNETES,
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Register a target and offer the enrolment of its agent
    Create {
        #[command(flatten)]
        of: Of,
        /// What runs software there
        #[arg(long, value_enum, default_value_t)]
        runtime: Runtime,
        /// A namespace of the cluster in which releases may be installed, the one for whoever names none first; may be given several
        /// times
        #[arg(long = "namespace", value_name = "NAME", required_if_eq("runtime", "kubernetes"))]
        namespaces: Vec<String>,
    },
    /// List the targets, without the retired
    List {
        /// Of this customer only
        #[arg(long, value_name = "NAME")]
        customer: Option<String>,
        #[command(flatten)]
        as_of: AsOf,
    },
    /// Show one target
    Show {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        as_of: AsOf,
    },
    /// Offer a new enrolment: a one-time token; using it replaces the agent
    Enrol {
        #[command(flatten)]
        of: Of,
    },
    /// Set the namespaces of a cluster in which releases may be installed; what runs in one that is left out stays there
    Namespaces {
        #[command(flatten)]
        of: Of,
        /// A namespace, the one for whoever names none first; may be given several times
        #[arg(long = "namespace", value_name = "NAME", required = true)]
        namespaces: Vec<String>,
    },
    /// Print the Roles that the agent of a cluster needs, as YAML for kubectl apply -f -
    Roles {
        #[command(flatten)]
        of: Of,
    },
    /// Change the labels that your side gives it; the other side has labels of its own
    Label {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        labels: label::Change,
    },
    /// Lock its agent out for ever; what runs there goes on running
    Retire {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        reason: String,
    },
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        match self {
            Self::Create { of: Of { name, customer }, runtime, namespaces } => {
                let sentence = format!("created target \"{name}\"");
                let runtime = runtime.into();
                let variables = target_register::Variables { customer, name, runtime, namespaces };
                let data = hub.ask::<TargetRegister>(variables).await?;
                offered(out, data.target_register, &sentence)
            }
            Self::List { customer, as_of: AsOf { as_of } } => {
                let variables = |after| target_list::Variables {
                    customer: customer.clone(),
                    first: Some(PAGE),
                    after,
                    as_of: as_of.clone(),
                };
                let targets = hub.list::<TargetList>("/targets", variables).await?;
                customer::check_named(hub, customer.as_deref(), &targets).await?;
                out.list(targets, COLUMNS)
            }
            Self::Show { of: Of { name, customer }, as_of: AsOf { as_of } } => {
                let data = hub.ask::<TargetShow>(target_show::Variables { customer, name, as_of }).await?;
                out.show(data.target, FIELDS)
            }
            Self::Enrol { of: Of { name, customer } } => {
                let sentence = format!("offered the enrolment of target \"{name}\"");
                let data =
                    hub.ask::<TargetOfferEnrolment>(target_offer_enrolment::Variables { customer, name }).await?;
                offered(out, data.target_offer_enrolment, &sentence)
            }
            Self::Namespaces { of: Of { name, customer }, namespaces } => {
                let sentence = format!("set the namespaces of target \"{name}\"");
                let variables = target_set_namespaces::Variables { customer, name, namespaces };
                out.did(hub.ask::<TargetSetNamespaces>(variables).await?.target_set_namespaces, "target", &sentence)
            }
            Self::Roles { of: Of { name, customer } } => {
                let asked = target_roles::Variables { customer, name: name.clone() };
                let roles = hub.ask::<TargetRoles>(asked).await?.target.roles;
                let roles = roles.with_context(|| format!("target \"{name}\" is a Docker host, which has no Roles"))?;
                match out.is_json() {
                    true => line(&json!({ "roles": roles }).to_string()),
                    false => line(roles.trim_end()),
                }
            }
            Self::Label { of: Of { name, customer }, labels: change } => {
                let asked = target_labels::Variables { customer: customer.clone(), name: name.clone() };
                let now = hub.ask::<TargetLabels>(asked).await?;
                let mut labels: Labels = match now.viewer.customer {
                    None => now.target.labels.into_iter().map(|of| (of.key, of.value)).collect(),
                    Some(_) => now.target.customer_labels.into_iter().map(|of| (of.key, of.value)).collect(),
                };
                change.apply(&mut labels);
                let labels = labels.into_iter().map(|(key, value)| target_set_labels::LabelInput { key, value });
                let sentence = format!("labelled target \"{name}\"");
                let variables = target_set_labels::Variables { customer, name, labels: labels.collect() };
                out.did(hub.ask::<TargetSetLabels>(variables).await?.target_set_labels, "target", &sentence)
            }
            Self::Retire { of: Of { name, customer }, reason } => {
                let sentence = format!("retired target \"{name}\"");
                let data = hub.ask::<TargetRetire>(target_retire::Variables { customer, name, reason }).await?;
                out.did(data.target_retire, "target", &sentence)
            }
        }
    }
}

/// The token is shown this once: in JSON as `enrolment.token`, with `--quiet` alone.
fn offered(out: &Output, mut payload: Value, sentence: &str) -> Result<()> {
    let enrolment = payload["enrolment"].take();
    if out.is_json() {
        payload["target"]["enrolment"] = enrolment;
        return out.did(payload, "target", sentence);
    }
    let Some(token) = enrolment["token"].as_str() else {
        out.did(payload, "target", sentence)?;
        remark("for a new enrolment token: distr target enrol");
        return Ok(());
    };
    if out.quiet {
        return line(token);
    }
    out.did(payload, "target", sentence)?;
    out.show(
        json!({"token": token, "until": enrolment["expiresAt"]}),
        &[("token", "/token"), ("valid until", "/until")],
    )?;
    remark("the token is shown this once; install the agent with:");
    // nothing stands before its lines, so that it can be copied as it is
    line(&text(&enrolment["command"]))
}
