//! The explorer of the GraphQL API: GraphiQL, from this program and from nowhere else. The page holds no data and asks its
//! reader for a token, so that it is for everybody; without introspection it is for nobody. It runs in a sandbox, under a
//! policy that lets it load what is here and speak to this hub, and evaluates no text. `explorer/NOTICE` says whose it is.

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::{HttpResponse, web};

use crate::error::ApiError;
use crate::failure::Failure;
use crate::hub::Hub;

/// Styles are also set by the editor's code. The page has no origin, so that the portal's cookie and memory are out of its reach
/// whatever runs in it: it asks with a token that its reader puts in, and `opaque` lets that through.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; \
    sandbox allow-scripts allow-forms allow-modals";

struct File {
    name: &'static str,
    kind: &'static str,
    content: &'static [u8],
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

const FILES: [File; 6] = [
    File { name: "explorer.js", kind: SCRIPT, content: include_bytes!("explorer/explorer.js") },
    File { name: "explorer.css", kind: STYLE, content: include_bytes!("explorer/explorer.css") },
    File { name: "graphiql.min.js", kind: SCRIPT, content: include_bytes!("explorer/graphiql.min.js") },
    File { name: "graphiql.min.css", kind: STYLE, content: include_bytes!("explorer/graphiql.min.css") },
    File { name: "react.min.js", kind: SCRIPT, content: include_bytes!("explorer/react.min.js") },
    File { name: "react-dom.min.js", kind: SCRIPT, content: include_bytes!("explorer/react-dom.min.js") },
];

pub(super) async fn page(hub: web::Data<Arc<Hub>>) -> Result<HttpResponse, ApiError> {
    check_shown(&hub, "/graphql")?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_SECURITY_POLICY, POLICY)).insert_header((CACHE_CONTROL, "no-cache"));
    Ok(response.content_type("text/html; charset=utf-8").body(include_str!("explorer/explorer.html")))
}

pub(super) async fn file(hub: web::Data<Arc<Hub>>, name: web::Path<String>) -> Result<HttpResponse, ApiError> {
    check_shown(&hub, name.as_str())?;
    let file = FILES.iter().find(|file| file.name == name.as_str());
    let file = file.ok_or_else(|| Failure::not_found("file of the explorer", name.as_str()))?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, "public, max-age=3600"));
    Ok(response.content_type(file.kind).body(web::Bytes::from_static(file.content)))
}

fn check_shown(hub: &Hub, name: &str) -> Result<(), ApiError> {
    match hub.settings.introspection {
        true => Ok(()),
        false => Err(Failure::not_found("page", name).into()),
    }
}
