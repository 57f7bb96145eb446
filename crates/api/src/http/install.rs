//! How an agent comes onto a machine: a script, and the binary that it fetches. Neither holds a secret; the one-time token
//! is in the environment of the one who runs the command. The script names the checksum of the binary, so that what is
//! installed is what came over the connection of the script.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use actix_web::http::header::ContentType;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use aws_lc_rs::digest::{SHA256, digest};

use crate::error::ApiError;
use crate::failure::Failure;
use crate::hub::Hub;

pub(super) async fn script(hub: web::Data<Arc<Hub>>) -> Result<HttpResponse, ApiError> {
    let url = hub.settings.public_url.as_str().trim_end_matches('/');
    let checksum = agent().await?.map(|agent| agent.checksum.clone());
    let script = include_str!("install/install-agent.sh")
        .replace("@UNIT@", include_str!("install/distr-agent.service").trim_end())
        .replace("@SHA256@", &checksum.unwrap_or_default())
        .replace("@HUB@", url);
    Ok(HttpResponse::Ok().content_type("text/x-shellscript; charset=utf-8").body(script))
}

/// The agent of this hub's version.
pub(super) async fn binary(_request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let agent = agent().await?.ok_or_else(|| Failure::not_found("agent binary on this hub, beside", "distr-hub"))?;
    Ok(HttpResponse::Ok().content_type(ContentType::octet_stream()).body(agent.bytes.clone()))
}

/// A binary in memory: its readers hold no file, however slow they are.
struct Binary {
    path: PathBuf,
    changed: SystemTime,
    bytes: Bytes,
    checksum: String,
}

async fn agent() -> Result<Option<Arc<Binary>>, ApiError> {
    let path = agent_path()?;
    Ok(web::block(move || current(path)).await.map_err(Failure::fault)?.map_err(Failure::fault)?)
}

/// As it is on the disk now; nothing if there is none. It is read once for each change.
fn current(path: PathBuf) -> std::io::Result<Option<Arc<Binary>>> {
    static KNOWN: Mutex<Option<Arc<Binary>>> = Mutex::new(None);
    let metadata = match std::fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        metadata => metadata?,
    };
    let (size, changed) = (metadata.len(), metadata.modified()?);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.as_ref()
        && (&known.path, known.bytes.len() as u64, known.changed) == (&path, size, changed)
    {
        return Ok(Some(known.clone()));
    }
    let bytes = Bytes::from(std::fs::read(&path)?);
    let checksum = hex::encode(digest(&SHA256, &bytes));
    Ok(Some(known.insert(Arc::new(Binary { path, changed, bytes, checksum })).clone()))
}

/// Where the hub's own binary is, unless it is said otherwise.
fn agent_path() -> Result<PathBuf, ApiError> {
    if let Some(path) = std::env::var_os("DISTR_AGENT_BINARY") {
        return Ok(path.into());
    }
    let hub = std::env::current_exe().map_err(Failure::fault)?;
    Ok(hub.with_file_name("distr-agent"))
}
