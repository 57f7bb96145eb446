//! SVGs that are sent are drawn, in a process with limits, and the hub serves the others meanwhile.

use std::fmt::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_tests::hub::HubProcess;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

const SET: &str = "mutation ($data: String) {
    brandingSetImage(image: LOGO, data: $data) { changed branding { logo { path mediaType bytes digest sentDigest } } } }";
const MAX_BYTES: usize = 128 * 1024;

/// Of 16 000 × 16 000 pixels, of which it has few.
const WIDE_PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAPoAAAD6ACAYAAABBft/eAAAAEUlEQVR4nGNgGAWjYBQMdwAAA+gAAbOm00Y=";

fn svg(part: &str) -> String {
    format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 20 10\">{part}</svg>")
}

/// One of so many, with its number in place of each `{n}` and the one before in place of each `{m}`.
fn each(range: std::ops::Range<u32>, part: &str) -> String {
    range.fold(String::new(), |mut text, n| {
        let _ = write!(text, "{}", part.replace("{n}", &n.to_string()).replace("{m}", &n.wrapping_sub(1).to_string()));
        text
    })
}

/// Drawings that cost some reader or browser much, each by other means.
fn bombs() -> Vec<(&'static str, String)> {
    let ten = |part: &str| part.repeat(10);
    let long_path = format!("M0 0{}", "l9 9l-9-9".repeat(3_000));
    let masks = format!(
        "<mask id='m{{n}}'>{}</mask>",
        ten("<g mask='url(#m{m})'><rect mask='inherit' width='9' height='9'/></g>")
    );
    vec![
        ("at-signs", svg(&format!("<style>{}</style><rect width='9' height='9'/>", "@".repeat(16_000)))),
        ("selectors", svg(&format!("<style>{}b{{fill:red}}</style>{}", "a,".repeat(20_000), "<g/>".repeat(15_000)))),
        (
            "rules",
            svg(&format!("<style>{}</style>{}", "*{fill:red}".repeat(5_000), "<path d='M0 0h1v1'/>".repeat(3_000))),
        ),
        (
            "uses",
            svg(&format!(
                "<rect id='a0' width='9' height='9'/>{}",
                each(1..10, &format!("<g id='a{{n}}'>{}</g>", ten("<use href='#a{m}'/>")))
            )),
        ),
        (
            "masks",
            svg(&format!(
                "<mask id='m0'><rect width='9' height='9'/></mask>{}<rect width='9' height='9' mask='url(#m8)'/>",
                each(1..9, &masks)
            )),
        ),
        (
            "filters",
            svg(&format!(
                "<filter id='f' x='-1e5' y='-1e5' width='2e5' height='2e5'>{}</filter>{}",
                "<feTurbulence baseFrequency='9' numOctaves='9'/><feGaussianBlur stdDeviation='99'/>".repeat(300),
                "<rect filter='url(#f)' width='9' height='9'/>".repeat(100)
            )),
        ),
        (
            "paths",
            svg(&format!(
                "<path id='p' fill='none' stroke='red' stroke-dasharray='.001' d='{long_path}'/>{}",
                "<use href='#p'/>".repeat(1_000)
            )),
        ),
        (
            "patterns",
            svg(&format!(
                "<pattern id='p0' width='.001' height='.001'><rect width='1' height='1'/></pattern>{}<rect width='9' height='9' fill='url(#p8)'/>",
                each(
                    1..9,
                    "<pattern id='p{n}' width='.01' height='.01' patternUnits='userSpaceOnUse'><rect width='9' height='9' fill='url(#p{m})'/></pattern>"
                )
            )),
        ),
        ("depth", svg(&format!("{}{}", "<g>".repeat(18_000), "</g>".repeat(18_000)))),
        ("wide", svg(&format!("<image width='9' height='9' href='data:image/png;base64,{WIDE_PNG}'/>"))),
        ("attributes", svg(&format!("<g {}/>", each(0..9_000, "a{n}='' ")))),
    ]
}

async fn set(hub: &HubProcess, owner: &str, picture: &str) -> Result<Value, String> {
    let answer = hub.graphql(Some(owner), SET, json!({ "data": STANDARD.encode(picture) })).await;
    match answer.code() {
        None => Ok(answer.data()["brandingSetImage"].clone()),
        Some("bad_input") => Err(answer.message().to_owned()),
        Some(code) => panic!("{code}: {}", answer.message()),
    }
}

#[tokio::test]
async fn whatever_an_svg_costs_the_hub_serves_the_others() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let client = Client::builder().timeout(Duration::from_secs(60)).build().expect("a client");
    let asked = async || client.get(hub.url("/healthz")).send().await.expect("an answer within a minute").status();
    for (name, bomb) in bombs() {
        assert!(bomb.len() <= MAX_BYTES, "{name} is refused for its {} bytes", bomb.len());
        let drawing = set(&hub, &owner, &bomb);
        tokio::pin!(drawing);
        let mut ticks = tokio::time::interval(Duration::from_millis(200));
        let outcome = loop {
            tokio::select! {
                outcome = &mut drawing => break outcome,
                status = async { ticks.tick().await; asked().await } => assert_eq!(status, StatusCode::OK, "{name}"),
            }
        };
        match outcome {
            Ok(of) => assert_eq!(of["branding"]["logo"]["mediaType"], "image/png", "{name}"),
            Err(words) => assert!(words.starts_with("the SVG "), "{name}: {words}"),
        }
    }
    let drawn = set(&hub, &owner, &svg("<rect width='9' height='9'/>")).await;
    assert_eq!(drawn.expect("a drawing")["changed"], true, "after all of them there is a place to draw in");
}

#[tokio::test]
async fn an_svg_is_kept_as_its_drawing_and_known_again() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let logo = svg("<rect width='9' height='9' fill='#fc0'/>");
    let first = set(&hub, &owner, &logo).await.expect("a drawing");
    let of = &first["branding"]["logo"];
    let sent = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, logo.as_bytes());
    assert_eq!(of["sentDigest"], format!("sha256:{}", hex::encode(sent.as_ref())));
    assert!(of["digest"] != of["sentDigest"] && of["mediaType"] == "image/png", "{of:#}");
    let path = of["path"].as_str().expect("a path");
    let served = Client::new().get(hub.url(&format!("/{path}"))).send().await.expect("an answer");
    assert_eq!(served.headers()["content-type"], "image/png");
    let bytes = served.bytes().await.expect("bytes");
    assert_eq!((&bytes[..4], &bytes[16..24]), (b"\x89PNG".as_slice(), b"\0\0\x02\0\0\0\x01\0".as_slice()), "512 × 256");
    assert_eq!(set(&hub, &owner, &logo).await.expect("a drawing")["changed"], false);
    let same = set(&hub, &owner, &svg("<!-- --><rect width='9' height='9' fill='#fc0'/>")).await.expect("a drawing");
    assert_eq!((&same["changed"], &same["branding"]["logo"]["digest"]), (&json!(true), &of["digest"]), "{same:#}");
    for (part, words) in [
        ("<text>Acme</text>", "turn its text into paths"),
        ("<script>alert(1)</script>", "the element <script> at line 1"),
        ("<image href='/etc/hostname' width='1' height='1'/>", "in another file"),
        ("<g/>", "shows nothing"),
    ] {
        let refused = set(&hub, &owner, &svg(part)).await.expect_err(part);
        assert!(refused.contains(words), "{part}: {refused}");
    }
}

/// What the hub starts, by itself: the limits are its own, and not those of whoever starts it.
#[tokio::test]
async fn the_process_that_draws_has_limits_of_its_own() {
    let draw = async |svg: &str| {
        let mut command = Command::new(distr_tests::binary("distr-hub"));
        command.arg("draw-picture").env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the hub's program");
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(svg.as_bytes()).await.expect("it reads all of it");
        drop(input);
        child.wait_with_output().await.expect("its end")
    };
    let drawn = draw(&svg("<rect width='9' height='9'/>")).await;
    assert!(drawn.status.success() && drawn.stdout.starts_with(b"\x89PNG"), "{drawn:?}");
    let refused = draw(&svg("<text>Acme</text>")).await;
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(65), 0));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("paths"), "{refused:?}");
    // more than its time, and more than its memory
    for (name, bomb) in bombs().into_iter().filter(|(name, _)| ["filters", "wide"].contains(name)) {
        let ended = draw(&bomb).await;
        assert!(ended.status.signal().is_some() && ended.stdout.is_empty(), "the system did not end {name}: {ended:?}");
    }
}
