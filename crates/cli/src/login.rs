//! `distr login`, `logout` and `whoami`: from a password or a token to a profile, and back.

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;

use crate::exit::Failure;
use crate::globals::Globals;
use crate::hub::{Hub, Transport};
use crate::input;
use crate::operation::{Role, TokenScope, read};
use crate::output::{Columns, Output, remark};
use crate::profile::{self, Profile, Profiles};
use crate::session::{DEFAULT_HUB, Session};

read!("src/login.graphql": SessionCreate InvitationAccept PasswordReset SessionEnd Whoami);

const FIELDS: Columns = &[
    ("hub", "/hub"),
    ("organization", "/organization"),
    ("customer", "/customer"),
    ("role", "/role"),
    ("email", "/email"),
    ("member", "/memberId"),
    ("signed in with", "/with"),
];

const TOKEN_FIELDS: Columns = &[
    ("hub", "/hub"),
    ("organization", "/organization"),
    ("customer", "/customer"),
    ("role", "/role"),
    ("email", "/email"),
    ("member", "/memberId"),
    ("signed in with", "/with"),
    ("scopes", "/token/scopes"),
    ("repositories", "/repositories"),
    ("expires", "/token/expiresAt"),
];

#[derive(Args)]
#[command(
    override_usage = "\
distr login [--organization NAME] [--email ADDRESS] [--customer NAME]
       distr login --code [--name NAME]
       distr login --token",
    after_help = "\
The password comes from DISTR_PASSWORD, is asked for, or is read from standard input:
  distr login --organization acme --email you@acme.example < password-file
  printenv ROBOT_TOKEN | distr login --token
A code is asked for, or comes from DISTR_CODE; it is good once, and says whose it is:
  distr login --hub https://hub.example --code --name 'Ann Example'
Without a terminal the code and the new password come from DISTR_CODE and DISTR_NEW_PASSWORD."
)]
pub(crate) struct Login {
    /// The organization's name
    #[arg(long, value_name = "NAME", conflicts_with = "token")]
    organization: Option<String>,
    #[arg(long, value_name = "ADDRESS", conflicts_with = "token")]
    email: Option<String>,
    /// Of several customers that know the address, the one to sign in to
    #[arg(long, value_name = "NAME", conflicts_with = "token")]
    customer: Option<String>,
    /// Choose a password with the one-time code of an invitation, or of a password that was reset; it says whose it is, so
    /// that --organization, --email and --customer do not go with it
    #[arg(long, conflicts_with_all = ["token", "organization", "email", "customer"])]
    code: bool,
    /// What you are called, for an invitation
    #[arg(long, value_name = "NAME", requires = "code")]
    name: Option<String>,
    /// Read a token from standard input instead of signing in with a password
    #[arg(long)]
    token: bool,
}

struct Signed {
    token: String,
    expires_at: Option<DateTime<Utc>>,
}

impl Login {
    pub(crate) async fn run(self, globals: &Globals) -> Result<()> {
        let path = profile::path()?;
        let mut profiles = Profiles::load(&path)?;
        let known = profiles.get(&globals.profile).map(|profile| profile.hub.clone());
        let address = globals.hub.clone().or(known).unwrap_or_else(|| DEFAULT_HUB.to_owned());
        let signed = match self.token {
            true => Signed { token: input::secret("token")?, expires_at: None },
            false if self.code => self.with_code(&address, globals.transport()).await?,
            false => self.with_password(&address, globals.transport()).await?,
        };
        // also proves a token that was given
        let hub = Hub::try_new(&address, Some(signed.token.clone()), globals.transport())?;
        let viewer = hub.ask::<Whoami>(whoami::Variables).await?.viewer;
        let organization = viewer.organization.name;
        let who = viewer.email.clone().unwrap_or_else(|| "a robot".to_owned());
        let new = Profile {
            hub: hub.address(),
            organization: organization.clone(),
            email: viewer.email,
            token: signed.token,
            expires_at: signed.expires_at,
        };
        profiles.set(&globals.profile, new);
        profiles.save(&path)?;
        Output::new(globals).say(&format!("signed in to {organization} at {} as {who}", hub.address()))
    }

    async fn with_password(self, address: &str, transport: Transport) -> Result<Signed> {
        let hub = Hub::try_new(address, None, transport)?;
        let organization = self.organization.map_or_else(|| input::line("organization", "--organization"), Ok)?;
        let email = self.email.map_or_else(|| input::line("email", "--email"), Ok)?;
        let password = input::from_environment("DISTR_PASSWORD", "password")?;
        let variables = session_create::Variables { organization, email, password, customer: self.customer };
        let session = hub.ask::<SessionCreate>(variables).await.map_err(not_let_in)?.session_create;
        Ok(Signed { token: session.token, expires_at: Some(session.expires_at) })
    }
}

impl Login {
    /// The code says what it is for.
    async fn with_code(self, address: &str, transport: Transport) -> Result<Signed> {
        let hub = Hub::try_new(address, None, transport)?;
        let code = input::from_environment("DISTR_CODE", "code")?;
        if code.starts_with(OF_PASSWORD_RESET) {
            let password = new_password()?;
            let data = hub.ask::<PasswordReset>(password_reset::Variables { code, password }).await?;
            let session = data.password_reset;
            return Ok(Signed { token: session.token, expires_at: Some(session.expires_at) });
        }
        let name = self.name.map_or_else(|| input::line("name", "--name"), Ok)?;
        let password = new_password()?;
        let data = hub.ask::<InvitationAccept>(invitation_accept::Variables { code, password, name }).await?;
        let session = data.invitation_accept;
        Ok(Signed { token: session.token, expires_at: Some(session.expires_at) })
    }
}

/// From where `distr password change` takes it as well.
fn new_password() -> Result<String> {
    match std::env::var("DISTR_PASSWORD") {
        Ok(password) if !password.is_empty() => Ok(password),
        _ => input::from_environment("DISTR_NEW_PASSWORD", "new password"),
    }
}

/// What such a code begins with; others are of invitations.
const OF_PASSWORD_RESET: &str = "dsp_";

/// Of a sign-in, a refusal means that one is not signed in.
fn not_let_in(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Failure>() {
        Ok(Failure::Refused { code, message }) if code == "forbidden" => Failure::NotSignedIn(message).into(),
        Ok(other) => other.into(),
        Err(error) => error,
    }
}

pub(crate) async fn logout(globals: &Globals) -> Result<()> {
    let path = profile::path()?;
    let mut profiles = Profiles::load(&path)?;
    let out = Output::new(globals);
    let Some(profile) = profiles.remove(&globals.profile) else {
        return out.say(&format!("there is no profile \"{}\" on this machine", globals.profile));
    };
    // first what is certain: whatever the hub says, this machine forgets the secret
    profiles.save(&path)?;
    let hub = Hub::try_new(&profile.hub, Some(profile.token), globals.transport())?;
    match hub.ask::<SessionEnd>(session_end::Variables).await {
        Ok(ended) if ended.session_end.changed => {}
        Ok(_) => remark("the token itself is still valid; to end it: distr token revoke"),
        Err(error) if matches!(error.downcast_ref(), Some(Failure::NotSignedIn(_))) => {}
        Err(error) => return Err(error.context("forgotten here, but the session on the hub goes on until it expires")),
    }
    out.say(&format!("signed out of {} at {}", profile.organization, hub.address()))
}

/// The name of one's own organization.
pub(crate) async fn organization(hub: &Hub) -> Result<String> {
    Ok(hub.ask::<Whoami>(whoami::Variables).await?.viewer.organization.name)
}

pub(crate) async fn whoami(session: &Session) -> Result<()> {
    let viewer = session.hub.ask::<Whoami>(whoami::Variables).await?.viewer;
    let mut who = json!({
        "hub": session.hub.address(),
        "organization": viewer.organization.name,
        "customer": viewer.customer.map(|customer| customer.name),
        "role": viewer.role,
        "email": viewer.email,
        "memberId": viewer.member_id,
        "token": viewer.token,
    });
    if session.out.is_json() {
        return session.out.json(&who);
    }
    let Some(token) = viewer.token else {
        who["with"] = json!("a session");
        return session.out.show(who, FIELDS);
    };
    who["with"] = json!(format!("token {}", token.id));
    who["repositories"] = if token.repositories.is_empty() { json!("all") } else { json!(token.repositories) };
    session.out.show(who, TOKEN_FIELDS)
}
