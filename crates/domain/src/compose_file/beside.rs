//! Files and folders beside the compose file that it names: those that compose reads, and those that services mount.

use serde_json::{Map, Value};

/// A file or folder that the compose file names by a path that does not begin with `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// the place in the compose file, such as `service "web", key volumes`
    pub place: String,
    /// the path as the compose file has it
    pub path: String,
    pub role: Role,
}

impl Beside {
    /// Whether it is the compose file's folder as a whole.
    pub fn is_folder_itself(&self) -> bool {
        self.path.split('/').all(|name| matches!(name, "" | "."))
    }

    /// Whether it goes up, and comes back into the compose file's folder.
    pub(super) fn climbs_within(&self) -> bool {
        let mut depth = 0;
        let stays = self.path.split('/').all(|name| {
            match name {
                "" | "." => {}
                ".." => depth -= 1,
                _ => depth += 1,
            }
            depth >= 0
        });
        stays && self.path.split('/').any(|name| name == "..")
    }
}

/// The purpose of a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// variables or labels, which compose reads into the service
    Variables { required: bool },
    /// a config or a secret
    Content,
    /// a bind mount
    Mount { read_only: bool },
}

/// The files and folders of a compose file, in the order of their places. Paths that a variable completes are among them.
pub fn beside(file: &Value) -> Vec<Beside> {
    let mut found = vec![];
    for (name, service) in parts(file, "services") {
        let place = |key: &str| format!("service \"{name}\", key {key}");
        for key in ["env_file", "label_file"] {
            found.extend(variables(service.get(key), &place(key)));
        }
        let mounts = service.get("volumes").and_then(Value::as_array).into_iter().flatten();
        found.extend(mounts.filter_map(|mount| of_mount(mount, place("volumes"))));
    }
    for (kind, plural) in [("config", "configs"), ("secret", "secrets")] {
        for (name, part) in parts(file, plural) {
            let path = part.get("file").and_then(Value::as_str);
            let place = format!("{kind} \"{name}\", key file");
            found.extend(path.map(|path| Beside { place, path: path.to_owned(), role: Role::Content }));
        }
    }
    found.retain(|beside| !beside.path.starts_with(['/', '~']));
    found
}

fn parts<'a>(file: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Map<String, Value>)> {
    let parts = file.get(key).and_then(Value::as_object).into_iter().flatten();
    parts.filter_map(|(name, part)| Some((name, part.as_object()?)))
}

fn variables(value: Option<&Value>, place: &str) -> Vec<Beside> {
    let of = |entry: &Value| {
        let (path, required) = match entry {
            Value::Object(map) => (map.get("path")?.as_str()?, map.get("required").and_then(Value::as_bool)),
            entry => (entry.as_str()?, None),
        };
        let role = Role::Variables { required: required.unwrap_or(true) };
        Some(Beside { place: place.to_owned(), path: path.to_owned(), role })
    };
    match value {
        Some(Value::Array(list)) => list.iter().filter_map(of).collect(),
        Some(one) => of(one).into_iter().collect(),
        None => vec![],
    }
}

/// The short form names a folder of the host if it begins with a dot, a slash or a tilde, and a volume otherwise.
fn of_mount(mount: &Value, place: String) -> Option<Beside> {
    let (path, read_only) = match mount {
        Value::String(text) => {
            let (source, rest) = source(text)?;
            let options = rest.split_once(':').map_or("", |(_, options)| options);
            let is_path = source.starts_with(['.', '/', '~']) || source.starts_with("${");
            (is_path.then_some(source)?, options.split(',').any(|option| option == "ro"))
        }
        Value::Object(map) => {
            let is_bind = map.get("type").and_then(Value::as_str) == Some("bind");
            let read_only = map.get("read_only").and_then(Value::as_bool).unwrap_or(false);
            (is_bind.then_some(map.get("source")?.as_str()?)?, read_only)
        }
        _ => return None,
    };
    Some(Beside { place, path: path.to_owned(), role: Role::Mount { read_only } })
}

/// The source of a mount in its short form, and what follows it; a colon within `${…}` separates nothing.
fn source(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0usize;
    for (index, c) in text.char_indices() {
        match c {
            '{' if text[..index].ends_with('$') || depth > 0 => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => return Some((&text[..index], &text[index + 1..])),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(file: Value) -> Vec<(String, Role)> {
        beside(&file).into_iter().map(|beside| (beside.path, beside.role)).collect()
    }

    fn mounts(mounts: Value) -> Vec<(String, Role)> {
        found(json!({"services": {"web": {"volumes": mounts}}}))
    }

    const WRITABLE: Role = Role::Mount { read_only: false };
    const READ_ONLY: Role = Role::Mount { read_only: true };

    #[test]
    fn mounts_of_files_beside_are_told_from_volumes_and_from_the_hosts() {
        let short =
            ["./a:/a", "./b.conf:/b:ro", "./c:/c:ro,z", "data:/d", "/srv:/e", "~/x:/f", "/anonymous", "../g:/g"];
        assert_eq!(
            mounts(json!(short)),
            [("./a", WRITABLE), ("./b.conf", READ_ONLY), ("./c", READ_ONLY), ("../g", WRITABLE)]
                .map(|(path, role)| (path.to_owned(), role))
        );
        let long = json!([
            {"type": "bind", "source": "./a", "target": "/a", "read_only": true},
            {"type": "bind", "source": "b", "target": "/b"},
            {"type": "volume", "source": "c", "target": "/c"},
            {"type": "tmpfs", "target": "/d"},
        ]);
        assert_eq!(mounts(long), [("./a".to_owned(), READ_ONLY), ("b".to_owned(), WRITABLE)]);
    }

    #[test]
    fn a_colon_of_a_variable_separates_nothing() {
        assert_eq!(mounts(json!(["${DIR:-.}/logs:/logs:ro"])), [("${DIR:-.}/logs".to_owned(), READ_ONLY)]);
        assert_eq!(mounts(json!(["${VOLUME"])), []);
    }

    #[test]
    fn files_that_compose_reads_are_found_in_all_their_forms() {
        let required = Role::Variables { required: true };
        for one in [json!("a.env"), json!(["a.env"]), json!([{"path": "a.env"}])] {
            assert_eq!(found(json!({"services": {"web": {"env_file": one}}})), [("a.env".to_owned(), required)]);
        }
        let optional = json!({"services": {"web": {"label_file": [{"path": "l", "required": false}]}}});
        assert_eq!(found(optional), [("l".to_owned(), Role::Variables { required: false })]);
        let parts =
            json!({"configs": {"c": {"file": "./c.conf"}}, "secrets": {"s": {"file": "s"}, "t": {"environment": "T"}}});
        assert_eq!(found(parts), [("./c.conf".to_owned(), Role::Content), ("s".to_owned(), Role::Content)]);
        assert_eq!(beside(&json!({"services": {"web": {"env_file": "a"}}}))[0].place, "service \"web\", key env_file");
    }

    #[test]
    fn shapes_that_are_none_are_passed_over() {
        for file in
            [json!(null), json!({"services": 1}), json!({"services": {"a": 1, "b": {"volumes": [1], "env_file": 1}}})]
        {
            assert_eq!(beside(&file), []);
        }
    }
}
