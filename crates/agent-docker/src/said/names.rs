//! What stands in the way, as the engine names it: a port, a container, a network. Whoever is to free it must know which. Names of
//! a release may be made of values, which the redactor takes out as everywhere.

/// Words before and after a name, and what it is the name of.
struct Place(&'static str, &'static str, Kind);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Port,
    Container,
    Network,
    Volume,
    Folder,
    Device,
    Driver,
}

const PLACES: &[Place] = &[
    Place("Bind for ", " failed: port is already allocated", Kind::Port),
    Place("listen tcp4 ", ": bind:", Kind::Port),
    Place("listen tcp6 ", ": bind:", Kind::Port),
    Place("listen tcp ", ": bind:", Kind::Port),
    Place("listen udp4 ", ": bind:", Kind::Port),
    Place("listen udp6 ", ": bind:", Kind::Port),
    Place("listen udp ", ": bind:", Kind::Port),
    Place("failed to bind host port for ", "/", Kind::Port),
    Place("failed to bind host port ", "/", Kind::Port),
    Place("ports are not available: exposing port TCP ", " -> ", Kind::Port),
    Place("ports are not available: exposing port UDP ", " -> ", Kind::Port),
    Place("The container name \"/", "\" is already in use by container", Kind::Container),
    Place("No such container: ", "\n", Kind::Container),
    Place("external volume \"", "\" not found", Kind::Volume),
    Place("network ", " declared as external", Kind::Network),
    Place("network ", " not found", Kind::Network),
    Place("bind source path does not exist: ", "\n", Kind::Folder),
    Place("error while creating mount source path '", "':", Kind::Folder),
    Place("while adding custom device \"", "\":", Kind::Device),
    Place("error looking up volume plugin ", ":", Kind::Driver),
    Place("error looking up logging plugin ", ":", Kind::Driver),
    Place("could not select device driver \"", "\"", Kind::Driver),
];

/// Such as `port 8080`.
pub(super) fn named(said: &str) -> Option<String> {
    PLACES.iter().find_map(|Place(before, after, kind)| {
        let rest = said.split_once(before)?.1;
        let name = match (rest.split_once(after), *after) {
            (Some((name, _)), _) => name,
            (None, "\n") => rest,
            (None, _) => return None,
        };
        let name = match kind {
            Kind::Port => port(name)?,
            _ => name.trim(),
        };
        is_name(name).then(|| format!("{} {name}", kind.word()))
    })
}

/// Of `0.0.0.0:8080`, `[::]:8080` or `127.0.0.1:8080:172.18.0.2:80`: what is published at this host.
fn port(address: &str) -> Option<&str> {
    let rest = match address.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?.1,
        None => address,
    };
    let port = rest.split(':').nth(1)?;
    port.parse::<u16>().is_ok().then_some(port)
}

fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':');
    !name.is_empty() && name.len() <= 200 && name.chars().all(fits)
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Port => "port",
            Self::Container => "container",
            Self::Network => "network",
            Self::Volume => "volume",
            Self::Folder => "folder",
            Self::Device => "device",
            Self::Driver => "driver",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_way_is_named() {
        for (said, name) in [
            ("Bind for 127.0.0.1:18183 failed: port is already allocated", "port 18183"),
            ("Bind for [::]:80 failed: port is already allocated", "port 80"),
            ("Error starting userland proxy: listen tcp4 127.0.0.1:18080: bind: address already in use", "port 18080"),
            ("failed to bind host port for 127.0.0.1:18081:172.18.0.2:80/tcp: address already in use", "port 18081"),
            ("failed to bind host port 0.0.0.0:5432/tcp: address already in use", "port 5432"),
            ("Conflict. The container name \"/taken\" is already in use by container \"f11\".", "container taken"),
            ("network nosuchnet declared as external, but could not be found", "network nosuchnet"),
            ("Error response from daemon: network nosuchnet not found", "network nosuchnet"),
            ("external volume \"nosuchvol\" not found", "volume nosuchvol"),
            ("bind source path does not exist: /srv/a b", ""),
            ("type \"bind\": bind source path does not exist: /srv/data\n", "folder /srv/data"),
            ("error while creating mount source path '/proc/nope': mkdir /proc/nope: no", "folder /proc/nope"),
            ("while adding custom device \"/dev/nope\": no such file", "device /dev/nope"),
            ("could not select device driver \"nvidia\" with capabilities: [[gpu]]", "driver nvidia"),
            ("Invalid hostPort: hunter2", ""),
        ] {
            assert_eq!(named(said).unwrap_or_default(), name, "{said}");
        }
    }
}
