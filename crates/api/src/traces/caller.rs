//! `traceparent` (W3C Trace Context 1): the span that a request comes from.

/// The span that a caller is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    pub trace: [u8; 16],
    pub span: [u8; 8],
    pub sampled: bool,
}

impl Caller {
    /// Nothing for what is no `traceparent`: the request is traced as if it had none.
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.trim().split('-');
        let [version] = hex(parts.next()?)?;
        let (trace, span): ([u8; 16], [u8; 8]) = (hex(parts.next()?)?, hex(parts.next()?)?);
        let [flags] = hex(parts.next()?)?;
        // later versions may say more
        let fits = version != 0xff && (version > 0 || parts.next().is_none());
        let is_valid = trace != [0; 16] && span != [0; 8];
        (fits && is_valid).then_some(Self { trace, span, sampled: flags & 1 == 1 })
    }
}

/// Lower-case digits, exactly as many as fit.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let mut bytes = [0; N];
    (is_lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_names_trace_span_and_decision() {
        let caller = Caller::parse(HEADER).unwrap();
        assert_eq!(Uuid::from_bytes(caller.trace).simple().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!((caller.span[1], caller.sampled), (0xf0, true));
        assert!(!Caller::parse(&HEADER.replace("-01", "-00")).unwrap().sampled);
        assert_eq!(Caller::parse(&format!("cc{}-more", &HEADER[2..])), Some(caller));
        let short = &HEADER[..54];
        let zero = HEADER.replace("00f067aa0ba902b7", "0000000000000000");
        let upper = HEADER.to_uppercase();
        let longer = format!("{HEADER}-more");
        let forbidden = format!("ff{}", &HEADER[2..]);
        for bad in ["", "00", short, &zero, &upper, &longer, &forbidden] {
            assert_eq!(Caller::parse(bad), None, "{bad}");
        }
    }
}
