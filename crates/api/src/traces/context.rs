//! The trace that a request belongs to: its caller's, or one of its own. This hub's `x-correlation-id` is the id of a trace, too.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use uuid::Uuid;

use super::caller::Caller;

/// The correlation id of a request and, if it named one, the span that it came from.
#[derive(Debug, Clone, Copy)]
pub struct Incoming {
    pub correlation: Uuid,
    pub caller: Option<Caller>,
}

impl Caller {
    fn context(&self) -> SpanContext {
        let flags = if self.sampled { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
        SpanContext::new(TraceId::from_bytes(self.trace), SpanId::from_bytes(self.span), flags, true, TraceState::NONE)
    }
}

impl Incoming {
    /// A correlation id that the caller chose comes first; else its trace's id is one, else this request begins a trace.
    pub fn new(chosen: Option<Uuid>, caller: Option<Caller>, request: Uuid) -> Self {
        let of_trace = || caller.map(|caller| Uuid::from_bytes(caller.trace));
        Self { correlation: chosen.or_else(of_trace).unwrap_or(request), caller }
    }

    fn is_in_callers_trace(&self) -> bool {
        self.caller.is_some_and(|caller| caller.trace == *self.correlation.as_bytes())
    }

    pub(super) fn parent(&self) -> SpanId {
        match self.caller {
            Some(caller) if self.is_in_callers_trace() => SpanId::from_bytes(caller.span),
            _ => SpanId::INVALID,
        }
    }

    /// To the caller's span, if that is in another trace.
    pub(super) fn link(&self) -> Option<SpanContext> {
        self.caller.filter(|_| !self.is_in_callers_trace()).map(|caller| caller.context())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trace_is_the_callers_unless_it_chose_a_correlation_id() {
        let (caller, request, chosen) = (
            Caller::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
            Uuid::from_u128(1),
            Uuid::from_u128(2),
        );
        let within = Incoming::new(None, caller, request);
        assert_eq!(within.correlation.as_bytes(), &caller.unwrap().trace);
        assert!(within.parent() != SpanId::INVALID && within.link().is_none());
        let beside = Incoming::new(Some(chosen), caller, request);
        assert_eq!(beside.correlation, chosen);
        assert!(beside.parent() == SpanId::INVALID && beside.link().is_some());
        assert_eq!(Incoming::new(None, None, request).correlation, request);
    }
}
