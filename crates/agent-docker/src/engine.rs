//! The container engine, over its socket: what runs, what it printed, and the few changes that compose does not make.
//! Connects when it is used, so that an agent may start before its engine.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{ContainerSummary, HealthConfig, Network, NetworkDisconnectRequest};
use bollard::query_parameters::{
    ListContainersOptions, ListNetworksOptions, ListVolumesOptions, LogsOptions, RemoveContainerOptions,
    RemoveVolumeOptions,
};
use distr_agent::fault::Failure;
use distr_domain::agent::{ErrorCategory, TargetFacts};
use futures_util::{StreamExt, future};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::containers::Containers;

mod container;

/// For questions; pulls and events have no such limit.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub struct Engine {
    connection: OnceCell<Docker>,
}

impl Engine {
    pub async fn docker(&self) -> Result<&Docker, Failure> {
        let connect = async {
            let docker = Docker::connect_with_defaults()?;
            docker.negotiate_version().await
        };
        let connected = self.connection.get_or_try_init(|| connect).await;
        connected.map_err(|error| trouble("the container engine does not answer", &error))
    }

    /// Its version and that of its API.
    pub async fn version(&self) -> Result<String, Failure> {
        let asked = async {
            let version = self.docker().await?.version().await;
            version.map_err(|error| trouble("cannot ask the container engine for its version", &error))
        };
        let version = within("cannot ask the container engine for its version", asked).await?;
        let part = |part: Option<String>| part.unwrap_or_else(|| "unknown".to_owned());
        Ok(format!("{}, API {}", part(version.version), part(version.api_version)))
    }

    /// The facts of the target, as the engine says them of itself and of this machine.
    pub async fn facts(&self) -> Result<TargetFacts, Failure> {
        let asked = async {
            let version = self.docker().await?.version().await;
            version.map_err(|error| trouble("cannot ask the container engine for its version", &error))
        };
        let said = within("cannot ask the container engine for its version", asked).await?;
        let platform = said.os.zip(said.arch).map(|(os, architecture)| format!("{os}/{architecture}"));
        Ok(TargetFacts { runtime_version: said.version, platforms: platform.into_iter().collect(), nodes: Some(1) })
    }

    /// Where it keeps images, if it says so and is on this machine.
    pub async fn root_folder(&self) -> Option<PathBuf> {
        let asked = async {
            let info = self.docker().await?.info().await;
            info.map_err(|error| trouble("cannot ask the container engine for its folder", &error))
        };
        within("cannot ask the container engine for its folder", asked).await.ok()?.docker_root_dir.map(PathBuf::from)
    }

    /// The containers of all compose projects on this machine.
    pub async fn observe(&self) -> Result<Containers, Failure> {
        let label = HashMap::from([("label".to_owned(), vec!["com.docker.compose.project".to_owned()])]);
        let options = ListContainersOptions { all: true, filters: Some(label), ..Default::default() };
        let look = async {
            let docker = self.docker().await?;
            let list = docker.list_containers(Some(options)).await;
            let list = list.map_err(|error| trouble("cannot list the containers", &error))?;
            let ids = list.into_iter().filter_map(|summary| summary.id);
            future::try_join_all(ids.map(|id| inspect(docker, id))).await
        };
        let found = within("cannot list the containers", look).await?;
        let mut list: Vec<_> = found.into_iter().flatten().collect();
        list.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Containers { list })
    }

    /// What the container printed last, for a reason that a person can use.
    pub async fn last_lines(&self, container: &str) -> String {
        let options = LogsOptions { stdout: true, stderr: true, tail: "20".to_owned(), ..Default::default() };
        let Ok(docker) = self.docker().await else { return String::new() };
        let lines = docker.logs(container, Some(options)).filter_map(|line| future::ready(line.ok()));
        let lines = timeout(PATIENCE, lines.map(|line| line.to_string()).collect::<Vec<_>>()).await;
        lines.unwrap_or_default().concat()
    }

    /// The image's own health check, and whether the image is there at all.
    pub async fn image(&self, image: &str) -> Result<Option<Option<HealthConfig>>, Failure> {
        let docker = self.docker().await?;
        match docker.inspect_image(image).await {
            Ok(found) => Ok(Some(found.config.and_then(|config| config.healthcheck))),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(trouble("cannot inspect an image", &error)),
        }
    }

    pub async fn unpause(&self, container: &str) -> Result<(), Failure> {
        let done = self.docker().await?.unpause_container(container).await;
        done.map_err(|error| trouble("cannot unpause a container", &error))
    }

    pub async fn remove_container(&self, container: &str) -> Result<(), Failure> {
        let options = RemoveContainerOptions { force: true, ..Default::default() };
        match self.docker().await?.remove_container(container, Some(options)).await {
            Err(error) if !is_missing(&error) => Err(trouble("cannot remove a container", &error)),
            _ => Ok(()),
        }
    }

    /// The names of the volumes of a compose project.
    pub async fn volumes(&self, project: &str) -> Result<Vec<String>, Failure> {
        let filters = Some(of_project(project));
        let list = self.docker().await?.list_volumes(Some(ListVolumesOptions { filters })).await;
        let list = list.map_err(|error| trouble("cannot list the volumes", &error))?;
        let mut names: Vec<String> = list.volumes.unwrap_or_default().into_iter().map(|volume| volume.name).collect();
        names.sort();
        Ok(names)
    }

    /// The named volumes of a compose project.
    pub async fn remove_volumes(&self, project: &str) -> Result<(), Failure> {
        self.remove_volumes_named(&self.volumes(project).await?).await
    }

    pub async fn remove_volumes_named(&self, volumes: impl IntoIterator<Item = &String>) -> Result<(), Failure> {
        let docker = self.docker().await?;
        for volume in volumes {
            match docker.remove_volume(volume, None::<RemoveVolumeOptions>).await {
                Err(error) if !is_missing(&error) => return Err(trouble("cannot remove a volume", &error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Volumes without a name of their own that the containers of a compose project have, and no other container has.
    pub async fn anonymous_volumes(&self, project: &str) -> Result<BTreeSet<String>, Failure> {
        let options = ListContainersOptions { all: true, ..Default::default() };
        let list = self.docker().await?.list_containers(Some(options)).await;
        let list = list.map_err(|error| trouble("cannot list the containers", &error))?;
        let is_own = |container: &ContainerSummary| {
            let labels = container.labels.as_ref();
            labels.and_then(|labels| labels.get("com.docker.compose.project")).is_some_and(|of| of == project)
        };
        let (own, others): (Vec<_>, Vec<_>) = list.into_iter().partition(is_own);
        let (own, others) = (volumes(own), volumes(others));
        // as the engine names them
        let is_anonymous = |name: &&String| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        Ok(own.difference(&others).filter(is_anonymous).cloned().collect())
    }

    /// Those of these volumes that are there.
    pub async fn existing(&self, volumes: &BTreeSet<String>) -> Result<Vec<String>, Failure> {
        let docker = self.docker().await?;
        let mut there = vec![];
        for volume in volumes {
            match docker.inspect_volume(volume).await {
                Ok(_) => there.push(volume.clone()),
                Err(error) if is_missing(&error) => {}
                Err(error) => return Err(trouble("cannot look for a volume", &error)),
            }
        }
        Ok(there)
    }

    /// The networks of a compose project.
    pub async fn networks(&self, project: &str) -> Result<Vec<Network>, Failure> {
        let options = ListNetworksOptions { filters: Some(of_project(project)) };
        let list = self.docker().await?.list_networks(Some(options)).await;
        list.map_err(|error| trouble("cannot list the networks", &error))
    }

    pub async fn has_network(&self, name: &str) -> Result<bool, Failure> {
        match self.docker().await?.inspect_network(name, None).await {
            Err(error) if is_missing(&error) => Ok(false),
            found => found.map(|_| true).map_err(|error| trouble("cannot look at a network", &error)),
        }
    }

    pub async fn has_volume(&self, name: &str) -> Result<bool, Failure> {
        match self.docker().await?.inspect_volume(name).await {
            Err(error) if is_missing(&error) => Ok(false),
            found => found.map(|_| true).map_err(|error| trouble("cannot look at a volume", &error)),
        }
    }

    /// Whatever runs on this machine.
    pub async fn running(&self) -> Result<Vec<ContainerSummary>, Failure> {
        let list = self.docker().await?.list_containers(None::<ListContainersOptions>).await;
        list.map_err(|error| trouble("cannot list the containers", &error))
    }

    /// Takes these containers out of the network, as far as they run in it.
    pub async fn disconnect(&self, network: &str, containers: &BTreeSet<String>) -> Result<(), Failure> {
        let docker = self.docker().await?;
        let found = match docker.inspect_network(network, None).await {
            Err(error) if is_missing(&error) => return Ok(()),
            found => found.map_err(|error| trouble("cannot look at a network", &error))?,
        };
        let within = found.containers.unwrap_or_default().into_keys().filter(|id| containers.contains(id));
        for container in within {
            let request = NetworkDisconnectRequest { container, force: Some(true) };
            match docker.disconnect_network(network, request).await {
                Err(error) if !is_missing(&error) => {
                    return Err(trouble("cannot take a container out of a network", &error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub async fn remove_network(&self, name: &str) -> Result<(), Failure> {
        match self.docker().await?.remove_network(name).await {
            Err(error) if !is_missing(&error) => Err(trouble("cannot remove a network", &error)),
            _ => Ok(()),
        }
    }
}

fn volumes(containers: Vec<ContainerSummary>) -> BTreeSet<String> {
    let mounts = containers.into_iter().flat_map(|container| container.mounts.unwrap_or_default());
    mounts.filter(|mount| mount.typ.as_deref() == Some("volume")).filter_map(|mount| mount.name).collect()
}

fn of_project(project: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![format!("com.docker.compose.project={project}")])])
}

/// Nothing if it went away since it was listed.
async fn inspect(docker: &Docker, id: String) -> Result<Option<crate::containers::Container>, Failure> {
    match docker.inspect_container(&id, None).await {
        Ok(found) => Ok(container::read(found)),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(trouble("cannot inspect a container", &error)),
    }
}

async fn within<T>(what: &str, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let late = |_| Failure::passing(ErrorCategory::Runtime, format!("{what}: no answer within {PATIENCE:?}"));
    timeout(PATIENCE, work).await.map_err(late)?
}

fn is_missing(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 404, .. })
}

fn trouble(what: &str, error: &Error) -> Failure {
    Failure::passing(ErrorCategory::Runtime, format!("{what}: {error}"))
}
