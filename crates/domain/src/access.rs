//! The record of one use of a right, granted or refused: what a pull or a deployment asked for, who asked, from where, and
//! the rule that answered. It goes to the log as telemetry; the license audit is read from it.

use serde::{Deserialize, Serialize};

use crate::ids::{ApplicationId, CustomerId, LicenseId};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRecord {
    pub action: AccessAction,
    /// `member:<uuid>`, `agent:<uuid>` …
    pub actor: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<ApplicationId>,
    /// the license that granted or refused
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<LicenseId>,
    /// `repository:tag`, `repository@digest` or `application 1.0.0`
    pub subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    pub outcome: AccessOutcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessAction {
    /// of a manifest
    Pull,
    PullBlob,
    /// of a manifest
    Push,
    /// of a blob, from another repository
    Mount,
    /// of a tag, a manifest or a blob
    Delete,
    Deploy,
    /// signs in with a password
    SignIn,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum AccessOutcome {
    Granted {
        /// in words: "license \"hello-2026\"", "role owner"
        rule: String,
    },
    Refused {
        code: String,
        reason: String,
    },
}
