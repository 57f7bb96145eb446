//! The page of a report: one file without scripts or anything that is fetched, for a screen and for paper. Its data is in it.

use std::fmt::Write;

use anyhow::Result;

use super::proven::Proven;
use super::story::{Line, Month, Story};
use crate::moment::text;

const BEGIN: &str = "<script type=\"application/json\" id=\"report\">";
const END: &str = "</script>";

const STYLE: &str = "\
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8886;overflow-wrap:anywhere}\
th{font-weight:600}.l{table-layout:fixed}.l th:nth-child(1){width:10rem}.l th:nth-child(4),.l th:nth-child(5){width:12rem}\
.l td:nth-child(4),.l td:nth-child(5),code,.k{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{font-weight:600}dd{margin:0}\
pre{white-space:pre-wrap;overflow-wrap:anywhere}.note{max-width:48rem}\
@media screen and (max-width:48rem){dl{grid-template-columns:1fr}.l thead{display:none}.l td{display:block;border:0;padding:.1rem 0}\
.l tr{display:block;border-bottom:1px solid #8886;padding:.4rem 0}}\
@media print{body{margin:0;max-width:none;font-size:10pt}tr{break-inside:avoid}thead{display:table-header-group}}";

pub(super) fn page(proven: &Proven) -> Result<String> {
    let Proven { asked, checkpoint, story, evidence, .. } = proven;
    let Story { organization, customer, application, license, agreed, seats, used, refused, months } = story;
    let [from, to] = [asked.from, asked.to].map(|at| at.map(text));
    let mut page = Page::default();
    let title = format!("License {license} of {customer}");
    page.raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    page.raw("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">");
    page.raw("<title>");
    page.text(&title);
    page.raw("</title><style>");
    page.raw(STYLE);
    page.raw("</style></head><body>\n<h1>");
    page.text(&title);
    page.raw("</h1>\n<dl>");
    page.term("Vendor", organization);
    page.term("Customer", customer);
    page.term("Application", application);
    page.term("License", license);
    page.term("Uses from", from.as_deref().unwrap_or("the first day"));
    page.term("Until, not included", to.as_deref().unwrap_or("the checkpoint below"));
    page.raw("</dl>\n");
    page.lines("What was agreed", "nothing", agreed);
    page.months(months);
    page.lines("What was refused, and why", "nothing was refused", refused);
    page.lines("What was used", "nothing was used", used);
    page.lines("Who sat on its seats", "nobody sat on a seat", seats);
    page.raw("<h2>What proves it</h2>\n<p class=\"note\">");
    page.text(&format!(
        "Each line names its entry in the history of the vendor. This file holds the {} entries that it rests on, byte by byte, and the way \
         from each to the root of this checkpoint, which the vendor signed:",
        evidence.len()
    ));
    page.raw("</p>\n<pre class=\"k\">");
    page.text(checkpoint);
    page.raw("</pre>\n<p class=\"note\">Whoever has the public key of the vendor checks all of it, the words included, with no connection: ");
    page.raw("<code>distr audit verify FILE --key KEY</code>.</p>\n<p class=\"note\">");
    page.text(
        "What it does not prove: that nothing was left out, which an export of the whole history shows, from which this report is made again \
         the same; that what was written down is true; and what was asked for in other ways than at the vendor's hub. The pulls of the parts \
         of an image belong to the pull of the image, and are not told one by one. Accesses whose content the vendor keeps no longer are not \
         in it.",
    );
    page.raw("</p>\n");
    page.raw(BEGIN);
    // nothing in it ends the element
    page.raw(&serde_json::to_string(proven)?.replace('<', "\\u003c"));
    page.raw(END);
    page.raw("\n</body></html>\n");
    Ok(page.0)
}

/// The data in a page; nothing if it is none.
pub(super) fn data(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once(BEGIN)?;
    rest.split_once(END).map(|(data, _)| data)
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn raw(&mut self, html: &str) {
        self.0.push_str(html);
    }

    fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '<' => self.raw("&lt;"),
                '>' => self.raw("&gt;"),
                '&' => self.raw("&amp;"),
                '"' => self.raw("&quot;"),
                other if distr_domain::text::misleads(other) && other != '\n' => {
                    _ = write!(self.0, "\\u{{{:x}}}", u32::from(other));
                }
                other => self.0.push(other),
            }
        }
    }

    fn term(&mut self, name: &str, value: &str) {
        self.element("dt", name);
        self.element("dd", value);
    }

    fn element(&mut self, name: &str, text: &str) {
        self.raw(&format!("<{name}>"));
        self.text(text);
        self.raw(&format!("</{}>", name.split(' ').next().unwrap_or_default()));
    }

    fn table(&mut self, (title, class): (&str, &str), heads: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        self.element("h2", title);
        self.raw(&format!("\n<table class=\"{class}\"><thead><tr>"));
        heads.iter().for_each(|head| self.element("th scope=\"col\"", head));
        self.raw("</tr></thead><tbody>\n");
        for row in rows {
            self.raw("<tr>");
            row.iter().for_each(|cell| self.element("td", cell));
            self.raw("</tr>\n");
        }
        self.raw("</tbody></table>\n");
    }

    fn lines(&mut self, title: &str, none: &str, lines: &[Line]) {
        if lines.is_empty() {
            self.element("h2", title);
            return self.element("p", none);
        }
        let cells = |line: &Line| {
            let Line { at, who, what, reason, entry, event } = line;
            let proof = format!("{entry} · {event}");
            vec![
                at.format("%Y-%m-%d %H:%M:%S").to_string(),
                what.clone(),
                reason.clone().unwrap_or_default(),
                who.clone(),
                proof,
            ]
        };
        let heads = ["Time (UTC)", "What", "Reason", "Who", "Entry and event"];
        self.table((title, "l"), &heads, lines.iter().map(cells));
    }

    fn months(&mut self, months: &[Month]) {
        if months.is_empty() {
            return;
        }
        let cells = |Month { month, what, granted, refused }: &Month| {
            vec![month.clone(), what.clone(), granted.to_string(), refused.to_string()]
        };
        self.table(("Uses by month", "m"), &["Month", "What", "Granted", "Refused"], months.iter().map(cells));
    }
}
