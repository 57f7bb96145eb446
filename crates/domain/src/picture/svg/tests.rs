use super::*;

fn with(part: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"{SVG}\" xmlns:xlink=\"{XLINK}\" viewBox=\"0 0 1 1\">\n\
         {part}\n</svg>"
    )
}

#[test]
fn what_drawing_programs_write_is_drawn() {
    for part in [
        "<path d=\"M0 0h1v1z\" style=\"fill:url(#a);stroke:#fff\"/>",
        "<defs><linearGradient id=\"a\"><stop offset=\"0\"/></linearGradient></defs><use xlink:href=\"#a\"/><use href='#a'/>",
        "<style type=\"text/css\"><![CDATA[ .st0 { fill: #E30613; clip-path: url( \"#c\" ) } ]]></style>",
        "<sodipodi:namedview xmlns:sodipodi=\"http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd\" id=\"b\" onclick=\"\"/>",
        "<image href=\"data:image/png;base64,iVBORw0KGgo=\"/><filter id=\"f\"><feGaussianBlur stdDeviation=\"2\"/></filter>",
        "<!-- a logo --><text xml:space=\"preserve\" font-family=\"Inter, sans-serif\">Acme &amp; Sons (\u{e9})</text>",
        "<g id=\"logo-image(1)\" aria-label=\"Company image(s)\" class=\"a src(1)\" data-name=\"url(1)\"/>",
        "<style>.q::before{content:\"\\201C\"} .a{fill:rgb(11,122,117)} .a\\:b{fill:red}@media(min-width:9px){.a{fill:red}}</style>",
        "<style>@font-face{font-family:A;src:url(\"data:font/woff2;base64,AA\")}</style>",
        "<path id=\"c\"/><text><textPath xlink:href=\"#c\">round</textPath></text><view/><flowRoot/>",
        "<metadata><?xpacket begin=''?></metadata>",
    ] {
        assert_eq!(check(&with(part)), Ok(()), "{part}");
    }
    assert_eq!(check(&format!("\u{feff}<svg:svg xmlns:svg=\"{SVG}\"><svg:g/></svg:svg>")), Ok(()));
    let old = "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">";
    assert_eq!(check(&format!("{old}\n<svg xmlns=\"{SVG}\"/>")), Ok(()));
    assert_eq!(check(&with("").replace("UTF-8", "iso-8859-1")), Ok(()));
}

#[test]
fn what_runs_moves_or_is_fetched_is_refused_with_its_line() {
    for (part, what) in [
        ("<script>alert(1)</script>", "the element <script>"),
        ("<x:script xmlns:x=\"http://www.w3.org/2000/svg\"/>", "the element <script>"),
        (
            "<h:script xmlns:h=\"http://www.w3.org/1999/xhtml\"/>",
            "the element <script> of http://www.w3.org/1999/xhtml",
        ),
        ("<iframe xmlns=\"http://www.w3.org/1999/xhtml\"/>", "the element <iframe> of http://www.w3.org/1999/xhtml"),
        ("<foreignObject/>", "the element <foreignObject>"),
        ("<handler/>", "the element <handler>"),
        ("<a href=\"#x\"/>", "the element <a>"),
        ("<set attributeName=\"href\"/>", "the element <set>"),
        ("<animate/>", "the element <animate>"),
        ("<filter><feTurbulence numOctaves=\"9999\"/></filter>", "the element <feTurbulence>"),
        ("<g onload=\"alert(1)\"/>", "the attribute onload of <g>"),
        ("<g ONCLICK=\"alert(1)\"/>", "the attribute ONCLICK of <g>"),
        ("<use href=\"https://x.example/a.svg#b\"/>", "the attribute href of <use>"),
        ("<use xlink:href=\"java&#115;cript:alert(1)\"/>", "the attribute href of <use>"),
        ("<use href=\"data:image/png;base64,AA\"/>", "the attribute href of <use>"),
        ("<image href=\"//x.example/a.png\"/>", "the attribute href of <image>"),
        ("<image href=\"data:image/svg+xml;base64,AA\"/>", "the attribute href of <image>"),
        ("<g xml:base=\"https://x.example/\"/>", "the attribute base of <g>"),
        ("<path fill=\"url(https://x.example/)\"/>", "the attribute fill of <path>"),
        ("<path fill=\"url('&quot;#a')\"/>", "the attribute fill of <path>"),
        ("<path style=\"fill:u\\72l(https://x.example/)\"/>", "the attribute style of <path>"),
        ("<path style=\"fill:u\\72 l(https://x.example/)\"/>", "the attribute style of <path>"),
        ("<path style=\"mask:image-set('https://x.example/' 1x)\"/>", "the attribute style of <path>"),
        ("<style>@import 'https://x.example/';</style>", "a style sheet that takes something from elsewhere"),
        ("<style>@\\69mport 'https://x.example/';</style>", "a style sheet that takes something from elsewhere"),
        ("<style>@imp<desc>x</desc>ort 'https://x.example/';</style>", "an element within a style sheet"),
        ("<style>a{b:url(<![CDATA[//x.example]]>)}</style>", "a style sheet that takes something from elsewhere"),
        ("<style>@keyframes a{} g{animation:a 1s infinite}</style>", "a style sheet that moves"),
        ("<style>rect:hover{cursor:wait}</style>", "a style sheet that moves"),
        ("<?xml-stylesheet href=\"x.css\"?>", "the instruction <?xml-stylesheet?>"),
    ] {
        match check(&with(part)) {
            Err(NoPicture::Svg { what: found, line: 3 }) if found.starts_with(what) => {}
            other => panic!("{part}: {other:?}"),
        }
    }
    let entities = format!("<!DOCTYPE svg PUBLIC \"a>b\" [<!ENTITY a \"b\">]><svg xmlns=\"{SVG}\">&a;</svg>");
    assert!(check(&entities).is_err());
    let entities = format!("<!DOCTYPE svg [<!ENTITY a \"b\">]><svg xmlns=\"{SVG}\">&a;</svg>");
    assert!(matches!(check(&entities), Err(NoPicture::Svg { .. })));
}

#[test]
fn a_text_of_another_kind_or_encoding_is_no_svg() {
    for other in ["", "GIF89a", "<html>", "<html><svg/></html>", "<svgx xmlns=\"http://www.w3.org/2000/svg\"/>"] {
        assert_eq!(check(other), Err(NoPicture::OtherType), "{other:?}");
    }
    assert_eq!(check("<svg></svg>"), Err(NoPicture::NoNamespace { namespace: SVG }));
    assert!(matches!(check(&with("<g>")), Err(NoPicture::NoXml { .. })));
    let encoded = with("").replace("UTF-8", "UTF-7");
    assert_eq!(check(&encoded), Err(NoPicture::Encoding { encoding: "UTF-7".into() }));
    let encoded = with("<desc>é</desc>").replace("UTF-8", "iso-8859-1");
    assert_eq!(check(&encoded), Err(NoPicture::Encoding { encoding: "iso-8859-1".into() }));
}

/// Each would take long to read, or to draw.
#[test]
fn a_picture_is_little_work_to_read_and_to_draw() {
    let refused = |part: &str| match check(&with(part)) {
        Err(NoPicture::TooMuch { what, .. }) => what.to_owned(),
        Err(NoPicture::Svg { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&"<g/>".repeat(30_000)), "parts");
    assert_eq!(
        refused(&format!("{}{}", "<g>".repeat(100), "</g>".repeat(100))),
        "more than 64 elements within each other"
    );
    let attributes: String = (0..301).map(|number| format!(" a{number}=''")).collect();
    assert_eq!(refused(&format!("<g{attributes}/>")), "attributes of one element");
    let spaces: String = (0..101).map(|number| format!("<g xmlns:a{number}='b'/>")).collect();
    assert_eq!(refused(&spaces), "namespaces");
    let uses = |way: fn(u32) -> String| -> String {
        let level = |number: u32| format!("<g id=\"a{number}\">{}</g>", way(number - 1).repeat(10));
        format!("<g id=\"a0\"/>{}", (1..9).map(level).collect::<String>())
    };
    assert_eq!(refused(&uses(|of| format!("<use href=\"#a{of}\"/>"))), "parts as they are drawn");
    assert_eq!(refused(&uses(|of| format!("<g mask=\"url(#a{of})\"/>"))), "parts as they are drawn");
    // the same by rules of a style sheet
    for rule in [".c{n}", "#i{n}", "g.c{n}.d, text", "svg > .c{n}", "@media all{.c{n}", ".x{fill:red} .c{n}"] {
        let level = |n: u32| {
            let part = format!("<g id=\"i{n}\" class=\"c{n} d\"/>");
            let rule = rule.replace("{n}", &n.to_string());
            let style = format!("<style>{rule}{{mask:url(#m{n})}}</style>");
            format!("{style}<mask id=\"m{}\">{}</mask>", n + 1, part.repeat(10))
        };
        let chain = format!("{}<g class=\"c8\" id=\"i8\"/>", (0..8).map(level).collect::<String>());
        assert_eq!(refused(&chain), "parts as they are drawn", "{rule}");
    }
    let sheet = "<style>[id]{mask:url(#m)}</style><mask id=\"m\"><g id=\"x\"/></mask>";
    assert_eq!(refused(sheet), "a part that is drawn within itself");
    let rules: String = (0..600).map(|n| format!(".c{n}{{fill:url(#p{n})}}")).collect();
    assert_eq!(refused(&format!("<style>{rules}</style>")), "rules that name other parts");
    let mask = "<mask id=\"m0\"><rect/></mask>";
    for unclear in [
        format!("<svg id=\"m0\"/>{mask}<use href=\"#m0\"/>"),
        format!("{mask}<use href=\"#%6d0\"/>"),
        format!("{mask}<use href=\"#m&#10;0\"/>"),
        format!("{mask}<rect mask=\"url(#m&#10;0)\"/>"),
        format!("{mask}<rect mask=\"url(#m 0)\"/>"),
        format!("<style>.a{{mask:url(&quot;#\\6d 0&quot;)}}</style>{mask}"),
        format!("<style>svg{{--m:url(#m0)}} .a{{mask:var(--m)}}</style>{mask}"),
        format!("<style>rect{{mask:inherit}}</style><g mask=\"url(#m0)\"><rect/></g>{mask}"),
        "<style>.a{content:\"/*\"} .b{content:\"*/\"}</style>".to_owned(),
        "<style>.a{content:\"}\"}</style>".to_owned(),
        "<style>.a{fill:url(data:font/*)}</style>".to_owned(),
        "<style>g:not(:has(~ * ~ *)){fill:red}</style>".to_owned(),
        "<style>.a{mask-image:linear-gradient(red,blue)}</style>".to_owned(),
    ] {
        let what = refused(&unclear);
        assert!(what.starts_with("a link to a part") || what.starts_with("a style sheet"), "{unclear}: {what}");
    }
    // a line before the parenthesis ends is no part of the name, and names of classes end at spaces of ASCII alone
    let line =
        |n: u32| format!("<mask id=\"m{}\">{}</mask>", n + 1, format!("<g mask=\"url(#m{n}&#10;)\"/>").repeat(10));
    assert_eq!(refused(&(0..8).map(line).collect::<String>().replacen("m0", "a", 1)), "parts as they are drawn");
    let inherited = |n: u32| {
        let children = "<rect/>".repeat(40);
        format!("<pattern id=\"p{}\"><g fill=\"url(#p{n})\">{children}</g></pattern>", n + 1)
    };
    assert_eq!(refused(&(0..5).map(inherited).collect::<String>()), "parts as they are drawn");
    let blurred = format!("<style>*{{filter:blur(5px) blur(5px)}}</style>{}", "<rect/>".repeat(200));
    assert_eq!(refused(&blurred), "parts as they are drawn");
    assert_eq!(refused(&"<rect filter=\"blur(5px)\"/>".repeat(300)), "parts as they are drawn");
    // as drawing programs write
    let gradients: String =
        (0..100).map(|n| format!("<linearGradient id=\"g{n}\"/><path class=\"st{n}\" d=\"M0 0\"/>")).collect();
    let sheet: String = (0..100).map(|n| format!(".st{n}{{fill:url(#g{n});clip-path:url(#c)}}")).collect();
    assert_eq!(
        check(&with(&format!("<style>{sheet}</style><clipPath id=\"c\"><rect/></clipPath>{gradients}"))),
        Ok(())
    );
    assert_eq!(refused("<g id=\"a\"><use href=\"#a\"/></g>"), "a part that is drawn within itself");
    let chain: String = (1..500).map(|of| format!("<g id=\"a{of}\"><use href=\"#a{}\"/></g>", of + 1)).collect();
    assert_eq!(refused(&chain), "parts within each other");
    // as many as a detailed map has
    assert_eq!(check(&with(&"<path d=\"M0 0h1v1z\" fill=\"#fff\"/>".repeat(3_000))), Ok(()));
}
