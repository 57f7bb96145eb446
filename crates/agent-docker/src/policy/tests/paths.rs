//! Paths of the host: where they lead, who could change that, and which of them engine and compose get.

use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::{bind, needed, refused, service};
use crate::policy::{Policy, settle, settle_read_files};

#[test]
fn links_lead_where_they_lead() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("harmless");
    symlink("/etc", &link).unwrap();
    let needs = refused(&bind(&link.to_string_lossy(), true));
    assert_eq!(needs[0].line(), "- read: /etc");
    assert!(needs[0].value.contains("harmless (which is /etc)"), "{}", needs[0].value);
    let listed = Policy::parse(&format!("allow: [{{read: {}}}]", folder.path().display())).unwrap();
    assert_eq!(listed.refused("shop", needed(&bind(&link.to_string_lossy(), true))).len(), 1);
}

#[test]
fn a_folder_is_read_with_what_is_below_and_written_alone() {
    let policy = Policy::parse("allow:\n- read: /srv\n- write: /srv/shop\n").unwrap();
    let allowed = |source: &str, read_only: bool| policy.refused("shop", needed(&bind(source, read_only))).is_empty();
    assert!(allowed("/srv", true) && allowed("/srv/a/b", true) && allowed("/srv/shop", false));
    assert!(allowed("/srv/shop", true));
    assert!(!allowed("/srv", false) && !allowed("/srvice", true));
    // whoever writes to the folder may put links below it
    assert!(!allowed("/srv/shop/sub", false) && !allowed("/srv/shop/sub", true));
}

/// A container that may write to a folder may put a link there, on the way of another line: before the check, or after it.
#[test]
fn no_line_leads_through_a_folder_that_a_release_may_write_to() {
    let folder = tempfile::tempdir().unwrap();
    let root = std::fs::canonicalize(folder.path()).unwrap();
    let data = root.join("data");
    std::fs::create_dir_all(data.join("conf/sub")).unwrap();
    symlink(data.join("conf"), root.join("link")).unwrap();
    let (data, link) = (data.display().to_string(), root.join("link").display().to_string());
    let lines = format!(
        "- write: {data}\n- read: {data}/conf\n- write: {data}/conf\n- read: {data}/conf/sub\n- read: {link}\n- device: /dev/null\n"
    );
    let policy = Policy::parse(&format!("allow:\n{lines}")).unwrap();
    let refused = |path: &str, read_only| policy.refused("shop", needed(&bind(path, read_only)));
    assert_eq!((refused(&data, false), refused(&data, true)), (vec![], vec![]));
    let conf = format!("{data}/conf");
    for (path, line) in [(&conf, "read"), (&conf, "write"), (&format!("{conf}/sub"), "read"), (&link, "read")] {
        let [need] = &refused(path, line == "read")[..] else { panic!("{path} is refused once") };
        let said = need.sentence_with_line();
        assert!(
            said.contains(&format!("- {line}: {data}/conf")) && said.contains(&format!("\"- write: {data}\"")),
            "{said}"
        );
        assert!(said.contains("does not count") && !said.contains("would allow it"), "{said}");
    }
    std::fs::remove_dir_all(&conf).unwrap();
    symlink("/etc", &conf).unwrap();
    let device = service(json!({"devices": [{"source": conf}]}));
    for (path, read_only) in [(&*conf, true), (&conf, false), (&link, true), ("/etc", true), ("/etc/shadow", true)] {
        assert_eq!(refused(path, read_only).len(), 1, "{path} {read_only}");
    }
    assert_eq!(needed(&device)[0].line(), "- device: /etc", "it is given out as what was checked");
}

/// The engine's folder may be read, and that of its logs, but nothing through a volume or a container's root.
#[test]
fn no_line_leads_through_what_containers_write_in_the_engines_folder() {
    let policy = Policy::parse("allow: [{read: /var/lib}, {write: /var/lib/docker/volumes/a/_data}]").unwrap();
    let refused = |path: &str, read_only| policy.refused("shop", needed(&bind(path, read_only)));
    for path in ["/var/lib/docker", "/var/lib/docker/containers", "/var/lib/dpkg/info"] {
        assert_eq!(refused(path, true), [], "{path}");
    }
    for (path, read_only) in [("/var/lib/docker/volumes/b/_data/sub", true), ("/var/lib/docker/volumes/a/_data", false)]
    {
        let said = refused(path, read_only)[0].sentence();
        assert!(said.contains("where containers could put a link"), "{said}");
    }
}

#[test]
fn a_path_that_the_engine_reads_differently_is_refused_by_name() {
    for (model, place) in [
        (bind("/srv/link/../..", true), "service web, key volumes"),
        (bind("srv", true), "service web, key volumes"),
        (bind(&format!("/{}", "a/".repeat(3000)), true), "service web, key volumes"),
        (service(json!({"devices": [{"source": "/dev/../srv/null"}]})), "service web, key devices"),
        (service(json!({"devices": ["/srv/x/../null:/dev/x:r"]})), "service web, key devices"),
        (
            json!({"volumes": {"d": {"driver_opts": {"type": "none", "o": "bind", "device": "/srv/l/../x"}}}}),
            "volume d, key driver_opts",
        ),
        (json!({"secrets": {"s": {"file": "/srv/l/../x"}}}), "secret s, key file"),
        (json!({"configs": {"c": {"file": "/srv/l/.."}}}), "config c, key file"),
    ] {
        let said = settle(&mut model.clone()).unwrap_err();
        assert!(said.starts_with(place), "{said}");
    }
    for key in ["env_file", "label_file"] {
        for value in [json!("../x"), json!(["./a", {"path": "/srv/l/../x", "required": false}])] {
            let said = settle_read_files(&mut service(json!({key: value}))).unwrap_err();
            assert!(said.contains(key) && said.contains("holds \"..\""), "{said}");
        }
    }
}

#[test]
fn what_was_checked_is_what_compose_and_the_engine_get() {
    let folder = tempfile::tempdir().unwrap();
    let root = std::fs::canonicalize(folder.path()).unwrap();
    std::fs::create_dir(root.join("real$")).unwrap();
    symlink("real$", root.join("link")).unwrap();
    let [link, real] = ["link", "real$$"].map(|name| root.join(name).display().to_string());
    let bound = |device: &str| json!({"driver_opts": {"type": "none", "o": "rbind,ro", "device": device}});
    let model = |path: &str, device: Value| {
        json!({
            "services": {"web": {"volumes": [{"type": "bind", "source": path}], "devices": [device, "/dev/null", "a/b=c"]}},
            "volumes": {"d": bound(path)}, "configs": {"c": {"file": path}}, "secrets": {"s": {"file": path}},
        })
    };
    let mut settled = model(&link, json!(link));
    let written = settle(&mut settled).unwrap();
    assert_eq!(settled, model(&real, json!(format!("{real}:{link}"))));
    assert_eq!(written.into_iter().collect::<Vec<_>>(), [(real.replace("$$", "$"), link.clone())]);
    let mut file = service(json!({"env_file": [&link, {"path": &link}, "./own.env"], "label_file": &link}));
    settle_read_files(&mut file).unwrap();
    assert_eq!(file, service(json!({"env_file": [&real, {"path": &real}, "./own.env"], "label_file": &real})));
}
