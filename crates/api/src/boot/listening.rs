//! The addresses that the hub serves.

use actix_web::dev::{Server, ServerHandle};
use anyhow::Context;

use crate::config::HttpConfig;
use crate::http::{self, Served, scrape::Scraped};

/// The server, and the handle of the one for /metrics, if there is to be one. An address that is taken is an error here.
pub(super) fn listen(
    config: &HttpConfig,
    served: Served,
    scraped: Scraped,
) -> anyhow::Result<(Option<ServerHandle>, Server)> {
    let server = http::serve(config, served)
        .with_context(|| format!("cannot listen on {}; is another hub running there?", config.listen))?;
    Ok((serve_metrics(config, scraped)?, server))
}

fn serve_metrics(config: &HttpConfig, scraped: Scraped) -> anyhow::Result<Option<ServerHandle>> {
    let Some(listen) = config.metrics_listen else {
        return Ok(None);
    };
    let server = http::scrape::serve(listen, scraped)
        .with_context(|| format!("cannot listen on {listen}, which is DISTR_METRICS_LISTEN; choose another port"))?;
    let handle = server.handle();
    tokio::spawn(server);
    Ok(Some(handle))
}
