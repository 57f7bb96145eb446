//! What each argument of the schema names. One that is not here fails the walk: it could be a way to another's things.

/// What an argument's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// something that may be another's: the walk puts another's in its place, and what is not there at all
    Thing(Thing),
    /// the asker's own to choose: a literal
    Own(&'static str),
    /// left out
    Nothing,
}
use Names::{Nothing, Own};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Thing {
    Organization,
    Email,
    Customer,
    Application,
    Version,
    Channel,
    Repository,
    Tag,
    Digest,
    License,
    Target,
    Secret,
    Member,
    Token,
    Alert,
    Rollout,
    RolloutPolicy,
    Cursor,
}

/// `field` is of a root type, or `Type.field` of another.
pub(super) fn names(field: &str, argument: &str) -> Option<Names> {
    use Thing::*;
    let thing = match (field, argument) {
        ("sessionCreate" | "sessionStart" | "portal", "organization") => Organization,
        ("sessionCreate" | "sessionStart", "email") => Email,
        ("release" | "releaseSign" | "releaseDeprecate" | "releaseRevoke" | "deploymentSetRelease", "version") => {
            Version
        }
        (
            "releaseRequire"
            | "releaseUnrequire"
            | "releaseMarkNoReturn"
            | "releaseBlockUpgrade"
            | "releaseUnblockUpgrade",
            "version",
        ) => Version,
        ("channelPromote" | "channelDemote", "version") => Version,
        ("rolloutPlan" | "rolloutStart", "version") => Version,
        (
            "rollout" | "rolloutApprove" | "rolloutRefuse" | "rolloutPause" | "rolloutHalt" | "rolloutResume"
            | "rolloutAdjust" | "rolloutSkipWave" | "rolloutAbort" | "rolloutRollBack",
            "name",
        ) => Rollout,
        ("rolloutPolicy" | "rolloutPolicyRemove", "name") | (_, "policyName") => RolloutPolicy,
        ("deploymentSetRelease", "channel") => return Some(Nothing),
        // what was is within the same scope, which `as_of` looks at
        (_, "asOf") => return Some(Nothing),
        ("entitlement", "reference") => Tag,
        ("customers" | "applications" | "Application.releases", "search") => return Some(Own("\"a\"")),
        ("Repository.tags", "only") => return Some(Nothing),
        ("targets", "sort") => return Some(Own("HEARD")),
        ("targets", "order") => return Some(Own("DESCENDING")),
        // one's own, also before the first push
        (
            "repositoryMakeImmutable"
            | "repositoryMakeMutable"
            | "repositorySetRetention"
            | "repositoryClearRetention"
            | "repositorySetQuota"
            | "repositoryClearQuota",
            "name",
        ) => return Some(Own("\"walked\"")),
        (_, "customer") => Customer,
        (_, "application") => Application,
        (_, "channel") => Channel,
        (_, "target") => Target,
        (_, "repository") => Repository,
        (_, "tag") => Tag,
        (_, "digest") => Digest,
        ("customer" | "customerRename", "name") => Customer,
        (
            "application"
            | "applicationDescribe"
            | "applicationCatalogue"
            | "applicationSetIcon"
            | "applicationSetSigningPolicy"
            | "applicationSetFeatureTags",
            "name",
        ) => Application,
        ("channel" | "channelPromote" | "channelDemote", "name") => Channel,
        ("repository" | "repositoryDelete", "name") => Repository,
        ("license" | "licenseAmend" | "licenseSuspend" | "licenseResume" | "licenseRevoke", "name") => License,
        (
            "target"
            | "targetChanged"
            | "targetOfferEnrolment"
            | "targetRetire"
            | "targetSetLabels"
            | "targetSetNamespaces",
            "name",
        ) => Target,
        ("secretRemove", "name") => Secret,
        (
            "member"
            | "memberChangeRole"
            | "memberRemove"
            | "memberInviteAgain"
            | "memberResetPassword"
            | "memberEndSessions",
            "id",
        )
        | ("tokenIssue", "member") => Member,
        ("tokenRevoke" | "tokenRotate", "id") => Token,
        ("alertPutOff" | "alertTakeUp", "id") => Alert,
        ("events" | "eventAppended", "after") => return Some(Own("\"0\"")),
        // the first entry is another's for all but the first vendor
        ("eventProof" | "why", "position") => return Some(Own("\"1\"")),
        ("attachments", "after") => Digest,
        (_, "after") => Cursor,
        _ => return own(field, argument),
    };
    Some(Names::Thing(thing))
}

fn own(field: &str, argument: &str) -> Option<Names> {
    Some(Own(match (field, argument) {
        (_, "first") => "5",
        ("analytics" | "licenseUse", "days") => "7",
        ("rolloutPlan" | "rolloutStart", "name") => "\"walked\"",
        // one or the other
        ("rolloutPlan", "policy") => return Some(Nothing),
        ("rolloutPlan" | "rolloutStart", "scope") => "{ labels: [{ key: \"tier\", value: \"gold\" }] }",
        ("rolloutStart", "plan" | "notBefore") => return Some(Nothing),
        ("rolloutPolicySet", "name") => "\"walked\"",
        ("rolloutPolicySet", "policy") => "{ waves: [{ name: \"all\", rest: true }], limits: { inFlight: 1 } }",
        ("rollouts", "open") => return Some(Nothing),
        ("Rollout.members", "wave" | "state" | "hold") => return Some(Nothing),
        ("rolloutApprove" | "rolloutRefuse", "stage") => "0",
        ("rolloutApprove", "plan") => "\"00000000-0000-0000-0000-000000000000\"",
        ("rolloutAdjust", "limits") => "{ inFlight: 1 }",
        ("rolloutSkipWave", "wave") => "1",
        ("alerts", "putOff") => "true",
        ("alertPutOff", "until") => "\"2030-01-01T00:00:00Z\"",
        ("licenseAudit" | "License.audit", "newestFirst") => "true",
        ("targets" | "targetCounts", "filter") => {
            "{ states: [OK, FAILED, UNKNOWN], search: \"a\", labels: [{ key: \"tier\" }] }"
        }
        ("accents" | "brandingSet", "accent" | "accentDark") => "\"#0b7a75\"",
        ("brandingSet", "homeText") | ("applicationCatalogue", "category") => "\"a text\"",
        ("brandingSet" | "applicationCatalogue", "support" | "homepage" | "documentation") => "\"https://a.example\"",
        ("applicationCatalogue" | "targetSetLabels", "labels") => "[{ key: \"tier\", value: \"gold\" }]",
        ("brandingSetImage", "image") => "LOGO",
        ("brandingSetImage" | "applicationSetIcon", "data") => return Some(Nothing),
        ("events", "from" | "to") | ("tokenIssue" | "tokenRotate", "expiresAt") => return Some(Nothing),
        ("events" | "eventAppended", "log") => return Some(Nothing),
        ("events" | "eventAppended", "telemetry") => "[ACCESS, HEARTBEAT]",
        ("tokenRotate", "overlapMinutes") => "1",
        ("memberInvite", "email") => "\"somebody@example.net\"",
        (
            "sessionCreate" | "sessionStart" | "sessionStartByCode" | "invitationAccept" | "passwordReset",
            "password",
        ) => "\"not the right one\"",
        ("memberInvite" | "robotAdd", "role") => "CUSTOMER_VIEWER",
        ("memberChangeRole", "role") => "CUSTOMER_VIEWER",
        ("sessionStartByCode" | "invitationAccept" | "passwordReset", "code") => "\"dsi_nobodys\"",
        ("sessionStartByCode" | "invitationAccept", "name") => "\"walked\"",
        ("passwordChange", "current" | "new") => "\"not the right one\"",
        // one's own alone, and none with a token
        ("sessionEnd", "id") => return Some(Nothing),
        ("tokenIssue", "label") => "\"walk\"",
        ("tokenIssue", "scopes") => "[READ]",
        // an upper bound, never a grant
        ("tokenIssue", "repositories") => "[\"*\"]",
        // one's own, also before the first push
        ("repositorySetVisibility", "name") => "\"walked\"",
        ("repositorySetVisibility", "visibility") => "PRIVATE",
        ("repositoryMakeImmutable", "except") => "[]",
        ("repositorySetRetention", "rules") => "{}",
        ("repositorySetQuota", "bytes") => "1000000000",
        ("Repository.retentionPlan", "rules") => return Some(Nothing),
        ("applicationSetSigningPolicy", "keys") | ("applicationSetFeatureTags", "features") => "[]",
        ("applicationSetSigningPolicy", "requires") => "IMAGES",
        ("releaseSign", "envelope") => "\"{}\"",
        ("releaseDraft" | "releasePublish", "version") => "\"7.7.7\"",
        ("releaseDraft" | "releasePublish", "packages") => {
            "[{ compose: { file: \"services: { a: { image: 'busybox@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' } }\" } }]"
        }
        ("releaseDeprecate", "on") => "\"2030-01-01\"",
        ("releaseBlockUpgrade" | "releaseUnblockUpgrade", "from") => "\"1.0.x\"",
        // a reason belongs to a downgrade alone
        ("deploymentSetRelease", "allowDowngrade" | "reason") | ("historyKeyReplace", _) => return Some(Nothing),
        ("licenseIssue" | "licenseAmend", "terms") => "{}",
        ("deploymentSetRelease", "config") => "[]",
        // of clusters, and this is a Docker host
        ("deploymentSetRelease", "values" | "namespace") => return Some(Nothing),
        ("targetRegister", "runtime") => "DOCKER",
        ("targetRegister", "namespaces") => "[]",
        ("targetSetNamespaces", "namespaces") => "[\"shop\"]",
        ("deploymentRemove", "data") => "KEEP",
        ("secretSet", "value") => "\"a value\"",
        (_, "displayName" | "description" | "notes" | "reason") => "\"a text\"",
        // names of what is made
        (
            "customerCreate" | "applicationCreate" | "channelCreate" | "licenseIssue" | "targetRegister" | "robotAdd"
            | "secretSet",
            "name",
        ) => "\"walked\"",
        _ => return None,
    }))
}
