//! Whose portal is at a host, and how it looks to who has not signed in yet. An organization shows its name to strangers once it
//! has branded itself, or once the operator gave it a host; before, it is as one that is not there.

use std::net::IpAddr;

use aws_lc_rs::digest;
use deadpool_postgres::Pool;
use distr_domain::branding::{Branding, BrandingImage};
use distr_domain::ids::OrganizationId;
use distr_domain::names::Slug;
use distr_domain::picture::PictureFacts;
use distr_portal::{Accents, Brand};
use distr_projections::organization::{self, OrganizationRow};
use url::{Host, Url};

use crate::failure::Failure;
use crate::models::ReadModels;
use crate::ops::portal_host;

/// The parts of the hub that portals have to do with.
#[derive(Clone, Copy)]
pub struct Portals<'a> {
    pub hosts: &'a Pool,
    pub models: &'a ReadModels,
    pub public_url: &'a Url,
}

/// The portal that a browser finds at a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// the hub: the vendors' pages, and those of all customers
    Hub,
    /// the customers' portal of one organization
    PortalOf(Slug),
    /// nothing: another name that leads to this machine
    Nothing,
}

impl Portals<'_> {
    /// `host` is as the browser named it.
    pub async fn at(&self, host: &str) -> Result<Found, Failure> {
        let host = name_of(host);
        let public = self.public_url.host();
        if is_this_machine(&host) || public.as_ref().is_some_and(|public| public.to_string() == host) {
            return Ok(Found::Hub);
        }
        // nobody told such a hub its name
        let is_nameless = match public {
            Some(Host::Ipv4(address)) => address.is_unspecified(),
            Some(Host::Ipv6(address)) => address.is_unspecified(),
            _ => false,
        };
        let may_be_ours = is_nameless || host.ends_with(".localhost");
        match portal_host::organization(self.hosts, &host).await {
            Ok(Some(organization)) => Ok(Found::PortalOf(organization)),
            // a database that is away takes none of the hub's own pages away: they say what is the matter
            Ok(None) | Err(_) if may_be_ours => Ok(Found::Hub),
            Ok(None) => Ok(Found::Nothing),
            Err(failure) => Err(failure),
        }
    }

    /// The organization, if strangers may know that it is there.
    pub async fn shown(&self, name: &Slug, has_host: bool) -> Result<Option<OrganizationRow>, Failure> {
        let row = organization::find(&*self.models.client().await?, OrganizationId::of(name)).await?;
        Ok(row.filter(|row| has_host || is_branded(row)))
    }
}

fn is_branded(row: &OrganizationRow) -> bool {
    row.branding != Branding::default() || !row.branding_images.is_empty()
}

/// Without the port, in lower case.
fn name_of(host: &str) -> String {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn is_this_machine(name: &str) -> bool {
    let address: Result<IpAddr, _> = name.trim_matches(['[', ']']).parse();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The part of an organization that the document of its portal has.
pub fn brand(row: &OrganizationRow, has_host: bool) -> Brand {
    let picture = |image| row.branding_images.get(&image).map(path_of);
    Brand {
        own_host_of: has_host.then(|| row.name.to_string()),
        name: row.display_name.clone(),
        stylesheet: accents(&row.branding).map(|accents| stylesheet_path(&row.name, &accents)),
        favicon: picture(BrandingImage::Favicon),
        logo: picture(BrandingImage::Logo),
        logo_dark: picture(BrandingImage::LogoDark),
    }
}

/// Nothing if the organization has chosen no colour.
pub fn accents(branding: &Branding) -> Option<Accents> {
    let Branding { accent, accent_dark, .. } = branding;
    (accent.is_some() || accent_dark.is_some()).then(|| Accents::of(*accent, *accent_dark))
}

/// Below the hub's base. It holds the hash of the content, so that a browser keeps it.
fn stylesheet_path(name: &Slug, accents: &Accents) -> String {
    let hash = digest::digest(&digest::SHA256, accents.stylesheet().as_bytes());
    format!("branding/{name}.{}.css", hex::encode(&hash.as_ref()[..8]))
}

/// The organization of a stylesheet's path, below `branding/`.
pub fn organization_of_stylesheet(file: &str) -> Option<Slug> {
    file.strip_suffix(".css")?.split_once('.')?.0.parse().ok()
}

/// Where a picture is, below the hub's base.
pub fn path_of(picture: &PictureFacts) -> String {
    format!("branding/{}", picture.digest.hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_known_by_its_name_alone() {
        assert_eq!(name_of("Portal.Acme.example:8443"), "portal.acme.example");
        assert_eq!(name_of("acme.example."), "acme.example");
        assert_eq!(name_of("[::1]:8080"), "[::1]");
        assert_eq!(name_of("[::1]"), "[::1]");
        assert_eq!(name_of(""), "");
    }

    #[test]
    fn this_machine_has_names_of_its_own() {
        for own in ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"] {
            assert!(is_this_machine(own), "{own}");
        }
        for other in ["localhost.evil.example", "10.0.0.1", "127.0.0.1.evil.example", ""] {
            assert!(!is_this_machine(other), "{other}");
        }
    }

    #[test]
    fn a_stylesheet_is_named_by_its_organization_and_its_content() {
        let accents = Accents::of("#0b7a75".parse().ok(), None);
        let path = stylesheet_path(&"acme".parse().unwrap(), &accents);
        let file = path.strip_prefix("branding/").unwrap();
        assert_eq!(organization_of_stylesheet(file).unwrap().as_str(), "acme");
        assert_eq!(organization_of_stylesheet("acme.css"), None);
        assert_eq!(organization_of_stylesheet("../x.0a.css"), None);
    }
}
