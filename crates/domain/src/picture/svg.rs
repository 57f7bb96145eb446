//! What an SVG may hold: shapes, texts and paints, and nothing that runs, moves, or is fetched from elsewhere. All that is not
//! named here is refused. What drawing programs add for themselves has a namespace of its own, and no browser draws it.

use roxmltree::{Attribute, Document, Error, Node};

use super::NoPicture;

const SVG: &str = "http://www.w3.org/2000/svg";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XLINK: &str = "http://www.w3.org/1999/xlink";

/// Namespaces besides that browsers act by.
const ACTED_BY: [&str; 5] = [
    "http://www.w3.org/1999/xhtml",
    "http://www.w3.org/1998/Math/MathML",
    "http://www.w3.org/2001/xml-events",
    "http://www.w3.org/1999/XSL/Transform",
    "http://www.mozilla.org/keymaster/gatekeeper/there.is.only.xul",
];

/// Beside the parts of a filter, whose names begin with `fe`.
const DRAWN: [&str; 28] = [
    "circle",
    "clipPath",
    "defs",
    "desc",
    "ellipse",
    "filter",
    "g",
    "image",
    "line",
    "linearGradient",
    "marker",
    "mask",
    "metadata",
    "path",
    "pattern",
    "polygon",
    "polyline",
    "radialGradient",
    "rect",
    "stop",
    "style",
    "svg",
    "switch",
    "symbol",
    "text",
    "title",
    "tspan",
    "use",
];

/// Of a picture within the picture.
const RASTERS: [&str; 4] = ["data:image/png;", "data:image/jpeg;", "data:image/gif;", "data:image/webp;"];

/// What fetches in a style sheet or in the value of a property.
const FETCHING: [&str; 4] = ["@import", "image-set(", "image(", "src("];

pub(super) fn check(text: &str) -> Result<(), NoPicture> {
    let text = text.trim_start_matches('\u{feff}');
    // a reader of another encoding would read another text
    let encoding = declared_encoding(text);
    if !["utf-8", "us-ascii"].contains(&encoding.to_ascii_lowercase().as_str()) {
        return Err(NoPicture::Encoding { encoding: encoding.into() });
    }
    let document = Document::parse(text).map_err(|error| match error {
        Error::DtdDetected => refused("a document type", 1),
        // what does not begin as XML is no attempt at an SVG
        _ if !text.trim_start().starts_with('<') => NoPicture::OtherType,
        error => NoPicture::NoXml { line: error.pos().row, reason: error.to_string() },
    })?;
    if !document.root_element().has_tag_name((SVG, "svg")) {
        return Err(NoPicture::OtherType);
    }
    document.descendants().try_for_each(|node| check_node(&document, node))
}

fn check_node(document: &Document, node: Node) -> Result<(), NoPicture> {
    let line = |at: usize| document.text_pos_at(at).row;
    let here = line(node.range().start);
    if let Some(instruction) = node.pi() {
        return Err(refused(&format!("the instruction <?{}?>", instruction.target), here));
    }
    if !node.is_element() {
        return Ok(());
    }
    let name = node.tag_name();
    let namespace = name.namespace().unwrap_or_default();
    if namespace != SVG {
        return match ACTED_BY.contains(&namespace) {
            true => Err(refused(&format!("the element <{}> of {namespace}", name.name()), here)),
            false => Ok(()),
        };
    }
    if !DRAWN.contains(&name.name()) && !name.name().starts_with("fe") {
        return Err(refused(&format!("the element <{}>", name.name()), here));
    }
    let texts = || node.descendants().filter(Node::is_text).filter_map(|part| part.text());
    if name.name() == "style" && fetches(&texts().collect::<String>()) {
        return Err(refused("a style sheet that takes something from elsewhere", here));
    }
    node.attributes().try_for_each(|attribute| match is_drawn(name.name(), &attribute) {
        true => Ok(()),
        false => Err(refused(
            &format!("the attribute {} of <{}>", attribute.name(), name.name()),
            line(attribute.range().start),
        )),
    })
}

fn is_drawn(element: &str, attribute: &Attribute) -> bool {
    let (name, value) = (attribute.name(), attribute.value());
    match attribute.namespace() {
        None if name == "href" => is_here(element, value),
        None => !name.to_ascii_lowercase().starts_with("on") && !fetches(value),
        Some(XLINK) => name != "href" || is_here(element, value),
        Some(XML) => name != "base",
        Some(other) => !ACTED_BY.contains(&other),
    }
}

/// A part of the same file.
fn is_here(element: &str, link: &str) -> bool {
    let is_raster = || RASTERS.iter().any(|kind| link.starts_with(kind));
    link.starts_with('#') || (["image", "feImage"].contains(&element) && is_raster())
}

fn fetches(style: &str) -> bool {
    let style = style.to_ascii_lowercase();
    let is_escaped = style.contains('\\') && style.contains(['(', '@']);
    let mut links = style.split("url(").skip(1).map(|link| link.trim_start_matches([' ', '\t', '\n', '\r', '"', '\'']));
    is_escaped || FETCHING.iter().any(|word| style.contains(word)) || links.any(|link| !link.starts_with('#'))
}

fn declared_encoding(text: &str) -> &str {
    let declaration =
        text.trim_start().strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).map(|(inner, _)| inner);
    let value = declaration.and_then(|inner| inner.split_once("encoding")).map(|(_, rest)| rest);
    let value = value.map(|rest| rest.trim_start_matches([' ', '\t', '\n', '\r', '=']));
    value.and_then(|rest| rest.get(1..)).and_then(|rest| rest.split(['"', '\'']).next()).unwrap_or("utf-8")
}

fn refused(what: &str, line: u32) -> NoPicture {
    NoPicture::Svg { what: what.into(), line }
}

#[cfg(test)]
mod tests {
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
        ] {
            assert_eq!(check(&with(part)), Ok(()), "{part}");
        }
        assert_eq!(check(&format!("\u{feff}<svg:svg xmlns:svg=\"{SVG}\"><svg:g/></svg:svg>")), Ok(()));
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
            (
                "<iframe xmlns=\"http://www.w3.org/1999/xhtml\"/>",
                "the element <iframe> of http://www.w3.org/1999/xhtml",
            ),
            ("<foreignObject/>", "the element <foreignObject>"),
            ("<handler/>", "the element <handler>"),
            ("<a href=\"#x\"/>", "the element <a>"),
            ("<set attributeName=\"href\"/>", "the element <set>"),
            ("<animate/>", "the element <animate>"),
            ("<g onload=\"alert(1)\"/>", "the attribute onload of <g>"),
            ("<g ONCLICK=\"alert(1)\"/>", "the attribute ONCLICK of <g>"),
            ("<use href=\"https://x.example/a.svg#b\"/>", "the attribute href of <use>"),
            ("<use xlink:href=\"java&#115;cript:alert(1)\"/>", "the attribute href of <use>"),
            ("<use href=\"data:image/png;base64,AA\"/>", "the attribute href of <use>"),
            ("<image href=\"//x.example/a.png\"/>", "the attribute href of <image>"),
            ("<image href=\"data:image/svg+xml;base64,AA\"/>", "the attribute href of <image>"),
            ("<g xml:base=\"https://x.example/\"/>", "the attribute base of <g>"),
            ("<path fill=\"url(https://x.example/)\"/>", "the attribute fill of <path>"),
            ("<path style=\"fill:u\\72l(https://x.example/)\"/>", "the attribute style of <path>"),
            ("<style>@import 'https://x.example/';</style>", "a style sheet that takes something from elsewhere"),
            ("<style>a{b:url(<![CDATA[//x.example]]>)}</style>", "a style sheet that takes something from elsewhere"),
            ("<?xml-stylesheet href=\"x.css\"?>", "the instruction <?xml-stylesheet?>"),
        ] {
            assert_eq!(check(&with(part)), Err(NoPicture::Svg { what: what.into(), line: 3 }), "{part}");
        }
        assert_eq!(check(&format!("<!DOCTYPE svg><svg xmlns=\"{SVG}\"/>")), Err(refused("a document type", 1)));
    }

    #[test]
    fn a_text_of_another_kind_or_encoding_is_no_svg() {
        for other in
            ["", "GIF89a", "<html><svg/></html>", "<svg></svg>", "<svgx xmlns=\"http://www.w3.org/2000/svg\"/>"]
        {
            assert_eq!(check(other), Err(NoPicture::OtherType), "{other:?}");
        }
        assert!(matches!(check(&with("<g>")), Err(NoPicture::NoXml { .. })));
        let encoded = with("").replace("UTF-8", "UTF-7");
        assert_eq!(check(&encoded), Err(NoPicture::Encoding { encoding: "UTF-7".into() }));
        let deep = with(&format!("{}{}", "<g>".repeat(20_000), "</g>".repeat(20_000)));
        _ = check(&deep);
    }
}
