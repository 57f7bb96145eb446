//! Pulls, and the registries that they ask.

use distr_agent::fault::Blame::{Generation, Surroundings};
use distr_domain::agent::ErrorCategory::{Config, Entitlement, Network, Resources, Runtime};

use super::Row;
use super::releases::PLATFORM;

/// Words about the bytes of an image, whatever registry they are of.
pub(super) const PULL: &[Row] = &[
    // a page of something that stands between, and no answer of a registry
    Row(&["<html"], Surroundings, Network, "something between this host and the registry answers in its place"),
    Row(
        &["parsing http 4"],
        Surroundings,
        Network,
        "something between this host and the registry answers in its place",
    ),
    Row(&["text/html"], Surroundings, Network, "something between this host and the registry answers in its place"),
    Row(&["<?xml"], Surroundings, Network, "the storage behind the registry refused the bytes"),
    Row(
        &["server gave http response to https client"],
        Surroundings,
        Network,
        "the registry speaks plain HTTP, which the engine takes for insecure; list it in the engine's configuration",
    ),
    // the engine keeps to itself whether the registry said so, or a page of something that stands between
    Row(
        &["failed to resolve reference", "not found"],
        Surroundings,
        Entitlement,
        "the registry does not have the image",
    ),
    Row(
        &["could not fetch content descriptor"],
        Surroundings,
        Network,
        "a part of an image is missing in the registry",
    ),
    Row(&["dial tcp"], Surroundings, Network, "the registry cannot be reached"),
    Row(&["the disk of the registry is full"], Surroundings, Resources, "the disk of the hub is full"),
    Row(
        &["unsupported media type", "+zstd"],
        Surroundings,
        Runtime,
        "layers of an image are compressed with zstd, which this engine does not know; update Docker to 23 or newer",
    ),
    Row(&["invalid tag format"], Generation, Config, "an image's name is not valid"),
    Row(&["layers from manifest don't match image configuration"], Generation, Config, BROKEN_IMAGE),
    Row(&["wrong diff id calculated on extraction"], Generation, Config, BROKEN_IMAGE),
    Row(&["applylayer", "archive/tar: invalid tar header"], Surroundings, Runtime, NO_ARCHIVE),
    Row(&["error processing tar file"], Surroundings, Runtime, NO_ARCHIVE),
    Row(&["archive/tar: invalid tar header"], Generation, Config, BROKEN_IMAGE),
    Row(&["mismatched image rootfs and manifest layers"], Generation, Config, BROKEN_IMAGE),
    Row(&["missing signature key"], Generation, Config, OLD_IMAGE),
    Row(&["is no longer supported since containerd"], Generation, Config, OLD_IMAGE),
    Row(&["no matching manifest"], Generation, Config, PLATFORM),
    Row(&["invalid reference format"], Generation, Config, "an image's name is not valid"),
    Row(&["toomanyrequests"], Surroundings, Network, "the registry asks to slow down"),
    Row(&["too many requests"], Surroundings, Network, "the registry asks to slow down"),
    Row(&["unauthorized"], Surroundings, Entitlement, "the registry does not know the credential"),
    Row(&["authentication required"], Surroundings, Entitlement, "the registry does not know the credential"),
    Row(&["no basic auth"], Surroundings, Entitlement, "the registry does not know the credential"),
];

/// Engines before 23 take a layer that is compressed with zstd for one that is not compressed.
const NO_ARCHIVE: &str =
    "a layer is no archive that this engine reads; if it is compressed with zstd, update Docker to 23 or newer";
const BROKEN_IMAGE: &str = "the layers of an image do not fit its configuration";
const OLD_IMAGE: &str = "an image of the release has a form that engines take no more";

/// The hub's registry: it refused this release.
pub(super) const OWN_REGISTRY: &[Row] = &[
    Row(
        &["unsupported media type"],
        Generation,
        Config,
        "an image of the release is of a kind that this engine does not take",
    ),
    Row(&["denied"], Generation, Entitlement, "the hub's registry refuses the image"),
    Row(&["manifest unknown"], Generation, Entitlement, "the hub's registry does not have the image"),
    Row(&["name unknown"], Generation, Entitlement, "the hub's registry does not have the image"),
    Row(&["not found"], Generation, Entitlement, "the hub's registry does not have the image"),
];

/// Another registry: it may have the image again tomorrow.
pub(super) const OTHER_REGISTRY: &[Row] = &[
    Row(&["denied"], Surroundings, Entitlement, "the registry refuses the image"),
    Row(&["manifest unknown"], Surroundings, Entitlement, "the registry does not have the image"),
    Row(&["not found"], Surroundings, Entitlement, "the registry does not have the image"),
];
