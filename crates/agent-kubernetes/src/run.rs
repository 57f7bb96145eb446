//! `distr-agent-kubernetes run`: waits until this replica is in charge, puts the parts together, and stops them in order.

use std::env;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use async_trait::async_trait;
use distr_agent::clock::SystemClock;
use distr_agent::data_dir::DataDir;
use distr_agent::enrol::{self, TOKEN_VARIABLE};
use distr_agent::fault::Failure;
use distr_agent::host_trust::HostTrust;
use distr_agent::hub::Hub;
use distr_agent::identity::Identity;
use distr_agent::link::{HubLink, LinkFault};
use distr_agent::output::line;
use distr_agent::secret::{CurrentSecret, Secret};
use distr_agent::work::{Work, told_to_stop};
use distr_agent_kubernetes::apply::Timing;
use distr_agent_kubernetes::cluster::Cluster;
use distr_agent_kubernetes::helm::{self, Helm, Limits};
use distr_agent_kubernetes::lease::{Lease, Times};
use distr_agent_kubernetes::pull::PullSecrets;
use distr_agent_kubernetes::pulse::Pulse;
use distr_agent_kubernetes::registry::Registry;
use distr_agent_kubernetes::runtime::Kubernetes;
use distr_agent_kubernetes::seals::Seals;
use distr_agent_kubernetes::sights::Sights;
use distr_agent_kubernetes::state::{self, Secrets};
use distr_agent_kubernetes::surroundings;
use distr_agent_kubernetes::tenure::Tenure;
use distr_domain::agent::{HeartbeatRequest, HeartbeatResponse, PullCredentialResponse, RotateResponse};
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Run, Shared, State};

const A_DEPLOYMENT_FAILED: u8 = 3;
/// The Secret from which the one-time token comes, as the hub's manifests have it.
const ENROLMENT: &str = "distr-agent-enrolment";

pub(crate) async fn run(options: &Run) -> Result<ExitCode> {
    let stop = told_to_stop().context("cannot listen for SIGTERM")?;
    let data = options.shared.place.open()?;
    let _lock = data.lock()?;
    helm::verify(&options.helm, options.helm_sha256.as_deref()).map_err(sentence)?;
    let (cluster, namespace) = (connect(&options.shared).await?, options.shared.namespace.name());
    let version = surroundings::check(&cluster, &namespace).await.map_err(sentence)?;
    tracing::info!(kubernetes = version, helm = helm::VERSION, namespace, "the agent starts");
    let pulse = Pulse::new(data.root());
    in_charge((&cluster, &namespace), pulse, &stop, async |tenure, stop| {
        work(options, data, connect(&options.shared).await?, tenure, stop).await
    })
    .await
}

pub(crate) async fn enrol(hub: &str, options: &Shared) -> Result<ExitCode> {
    let stop = told_to_stop().context("cannot listen for SIGTERM")?;
    let data = options.place.open()?;
    let _lock = data.lock()?;
    let (cluster, namespace) = (connect(options).await?, options.namespace.name());
    surroundings::check(&cluster, &namespace).await.map_err(sentence)?;
    in_charge((&cluster, &namespace), Pulse::new(data.root()), &stop, async |_, _| {
        let data = remembering(options, data, &connect(options).await?).await?;
        if let Some(identity) = Identity::load(&data.identity())? {
            bail!("this agent is enrolled already, as target {} at {}", identity.target, identity.hub);
        }
        HostTrust::pin_files(&data, &options.keys).await?;
        let token = match enrol::token_from_environment() {
            Some(token) => Some(token),
            None => enrol::token_from_input().context("cannot read standard input")?,
        };
        let token = token.with_context(|| format!("no token: set {TOKEN_VARIABLE} or write it to standard input"))?;
        let identity = enrol::enrol(&Hub::try_new(hub, options.transport())?, &token, &data).await?;
        line(format!("enrolled as target {}", identity.target))?;
        Ok(ExitCode::SUCCESS)
    })
    .await
}

/// Does something as the one replica that is in charge, for as long as it is.
async fn in_charge(
    (cluster, namespace): (&Cluster, &str),
    pulse: Pulse,
    stop: &CancellationToken,
    act: impl AsyncFnOnce(Arc<Tenure>, CancellationToken) -> Result<ExitCode>,
) -> Result<ExitCode> {
    let host = env::var("HOSTNAME").unwrap_or_else(|_| "agent".to_owned());
    let lease =
        Lease::new(cluster, namespace, format!("{host}_{}", Uuid::new_v4()), Times::default()).with_pulse(pulse);
    let Some(tenure) = lease.acquire(stop).await else { return Ok(ExitCode::SUCCESS) };
    let (done, inner) = (CancellationToken::new(), stop.child_token());
    let acting = async {
        let mut acting = std::pin::pin!(act(Arc::clone(&tenure), inner.clone()));
        let ended = tokio::select! {
            ended = &mut acting => ended,
            () = tenure.lost().cancelled() => {
                tracing::error!("the Lease is lost: all that is being done is given up");
                inner.cancel();
                let _ = timeout(tenure.left(), &mut acting).await;
                Err(anyhow!("another replica may be in charge now; this one has to begin anew"))
            }
        };
        done.cancel();
        ended
    };
    let (ended, ()) = tokio::join!(acting, lease.keep(&tenure, &done));
    if !tenure.lost().is_cancelled() {
        lease.release().await;
    }
    ended
}

async fn work(
    options: &Run,
    data: DataDir,
    cluster: Cluster,
    tenure: Arc<Tenure>,
    stop: CancellationToken,
) -> Result<ExitCode> {
    let Run { shared, .. } = options;
    let data = remembering(shared, data, &cluster).await?;
    HostTrust::pin_files(&data, &shared.keys).await?;
    let identity = enrol::identity(&data, options.hub.as_deref(), shared.transport()).await?;
    let hub = Hub::try_new(options.hub.as_deref().unwrap_or(&identity.hub), shared.transport())?;
    tracing::info!(target_id = %identity.target, hub = hub.base(), "this is the agent of a target");
    forget_token(&cluster, &shared.namespace.name()).await;
    let secret = CurrentSecret::new(identity.secret);
    let link = || Box::new(Link { hub: hub.clone(), tenure: Arc::clone(&tenure) });
    let home = data.root().join("helm");
    let program = env::current_exe().context("cannot find this program's own file")?;
    let way = way(shared)?;
    let own = shared.namespace.name();
    let account = options.release_account.as_ref().map(|name| format!("system:serviceaccount:{own}:{name}"));
    if account.is_none() {
        tracing::warn!(
            "charts are installed with the agent's own rights: name an account for them with --release-account"
        );
    }
    let acting = Cluster::connect_as(&way, account.as_deref()).await.map_err(sentence)?;
    let program_of_helm = options.helm.clone();
    let seals = Seals::load(&data).context("cannot read by what Helm's revisions are known again")?;
    let helm = Helm {
        program: program_of_helm,
        home,
        cluster: way,
        account,
        tenure: Some(Arc::clone(&tenure)),
        seals: seals.clone(),
        limits: Limits::default(),
        gateway: Arc::default(),
    };
    helm.write_plugin(&program).context("cannot write Helm's own folder")?;
    let (clock, wake) = (Arc::new(SystemClock), Arc::new(Notify::new()));
    let runtime = Kubernetes {
        own: cluster,
        cluster: acting.held_by(Arc::clone(&tenure)).sealed_by(seals),
        helm,
        charts: Arc::new(Registry::try_new(&hub, secret.clone())?),
        pulls: Some(PullSecrets::new(link(), secret.clone(), clock.clone(), data.clone())),
        clock,
        data: data.clone(),
        namespace: shared.namespace.name(),
        key: state::key(&data).await.context("cannot keep the key that Secrets are named by")?,
        pod_security: options.pod_security,
        timing: Timing { soak: Duration::from_secs(options.soak.into()), ..Timing::default() },
        sights: Sights::new(Arc::clone(&wake)),
    };
    let work = Work { runtime: Arc::new(runtime), data, hub: link(), secret, interval: options.interval };
    if !options.once {
        work.for_ever(wake, stop).await?;
        return Ok(ExitCode::SUCCESS);
    }
    match work.once(stop.clone()).await?.has_failed()? {
        _ if stop.is_cancelled() => Ok(ExitCode::FAILURE),
        true => Ok(ExitCode::from(A_DEPLOYMENT_FAILED)),
        false => Ok(ExitCode::SUCCESS),
    }
}

/// The token is spent, and its Secret of no more use to anybody.
async fn forget_token(cluster: &Cluster, namespace: &str) {
    if enrol::token_from_environment().is_none() {
        return;
    }
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": ENROLMENT}});
    if let Err(failure) = cluster.delete(&secret, namespace).await {
        tracing::warn!(reason = failure.text, "Secret {ENROLMENT} is left, whose token is spent");
    }
}

/// The folder with all that is remembered in it.
async fn remembering(options: &Shared, data: DataDir, cluster: &Cluster) -> Result<DataDir> {
    if options.state == State::Files {
        return Ok(data);
    }
    let secrets = Arc::new(Secrets::new(cluster, &options.namespace.name()));
    secrets.restore(&data).await.context("cannot read what the agent remembers")?;
    Ok(data.kept_by(secrets))
}

async fn connect(options: &Shared) -> Result<Cluster> {
    Cluster::connect(&way(options)?).await.map_err(sentence)
}

fn way(options: &Shared) -> Result<helm::Cluster> {
    if let Some(path) = &options.kubeconfig {
        let path = std::path::absolute(path).context("cannot find the kubeconfig")?;
        return Ok(helm::Cluster::Kubeconfig(path));
    }
    match (env::var("KUBERNETES_SERVICE_HOST"), env::var("KUBERNETES_SERVICE_PORT")) {
        (Ok(host), Ok(port)) => Ok(helm::Cluster::Own { host, port }),
        _ => bail!("this is no pod of a cluster; name the cluster's kubeconfig with --kubeconfig"),
    }
}

fn sentence(failure: Failure) -> anyhow::Error {
    anyhow!("{}", failure.text)
}

/// The hub, for as long as this replica is in charge.
struct Link {
    hub: Hub,
    tenure: Arc<Tenure>,
}

impl Link {
    fn held(&self) -> Result<&Hub, LinkFault> {
        self.tenure.check().map(|()| &self.hub).map_err(|failure| LinkFault::Unreachable(failure.text))
    }
}

#[async_trait]
impl HubLink for Link {
    async fn heartbeat(&self, secret: &Secret, request: &HeartbeatRequest) -> Result<HeartbeatResponse, LinkFault> {
        self.held()?.heartbeat(secret, request).await
    }

    async fn rotate(&self, secret: &Secret) -> Result<RotateResponse, LinkFault> {
        self.held()?.rotate(secret).await
    }

    async fn pull_credential(&self, secret: &Secret) -> Result<PullCredentialResponse, LinkFault> {
        self.held()?.pull_credential(secret).await
    }
}
