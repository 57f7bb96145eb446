//! How an agent comes onto a machine: a script, and the binary that it fetches. Neither holds a secret; the one-time token
//! is in the environment of the one who runs the command.

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::StreamExt;
use tokio::io::AsyncReadExt;

use crate::error::ApiError;
use crate::hub::Hub;

const CHUNK: usize = 256 * 1024;

pub(super) async fn script(hub: web::Data<Arc<Hub>>) -> HttpResponse {
    let url = hub.settings.public_url.as_str().trim_end_matches('/');
    let script = include_str!("install/install-agent.sh").replace("@HUB@", url);
    HttpResponse::Ok().content_type("text/x-shellscript; charset=utf-8").body(script)
}

/// The agent of this hub's version, streamed.
pub(super) async fn binary(_request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let path = agent_path()?;
    let file = match tokio::fs::File::open(&path).await {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(ApiError::not_found("agent binary on this hub, beside", "distr-hub"));
        }
        Err(error) => return Err(ApiError::fault(error)),
    };
    let size = file.metadata().await.map_err(ApiError::fault)?.len();
    let chunks = futures_util::stream::unfold(file, |mut file| async move {
        let mut chunk = web::BytesMut::with_capacity(CHUNK);
        match file.read_buf(&mut chunk).await {
            Ok(0) => None,
            Ok(_) => Some((Ok(chunk.freeze()), file)),
            Err(error) => Some((Err(error), file)),
        }
    });
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")));
    Ok(response.no_chunking(size).streaming(chunks.boxed_local()))
}

/// Where the hub's own binary is, unless it is said otherwise.
fn agent_path() -> Result<PathBuf, ApiError> {
    if let Some(path) = std::env::var_os("DISTR_AGENT_BINARY") {
        return Ok(path.into());
    }
    let hub = std::env::current_exe().map_err(ApiError::fault)?;
    Ok(hub.with_file_name("distr-agent"))
}
