use super::*;

const MOST: usize = 128 * 1024;

fn with(part: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <svg xmlns=\"{SVG}\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" viewBox=\"0 0 20 10\">\n{part}\n</svg>"
    )
}

fn drawn(svg: &str) -> Pixmap {
    let png = draw(svg, MOST).unwrap_or_else(|error| panic!("{error}: {svg}"));
    Pixmap::decode_png(&png).unwrap()
}

/// In the drawing's own units, of a drawing of 20 × 10; red, green, blue, and how much it covers.
fn at(pixmap: &Pixmap, x: f32, y: f32) -> [u8; 4] {
    let scale = pixmap.width() as f32 / 20.0;
    let colour = pixmap.pixel((x * scale) as u32, (y * scale) as u32).unwrap().demultiply();
    [colour.red(), colour.green(), colour.blue(), colour.alpha()]
}

#[test]
fn a_drawing_has_its_shape_its_colours_and_nothing_behind_it() {
    let pixmap = drawn(&with("<rect width='10' height='10' fill='#fc0'/><circle cx='15' cy='5' r='3' opacity='.5'/>"));
    assert_eq!((pixmap.width(), pixmap.height()), (LONGEST_SIDE, LONGEST_SIDE / 2));
    assert_eq!(at(&pixmap, 5.0, 5.0), [255, 204, 0, 255]);
    assert!((127..=128).contains(&at(&pixmap, 15.0, 5.0)[3]));
    assert_eq!(at(&pixmap, 19.0, 9.0)[3], 0);
    // without a viewBox, and with a side that would be less than a pixel
    let tall = drawn(&format!("<svg xmlns='{SVG}' width='1mm' height='700mm'><rect width='9' height='99999'/></svg>"));
    assert_eq!((tall.width(), tall.height()), (1, LONGEST_SIDE));
}

/// Each paints the left half red.
#[test]
fn what_drawing_programs_write_is_drawn() {
    let inkscape = "<sodipodi:namedview xmlns:sodipodi='http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd' id='b'/>
        <metadata><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></metadata>
        <defs><linearGradient id='a'><stop offset='0' style='stop-color:#f00;stop-opacity:1'/></linearGradient>
        <linearGradient xlink:href='#a' id='c' x1='0' x2='9' gradientUnits='userSpaceOnUse'/></defs>
        <g transform='translate(1,0)' style='display:inline'><path style='fill:url(#c);stroke:none' d='m -1,0 h 10 v 10 h -10 z'/></g>";
    let illustrator = "<style type=\"text/css\"><![CDATA[ .st0 { fill: #FF0000; clip-path: url( \"#c\" ) } ]]></style>
        <defs><rect id=\"r\" width=\"10\" height=\"10\"/></defs><clipPath id=\"c\"><use xlink:href=\"#r\" style=\"overflow:visible;\"/></clipPath>
        <g id=\"Layer_1\" xml:space=\"preserve\"><rect class=\"st0\" width=\"20\" height=\"10\"/></g>";
    let figma = "<g clip-path='url(#clip0_1_2)'><g filter='url(#filter0_d)'><path fill-rule='evenodd' d='M0 0H10V10H0Z' fill='red'/></g>
        <mask id='mask0' style='mask-type:alpha' maskUnits='userSpaceOnUse' x='0' y='0' width='20' height='10'><rect width='20' height='10' fill='#D9D9D9'/></mask></g>
        <defs><filter id='filter0_d' x='0' y='0' width='20' height='10' filterUnits='userSpaceOnUse' color-interpolation-filters='sRGB'>
        <feFlood flood-opacity='0' result='BackgroundImageFix'/><feBlend mode='normal' in='SourceGraphic' in2='BackgroundImageFix' result='shape'/></filter>
        <clipPath id='clip0_1_2'><rect width='20' height='10' fill='white'/></clipPath></defs>";
    let old = "<symbol id='s' viewBox='0 0 1 1'><rect width='1' height='1' fill='#f00'/></symbol><use href='#s' width='10' height='10'/>
        <text xml:space='preserve'> </text><flowRoot/><g aria-label='an image(s)' data-name='url(1)' onclick=''/>";
    for part in [inkscape, illustrator, figma, old] {
        let pixmap = drawn(&with(part));
        assert_eq!(at(&pixmap, 5.0, 5.0), [255, 0, 0, 255], "{part}");
        assert_eq!(at(&pixmap, 15.0, 5.0)[3], 0, "{part}");
    }
    let document_type =
        "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">";
    let prefixed =
        "<s:svg xmlns:s=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"><s:rect width=\"1\" height=\"1\"/></s:svg>";
    drawn(&format!("\u{feff}{document_type}\n{prefixed}"));
}

#[test]
fn a_picture_within_is_drawn_if_it_is_one_of_pixels() {
    let mut blue = Pixmap::new(2, 2).unwrap();
    blue.fill(resvg::tiny_skia::Color::from_rgba8(0, 0, 255, 255));
    let png = blue.encode_png().unwrap();
    let encoded: String = png.iter().map(|byte| format!("%{byte:02x}")).collect();
    let image = |link: &str| with(&format!("<image width='10' height='10' xlink:href='{link}'/>"));
    // what it is its bytes say, whatever its link says
    assert_eq!(at(&drawn(&image(&format!("data:image/gif,{encoded}"))), 5.0, 5.0), [0, 0, 255, 255]);
    for (link, what) in [
        ("/etc/hostname", "in another file"),
        ("https://x.example/a.png", "in another file"),
        ("data:image/gif;base64,R0lGODlh", "neither PNG nor JPEG nor WebP"),
        ("data:image/svg+xml,<svg/>", "neither PNG nor JPEG nor WebP"),
    ] {
        let link = link.replace('<', "&lt;");
        assert_eq!(draw(&image(&link), MOST), Err(NotDrawn::Picture { what }), "{link}");
        let filter =
            format!("<filter id='f'><feImage href='{link}'/></filter><rect filter='url(#f)' width='9' height='9'/>");
        assert_eq!(draw(&with(&filter), MOST), Err(NotDrawn::Picture { what }), "{link}");
    }
}

#[test]
fn what_would_be_missing_is_refused_with_its_line() {
    for (part, what) in [
        ("<script>alert(1)</script>", "the element <script>"),
        ("<x:script xmlns:x='http://www.w3.org/2000/svg'/>", "the element <script>"),
        ("<g><h:p xmlns:h='http://www.w3.org/1999/xhtml'>a</h:p></g>", "the element <p> of HTML"),
        ("<foreignObject/>", "the element <foreignObject>"),
        ("<rect><animate attributeName='x'/></rect>", "the element <animate>"),
        ("<use href='https://x.example/a.svg#b'/>", "a link to another file, the attribute href of <use>"),
        ("<path fill='url(https://x.example/)'/>", "a link to another file, the attribute fill of <path>"),
        ("<path style='mask: url( \"//x.example/\" )'/>", "a link to another file, the attribute style of <path>"),
        ("<style>@IMPORT 'https://x.example/';</style>", "a style sheet with @import"),
        ("<style>@keyframes a{} g{animation:a 1s infinite}</style>", "a style sheet with @keyframes"),
        ("<style>g{fill:url(b.svg#c)}</style>", "a style sheet with a link to another file"),
        ("<?xml-stylesheet href='x.css'?>", "the instruction <?xml-stylesheet?>"),
    ] {
        let refused = draw(&with(&format!("<rect width='9' height='9'/>\n{part}")), MOST);
        assert_eq!(refused, Err(NotDrawn::Missing { what: what.into(), line: 4 }), "{part}");
    }
    for part in ["<text>Acme</text>", "<text><tspan>Acme</tspan></text>"] {
        assert_eq!(draw(&with(part), MOST), Err(NotDrawn::Text { line: 3 }), "{part}");
    }
}

#[test]
fn what_is_no_drawing_is_said_to_be_none() {
    let refused = |text: &str| draw(text, MOST).unwrap_err();
    assert_eq!(refused("<html><svg/></html>"), NotDrawn::OtherType { root: "html".into() });
    assert_eq!(refused("<svg></svg>"), NotDrawn::NoNamespace);
    assert!(matches!(refused(&with("<g>")), NotDrawn::NoXml { line: 4, .. }));
    let entities = format!("<!DOCTYPE svg [<!ENTITY a \"b\">]><svg xmlns=\"{SVG}\">&a;</svg>");
    assert_eq!(refused(&entities), NotDrawn::Entities);
    for part in ["", "<g/>", "<rect x='30' width='5' height='5'/>", "<rect width='5' height='5' fill='none'/>"] {
        assert_eq!(refused(&with(part)), NotDrawn::Nothing, "{part}");
    }
    assert!(matches!(refused(&format!("<svg xmlns='{SVG}' width='0' height='0'/>")), NotDrawn::Unclear { .. }));
    assert_eq!(refused(&with(&"<g/>".repeat(100_001))), NotDrawn::TooManyParts);
    let uses = (1..10).map(|n| format!("<g id='a{n}'>{}</g>", format!("<use href='#a{}'/>", n - 1).repeat(10)));
    let uses = format!("<rect id='a0' width='9' height='9'/>{}", uses.collect::<String>());
    assert_eq!(refused(&with(&uses)), NotDrawn::TooManyParts);
    assert_eq!(refused(&with(&format!("{}{}", "<g>".repeat(9_000), "</g>".repeat(9_000)))), NotDrawn::TooManyParts);
}

#[test]
fn a_drawing_with_many_bytes_is_a_smaller_one() {
    let dots = (0..1_000_u32).map(|number| {
        let (x, y) = (number % 50, number / 50);
        let colour = number.wrapping_mul(2_654_435_761) >> 8;
        format!("<circle cx='{}' cy='{}' r='.3' fill='#{colour:06x}'/>", f64::from(x) * 0.4, f64::from(y) * 0.5)
    });
    let svg = with(&dots.collect::<String>());
    let whole = draw(&svg, MOST).unwrap();
    let smaller = draw(&svg, whole.len() - 1).unwrap();
    assert!(smaller.len() < whole.len());
    assert_eq!(Pixmap::decode_png(&smaller).unwrap().width(), LONGEST_SIDE / 2);
    assert_eq!(draw(&svg, 100), Err(NotDrawn::TooLarge));
}
