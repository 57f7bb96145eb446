//! The description of the agents' paths, by hand; the tests hold it against the shapes that are really spoken.

use actix_web::HttpResponse;

const OPENAPI: &str = include_str!("openapi.yaml");

pub(super) async fn describe() -> HttpResponse {
    HttpResponse::Ok().content_type("application/yaml; charset=utf-8").body(OPENAPI)
}

#[cfg(test)]
mod tests {
    use distr_domain::agent::{
        AgentError, EnrolRequest, EnrolResponse, HeartbeatRequest, HeartbeatResponse, PullCredentialResponse,
        RotateResponse,
    };
    use serde::{Serialize, de::DeserializeOwned};
    use serde_json::Value;

    use super::OPENAPI;

    fn document() -> Value {
        serde_saphyr::from_str(OPENAPI).expect("the description is YAML")
    }

    /// The example decodes, and nothing of it is lost: no field is described that is not spoken.
    fn check<T: DeserializeOwned + Serialize>(document: &Value, schema: &str) {
        let examples = &document["components"]["schemas"][schema]["examples"];
        for example in examples.as_array().unwrap_or_else(|| panic!("{schema} has no example")) {
            let spoken: T = serde_json::from_value(example.clone()).unwrap_or_else(|error| panic!("{schema}: {error}"));
            assert_eq!(&serde_json::to_value(&spoken).unwrap(), example, "{schema}");
        }
    }

    #[test]
    fn the_examples_are_what_is_spoken() {
        let document = document();
        check::<EnrolRequest>(&document, "EnrolRequest");
        check::<EnrolResponse>(&document, "EnrolResponse");
        check::<RotateResponse>(&document, "RotateResponse");
        check::<PullCredentialResponse>(&document, "PullCredentialResponse");
        check::<HeartbeatRequest>(&document, "HeartbeatRequest");
        check::<HeartbeatResponse>(&document, "HeartbeatResponse");
        check::<AgentError>(&document, "Error");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        for reference in OPENAPI.split("$ref: \"#").skip(1) {
            let (path, _) = reference.split_once('"').expect("a closed string");
            assert!(document.pointer(path).is_some(), "#{path}");
        }
    }
}
