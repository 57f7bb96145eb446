//! The rows: each operation, an example of it, and who is let in. O owner, P publisher, S support, A auditor, C customer's
//! admin, V customer's viewer; `*` is everybody.

pub(super) struct Operation {
    pub(super) kind: &'static str,
    pub(super) name: &'static str,
    pub(super) document: &'static str,
    pub(super) roles: &'static str,
    /// open to whoever is signed in: no permission, and so no scope, is asked for
    pub(super) permission_free: bool,
}

const fn row(kind: &'static str, name: &'static str, roles: &'static str, document: &'static str) -> Operation {
    Operation { kind, name, document, roles, permission_free: false }
}

const fn free(kind: &'static str, name: &'static str, roles: &'static str, document: &'static str) -> Operation {
    Operation { kind, name, document, roles, permission_free: true }
}

const ALL: &str = "OPSACV";
const DELETE_MANIFEST: &str = concat!(
    "manifestDelete(repository: \"none\", digest: \"sha256:",
    "0000000000000000000000000000000000000000000000000000000000000000\") { changed }"
);

pub(super) const OPERATIONS: &[Operation] = &[
    free("query", "organization", ALL, "organization { id }"),
    free("query", "hub", ALL, "hub { version }"),
    row("query", "portal", "*", "portal(organization: \"none\") { isOwnHost }"),
    free("query", "accents", ALL, "accents(accent: \"#ffff00\") { light { text } }"),
    free("query", "viewer", ALL, "viewer { role }"),
    free("query", "roles", ALL, "roles { role }"),
    row("query", "member", "OPSAC", "member(id: \"00000000-0000-0000-0000-000000000000\") { id }"),
    row("query", "members", "OPSAC", "members { nodes { id } }"),
    row("query", "customer", ALL, "customer(name: \"globex\") { id }"),
    row("query", "customers", ALL, "customers { nodes { id } }"),
    row("query", "application", ALL, "application(name: \"none\") { id }"),
    row("query", "applications", ALL, "applications { nodes { id } }"),
    row("query", "release", ALL, "release(application: \"none\", version: \"1.0.0\") { id }"),
    row("query", "channel", ALL, "channel(application: \"none\", name: \"stable\") { id }"),
    row("query", "repository", ALL, "repository(name: \"none\") { name }"),
    row(
        "query",
        "attachments",
        ALL,
        concat!(
            "attachments(repository: \"none\", digest: \"sha256:",
            "0000000000000000000000000000000000000000000000000000000000000000\") { digest }"
        ),
    ),
    row("query", "repositories", ALL, "repositories { nodes { name } }"),
    row("query", "repositoryAccesses", "OA", "repositoryAccesses(repository: \"none\") { nodes { at } }"),
    row("query", "license", ALL, "license(customer: \"globex\", name: \"none\") { id }"),
    row("query", "licenses", ALL, "licenses { nodes { id } }"),
    row("query", "licenseAudit", ALL, "licenseAudit { nodes { kind } }"),
    row("query", "target", ALL, "target(customer: \"globex\", name: \"none\") { id }"),
    row("query", "targets", ALL, "targets { nodes { id } }"),
    row("query", "targetCounts", ALL, "targetCounts { total }"),
    row("query", "deployment", ALL, "deployment(customer: \"globex\", target: \"none\", application: \"none\") { id }"),
    row("query", "deployments", ALL, "deployments { nodes { id } }"),
    row("query", "analytics", ALL, "analytics(application: \"none\") { running { unknown } }"),
    row("query", "licenseUse", ALL, "licenseUse { day }"),
    row("query", "secrets", ALL, "secrets(customer: \"globex\")"),
    row("query", "events", "OA", "events { scannedTo }"),
    row("query", "head", "OA", "head"),
    row("mutation", "organizationRename", "O", "organizationRename(displayName: \"Acme\") { changed }"),
    row("mutation", "brandingSet", "O", "brandingSet(accent: \"#0b7a75\") { changed }"),
    row("mutation", "brandingSetImage", "O", "brandingSetImage(image: LOGO) { changed }"),
    row(
        "mutation",
        "sessionCreate",
        "*",
        "sessionCreate(organization: \"none\", email: \"e\", password: \"p\") { token }",
    ),
    row(
        "mutation",
        "sessionStart",
        "*",
        "sessionStart(organization: \"none\", email: \"e\", password: \"p\") { expiresAt }",
    ),
    row(
        "mutation",
        "sessionStartByCode",
        "*",
        "sessionStartByCode(code: \"c\", password: \"p\", name: \"n\") { expiresAt }",
    ),
    free("mutation", "sessionEnd", ALL, "sessionEnd { changed }"),
    // a token may do none of these, whatever its role; `members` tests who may in a session
    row(
        "mutation",
        "memberInvite",
        "",
        "memberInvite(email: \"nobody\", role: CUSTOMER_VIEWER, customer: \"globex\") { changed }",
    ),
    row(
        "mutation",
        "memberInviteAgain",
        "",
        "memberInviteAgain(id: \"00000000-0000-0000-0000-000000000000\") { changed }",
    ),
    row(
        "mutation",
        "memberResetPassword",
        "",
        "memberResetPassword(id: \"00000000-0000-0000-0000-000000000000\") { changed }",
    ),
    row("mutation", "passwordChange", "", "passwordChange(current: \"c\", new: \"n\") { changed }"),
    row("mutation", "sessionEndOthers", "", "sessionEndOthers { changed }"),
    row("query", "sessions", "", "sessions { id }"),
    row("mutation", "invitationAccept", "*", "invitationAccept(code: \"c\", password: \"p\", name: \"n\") { token }"),
    row("mutation", "passwordReset", "*", "passwordReset(code: \"c\", password: \"p\") { token }"),
    row(
        "mutation",
        "memberEndSessions",
        "OC",
        "memberEndSessions(id: \"00000000-0000-0000-0000-000000000000\") { changed }",
    ),
    row("mutation", "robotAdd", "OC", "robotAdd(name: \"r\", role: CUSTOMER_VIEWER, customer: \"globex\") { changed }"),
    row(
        "mutation",
        "memberChangeRole",
        "OC",
        "memberChangeRole(id: \"00000000-0000-0000-0000-000000000000\", role: AUDITOR) { changed }",
    ),
    row("mutation", "memberRemove", "OC", "memberRemove(id: \"00000000-0000-0000-0000-000000000000\") { changed }"),
    free("mutation", "tokenIssue", ALL, "tokenIssue(label: \"t\", scopes: [READ]) { changed }"),
    free("mutation", "tokenRotate", ALL, "tokenRotate(id: \"00000000-0000-0000-0000-000000000000\") { changed }"),
    free("mutation", "tokenRevoke", ALL, "tokenRevoke(id: \"00000000-0000-0000-0000-000000000000\") { changed }"),
    row("mutation", "customerCreate", "OS", "customerCreate(name: \"globex\") { changed }"),
    row("mutation", "customerRename", "OS", "customerRename(name: \"none\", displayName: \"N\") { changed }"),
    row("mutation", "applicationCreate", "OP", "applicationCreate(name: \"a\") { changed }"),
    row("mutation", "applicationDescribe", "OP", "applicationDescribe(name: \"none\", displayName: \"N\") { changed }"),
    row("mutation", "applicationCatalogue", "OP", "applicationCatalogue(name: \"none\", category: \"c\") { changed }"),
    row("mutation", "applicationSetIcon", "OP", "applicationSetIcon(name: \"none\") { changed }"),
    row(
        "mutation",
        "applicationSetSigningPolicy",
        "O",
        "applicationSetSigningPolicy(name: \"none\", keys: []) { changed }",
    ),
    row(
        "mutation",
        "applicationSetFeatureTags",
        "OP",
        "applicationSetFeatureTags(name: \"none\", features: []) { changed }",
    ),
    row(
        "mutation",
        "releaseDraft",
        "OP",
        "releaseDraft(application: \"none\", version: \"1.0.0\", packages: [{ compose: { file: \"\" } }]) { changed }",
    ),
    row(
        "mutation",
        "releaseSign",
        "OP",
        "releaseSign(application: \"none\", version: \"1.0.0\", envelope: \"{}\") { changed }",
    ),
    row("mutation", "releasePublish", "OP", "releasePublish(application: \"none\", version: \"1.0.0\") { changed }"),
    row(
        "mutation",
        "releaseDeprecate",
        "OP",
        "releaseDeprecate(application: \"none\", version: \"1.0.0\", on: \"2030-01-01\", reason: \"r\") { changed }",
    ),
    row(
        "mutation",
        "releaseRevoke",
        "OP",
        "releaseRevoke(application: \"none\", version: \"1.0.0\", reason: \"r\") { changed }",
    ),
    row("mutation", "channelCreate", "OP", "channelCreate(application: \"none\", name: \"stable\") { changed }"),
    row(
        "mutation",
        "channelPromote",
        "OP",
        "channelPromote(application: \"none\", name: \"stable\", version: \"1.0.0\") { changed }",
    ),
    row(
        "mutation",
        "channelDemote",
        "OP",
        "channelDemote(application: \"none\", name: \"stable\", version: \"1.0.0\") { changed }",
    ),
    row(
        "mutation",
        "repositorySetVisibility",
        "OP",
        "repositorySetVisibility(name: \"none\", visibility: PUBLIC) { changed }",
    ),
    row("mutation", "repositoryMakeImmutable", "OP", "repositoryMakeImmutable(name: \"none\") { changed }"),
    row("mutation", "repositoryMakeMutable", "OP", "repositoryMakeMutable(name: \"none\") { changed }"),
    row(
        "mutation",
        "repositorySetRetention",
        "OP",
        "repositorySetRetention(name: \"none\", rules: { keepLast: 3 }) { changed }",
    ),
    row("mutation", "repositoryClearRetention", "OP", "repositoryClearRetention(name: \"none\") { changed }"),
    row("mutation", "repositorySetQuota", "O", "repositorySetQuota(name: \"none\", bytes: 1) { changed }"),
    row("mutation", "repositoryClearQuota", "O", "repositoryClearQuota(name: \"none\") { changed }"),
    row("mutation", "tagDelete", "OP", "tagDelete(repository: \"none\", tag: \"1\") { changed }"),
    row("mutation", "manifestDelete", "OP", DELETE_MANIFEST),
    row("mutation", "repositoryDelete", "OP", "repositoryDelete(name: \"none\") { changed }"),
    row(
        "mutation",
        "licenseIssue",
        "OS",
        "licenseIssue(customer: \"globex\", application: \"none\", name: \"l\", terms: {}) { changed }",
    ),
    row("mutation", "licenseAmend", "OS", "licenseAmend(customer: \"globex\", name: \"none\", terms: {}) { changed }"),
    row(
        "mutation",
        "licenseSuspend",
        "OS",
        "licenseSuspend(customer: \"globex\", name: \"none\", reason: \"r\") { changed }",
    ),
    row("mutation", "licenseResume", "OS", "licenseResume(customer: \"globex\", name: \"none\") { changed }"),
    row(
        "mutation",
        "licenseRevoke",
        "OS",
        "licenseRevoke(customer: \"globex\", name: \"none\", reason: \"r\") { changed }",
    ),
    row("mutation", "targetRegister", "OSC", "targetRegister(customer: \"globex\", name: \"t\") { changed }"),
    row(
        "mutation",
        "targetOfferEnrolment",
        "OSC",
        "targetOfferEnrolment(customer: \"globex\", name: \"none\") { changed }",
    ),
    row(
        "mutation",
        "targetSetLabels",
        "OSC",
        "targetSetLabels(customer: \"globex\", name: \"none\", labels: []) { changed }",
    ),
    row(
        "mutation",
        "targetRetire",
        "OSC",
        "targetRetire(customer: \"globex\", name: \"none\", reason: \"r\") { changed }",
    ),
    row(
        "mutation",
        "deploymentSetRelease",
        "OPSC",
        "deploymentSetRelease(customer: \"globex\", target: \"none\", application: \"none\", version: \"1.0.0\") { changed }",
    ),
    row(
        "mutation",
        "deploymentRemove",
        "OPSC",
        "deploymentRemove(customer: \"globex\", target: \"none\", application: \"none\") { changed }",
    ),
    row("mutation", "secretSet", "OPSC", "secretSet(customer: \"globex\", name: \"S\", value: \"v\") { changed }"),
    row("mutation", "secretRemove", "OPSC", "secretRemove(customer: \"globex\", name: \"S\") { changed }"),
    row("subscription", "targetChanged", ALL, "targetChanged { id }"),
    row("subscription", "deploymentChanged", ALL, "deploymentChanged { id }"),
    row("subscription", "eventAppended", "OA", "eventAppended(after: \"0\") { position }"),
];
