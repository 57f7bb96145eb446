//! The table of what compose files may ask for: each power with the line that gives it, and nothing else.

use serde_json::{Value, json};

use super::*;

mod paths;

const PROJECT: &str = "shop";

fn needed(model: &Value) -> Vec<Need> {
    let mut model = model.clone();
    let written = settle(&mut model).unwrap();
    let host = Host {
        sockets: vec!["/var/run/docker.sock".into()],
        own: vec!["/var/lib/distr-agent".into()],
        deployment: None,
    };
    let host = Host { sockets: host.sockets.iter().map(|path| canonical(path)).collect(), ..host };
    needs(&Subject { project: PROJECT, model: &model, written: &written, host: &host, registry: "hub.example" })
}

fn refused(model: &Value) -> Vec<Need> {
    Policy::default().refused("shop", needed(model))
}

fn service(service: Value) -> Value {
    json!({"name": PROJECT, "services": {"web": service}})
}

fn bind(source: &str, read_only: bool) -> Value {
    service(json!({"volumes": [{"type": "bind", "source": source, "target": "/x", "read_only": read_only}]}))
}

#[test]
fn ordinary_releases_need_nothing() {
    for model in [
        service(json!({
            "image": format!("postgres:17@sha256:{}", "a".repeat(64)), "command": null, "environment": {"A": "b"},
            "ports": [{"target": 80, "published": "8080", "protocol": "tcp", "mode": "ingress"}],
            "networks": {"default": null}, "cap_drop": ["ALL"], "cap_add": ["NET_BIND_SERVICE", "CAP_CHOWN"],
            "security_opt": ["no-new-privileges:true"], "deploy": {"resources": {"limits": {"memory": "1g"}}, "placement": {}},
            "volumes": [{"type": "volume", "source": "data", "target": "/d", "volume": {}}, {"type": "tmpfs", "target": "/t"}],
            "network_mode": "service:db", "pid": "service:db", "privileged": false,
            "ipc": "shareable", "cgroup": "private", "logging": {"driver": "local", "options": {"tag": "x", "max-size": "1m"}},
            "healthcheck": {"test": ["CMD", "true"]}, "user": "1", "x-note": 1, "labels": {"distr.release": "1"},
        })),
        json!({
            "name": PROJECT, "services": {}, "x-distr": {"strategy": "in-place"},
            "volumes": {"data": {"name": "shop_data"}, "more": {}},
            "networks": {"default": {"name": "shop_default", "ipam": {"driver": "default"}}},
            "configs": {"c": {"name": "shop_c", "content": "x"}}, "secrets": {"s": {"environment": "S"}},
        }),
    ] {
        assert_eq!(refused(&model), [], "{model}");
    }
}

/// Each model needs exactly these lines; with them it is allowed, and with all but one it is not.
#[test]
fn each_power_is_refused_with_the_line_that_allows_it() {
    let device = json!({"capabilities": ["gpu"], "count": -1});
    for (model, lines) in [
        (bind("/srv/shop", true), &["- read: /srv/shop"][..]),
        (bind("/srv/shop", false), &["- write: /srv/shop"]),
        (bind("/etc//ssl/./", true), &["- read: /etc/ssl"]),
        (bind("/", true), &["- read: /", "- engine-socket: true", "- agent-folder: true"]),
        (
            bind("/var/lib/distr-agent/deployments", true),
            &["- read: /var/lib/distr-agent/deployments", "- agent-folder: true"],
        ),
        (service(json!({"privileged": true})), &["- privileged: true"]),
        (service(json!({"privileged": "yes"})), &["- privileged: true"]),
        (service(json!({"network_mode": "host"})), &["- host-namespace: network"]),
        (service(json!({"pid": "host", "ipc": "host"})), &["- host-namespace: ipc", "- host-namespace: pid"]),
        (service(json!({"uts": "host"})), &["- host-namespace: uts"]),
        (service(json!({"userns_mode": "host"})), &["- host-namespace: userns"]),
        (service(json!({"cgroup": "host"})), &["- host-namespace: cgroup"]),
        (service(json!({"network_mode": "container:db"})), &["- container: db"]),
        (service(json!({"network_mode": "bridge"})), &["- network: bridge"]),
        (service(json!({"network_mode": "private"})), &["- network: private"]),
        (service(json!({"network_mode": "shareable"})), &["- network: shareable"]),
        (service(json!({"pid": "private"})), &["- host-namespace: \"pid:private\""]),
        (service(json!({"cgroup": "shareable"})), &["- host-namespace: \"cgroup:shareable\""]),
        (service(json!({"volumes_from": ["web", "container:db:ro"]})), &["- container: db"]),
        (service(json!({"external_links": ["db:alias"]})), &["- container: db"]),
        (
            service(json!({"devices": [{"source": "/dev/null", "target": "/dev/x", "permissions": "rwm"}]})),
            &["- device: /dev/null"],
        ),
        (service(json!({"devices": ["nvidia.com/gpu=all"]})), &["- device: nvidia.com/gpu=all"]),
        (service(json!({"gpus": [{"count": -1}]})), &["- device: gpu"]),
        (service(json!({"deploy": {"resources": {"reservations": {"devices": [device]}}}})), &["- device: gpu"]),
        (service(json!({"device_cgroup_rules": ["c 1:3 rwm"]})), &["- device-rule: \"c 1:3 rwm\""]),
        (service(json!({"cap_add": ["CAP_sys_admin"]})), &["- capability: SYS_ADMIN"]),
        (service(json!({"cap_add": ["ALL"]})), &["- capability: ALL"]),
        (service(json!({"security_opt": ["seccomp=unconfined"]})), &["- security-option: seccomp=unconfined"]),
        (
            service(json!({"security_opt": ["no-new-privileges:false"]})),
            &["- security-option: \"no-new-privileges:false\""],
        ),
        (service(json!({"sysctls": {"net.core.somaxconn": "1"}})), &["- sysctl: net.core.somaxconn"]),
        (service(json!({"cgroup_parent": "/x"})), &["- cgroup-parent: /x"]),
        (service(json!({"runtime": "nvidia"})), &["- runtime: nvidia"]),
        (service(json!({"runtime": "runc"})), &["- runtime: runc"]),
        (
            service(json!({"gpus": [{"driver": "cdi", "device_ids": ["example.com/mount=all"]}]})),
            &["- device: \"cdi:example.com/mount=all\""],
        ),
        (service(json!({"gpus": [{"driver": "nvidia", "device_ids": ["0"]}]})), &["- device: gpu"]),
        (service(json!({"use_api_socket": true})), &["- engine-socket: true"]),
        (service(json!({"post_start": [{"command": ["x"], "privileged": true}]})), &["- privileged: true"]),
        (service(json!({"provider": {"type": "x"}})), &["- compose-key: provider"]),
        (service(json!({"models": ["x"]})), &["- compose-key: models"]),
        (service(json!({"credential_spec": {"file": "x"}})), &["- compose-key: credential_spec"]),
        (service(json!({"a_key_of_tomorrow": 1})), &["- compose-key: a_key_of_tomorrow"]),
        (service(json!({"deploy": {"power": 1}})), &["- compose-key: deploy.power"]),
        (
            service(json!({"labels": {"com.docker.compose.project": "other"}})),
            &["- compose-key: labels.com.docker.compose.project"],
        ),
        (
            service(json!({"logging": {"driver": "syslog", "options": {"syslog-address": "udp://x"}}})),
            &["- log-driver: syslog"],
        ),
        (service(json!({"logging": {"driver": "journald", "options": {"tag": "sshd"}}})), &["- log-driver: journald"]),
        (service(json!({"logging": {"options": {"tag": "sshd"}}})), &["- compose-key: logging.options.tag"]),
        (
            service(
                json!({"volumes": [{"type": "bind", "source": "/srv", "target": "/x", "read_only": true, "bind": {"propagation": "rshared"}}]}),
            ),
            &["- read: /srv", "- compose-key: volumes.bind.propagation"],
        ),
        (
            service(
                json!({"volumes": [{"type": "bind", "source": "/srv", "target": "/x", "read_only": true, "bind": {"recursive": "writable"}}]}),
            ),
            &["- read: /srv", "- compose-key: volumes.bind.recursive"],
        ),
        (
            service(json!({"volumes": [{"type": "image", "source": "x", "target": "/x"}]})),
            &["- compose-key: volumes.image"],
        ),
        (
            service(json!({"image": format!("localhost:5000/x@sha256:{}", "a".repeat(64))})),
            &["- registry: \"localhost:5000\""],
        ),
        (json!({"services": {}, "models": {}}), &["- compose-key: models"]),
        (
            json!({"volumes": {"d": {"driver_opts": {"type": "none", "o": "bind", "device": "/srv"}}}}),
            &["- write: /srv"],
        ),
        (
            json!({"volumes": {"d": {"driver_opts": {"type": "nfs", "device": ":/x"}}}}),
            &["- volume-options: \"device=:/x,type=nfs\""],
        ),
        (
            json!({"volumes": {"d": {"driver_opts": {"type": "ext4", "device": "/dev/sda1"}}}}),
            &["- volume-options: \"device=/dev/sda1,type=ext4\""],
        ),
        (
            json!({"volumes": {"d": {"driver_opts": {"type": "nfs", "o": "addr=10.0.0.9", "device": ":/export"}}}}),
            &["- volume-options: \"device=:/export,o=addr=10.0.0.9,type=nfs\""],
        ),
        (
            json!({"volumes": {"d": {"driver": "plug", "driver_opts": {"share": "a"}}}}),
            &["- volume-options: \"plug:share=a\""],
        ),
        (json!({"volumes": {"d": {"driver_opts": {"plug:share": "a"}}}}), &["- volume-options: \"plug\\\\:share=a\""]),
        (json!({"volumes": {"d": {"driver": "rclone"}}}), &["- volume-options: \"rclone:\""]),
        (
            json!({"volumes": {"d": {"driver_opts": {"type": "debugfs", "o": " bind", "device": "/srv"}}}}),
            &["- volume-options: \"device=/srv,o= bind,type=debugfs\""],
        ),
        (
            json!({"volumes": {"d": {"driver_opts": {"type": "none", "o": "bind,remount", "device": "/srv"}}}}),
            &["- volume-options: \"device=/srv,o=bind\\\\,remount,type=none\""],
        ),
        (
            json!({"volumes": {"d": {"driver_opts": {"type": "tmpfs", "o": "bind", "device": "/srv"}}}}),
            &["- volume-options: \"device=/srv,o=bind,type=tmpfs\""],
        ),
        (json!({"volumes": {"d": {"driver_opts": {"o": "bind"}}}}), &["- volume-options: o=bind"]),
        (json!({"volumes": {"d": {"external": true, "name": "other"}}}), &["- volume: other"]),
        (json!({"volumes": {"d": {"name": "other_data"}}}), &["- volume: other_data"]),
        (json!({"networks": {"n": {"external": true, "name": "edge"}}}), &["- network: edge"]),
        (json!({"networks": {"n": {"name": "other_default"}}}), &["- network: other_default"]),
        (json!({"networks": {"n": {"driver": "host"}}}), &["- host-namespace: network"]),
        (
            json!({"networks": {"n": {"driver": "macvlan", "driver_opts": {"parent": "eth0"}}}}),
            &["- network-option: driver=macvlan", "- network-option: driver_opts.parent=eth0"],
        ),
        (
            json!({"networks": {"n": {"ipam": {"config": [{"subnet": "198.51.100.0/24"}, {"gateway": "10.0.0.1"}]}}}}),
            &[
                "- network-option: subnet=198.51.100.0/24",
                "- network-option: \"subnet={\\\"gateway\\\":\\\"10.0.0.1\\\"}\"",
            ],
        ),
        (json!({"secrets": {"s": {"file": "/etc/shadow"}}}), &["- read: /etc/shadow"]),
        (json!({"configs": {"s": {"external": true}}}), &["- compose-key: external"]),
    ] {
        let needs = refused(&model);
        assert_eq!(needs.iter().map(Need::line).collect::<Vec<_>>(), lines, "{model}");
        let policy = |lines: &[&str]| {
            let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
            Policy::parse(&format!("allow:\n{lines}")).unwrap()
        };
        assert_eq!(policy(lines).refused("shop", needed(&model)), [], "{model}");
        for missing in 0..lines.len() {
            let most = [&lines[..missing], &lines[missing + 1..]].concat();
            assert_eq!(policy(&most).refused("shop", needed(&model)).len(), 1, "{model}");
        }
    }
}

#[test]
fn a_sentence_names_service_key_and_value() {
    let [need] = &refused(&service(json!({"cap_add": ["NET_ADMIN"]})))[..] else { panic!("one need") };
    assert_eq!(
        need.sentence(),
        "service web, key cap_add, value \"NET_ADMIN\": it would get a power over the host's kernel"
    );
}

/// A terminal obeys some characters, and shows others in another order than they are.
#[test]
fn a_line_to_copy_is_plain_ascii_and_the_same_value() {
    let model =
        json!({"volumes": {"d": {"driver_opts": {"type": "nfs\u{9b}31m\u{202e}X\u{7f}\n", "device": "ä\u{2028}"}}}});
    let line = refused(&model)[0].line();
    assert!(line.bytes().all(|c| matches!(c, b' '..=b'~')), "{line:?}");
    let policy = Policy::parse(&format!("allow:\n{line}")).unwrap();
    assert_eq!(policy.refused("shop", needed(&model)), []);
}

#[test]
fn a_line_may_be_for_one_application() {
    let policy = Policy::parse("allow: [{privileged: true, application: shop}]").unwrap();
    let model = service(json!({"privileged": true}));
    assert_eq!(policy.refused("shop", needed(&model)), []);
    assert_eq!(policy.refused("other", needed(&model)).len(), 1);
}

#[test]
fn ports_and_registries_are_narrowed_by_listing() {
    let model = service(json!({
        "image": format!("ghcr.io/x@sha256:{}", "a".repeat(64)),
        "ports": [{"target": 80, "published": "8080", "host_ip": "127.0.0.1"}, {"target": 81}],
    }));
    assert_eq!(refused(&model), []);
    let listed = Policy::parse("ports: listed\nregistries: listed").unwrap();
    let lines: Vec<String> = listed.refused("shop", needed(&model)).iter().map(Need::line).collect();
    assert_eq!(lines, ["- registry: ghcr.io", "- port: \"127.0.0.1:8080\"", "- port: random"]);
}

#[test]
fn a_line_is_read_as_it_was_printed() {
    let words = [
        "shop",
        "a/b-c_d.e=f+g",
        "y",
        "N",
        "off",
        "true",
        "~",
        "a\u{e0041}",
        "\u{10900}/etc",
        "\u{1f600}",
        "null",
        ".inf",
        "1e3",
        "0x1f",
        "2026-01-01",
        "-",
        "=",
        "*x",
        "&x",
        "!x",
        "a: b",
        "a #b",
        "\"",
        "'",
        "[",
        " a ",
        "ü",
        "\u{202e}a",
        "a\nb",
        "<<",
    ];
    for word in words {
        for application in [None, Some("shop".to_owned()), Some(word.to_owned())] {
            let rule = Rule { kind: Kind::Runtime, value: word.to_owned(), application };
            let read = Policy::parse(&format!("allow:\n{rule}\n"));
            assert!(rule.to_string().is_ascii(), "{rule}");
            assert_eq!(read.unwrap_or_else(|error| panic!("{rule}: {error}")).allow, [rule]);
        }
    }
}

#[test]
fn a_policy_says_what_is_wrong_with_it() {
    for (text, reason) in [
        ("deployments: maybe", "maybe"),
        ("alow: []", "alow"),
        ("allow: [privileged]", "line 1 under \"allow:\" is not of the form"),
        ("allow: [{privileged: true}, {powers: all}]", "line 2 under \"allow:\" has the key \"powers\""),
        ("allow: [{read: /a, write: /b}]", "line 1 under \"allow:\" names 2 powers"),
        ("allow: [{privileged: false}]", "write true, or leave the line out"),
        ("allow: [{read: srv}]", "write a path that begins with /"),
        ("allow: [{write: /srv/../etc}]", "write a path without"),
        ("allow: [{read: /a}]\nallow: []", "duplicate"),
    ] {
        let error = Policy::parse(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
    assert_eq!(Policy::parse("# nothing\n").unwrap(), Policy::default());
    assert_eq!(Policy::parse("").unwrap(), Policy::default());
    assert_eq!(Policy::parse("allow:\n").unwrap(), Policy::default());
}
