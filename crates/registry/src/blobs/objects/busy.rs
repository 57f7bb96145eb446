//! The uploads that somebody is writing to, each for as long as that takes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use uuid::Uuid;

#[derive(Clone, Default)]
pub(super) struct Busy(Arc<Mutex<HashMap<Uuid, Weak<()>>>>);

/// The upload is busy until this is dropped.
pub(super) struct Alone(#[expect(dead_code, reason = "it lives as long as the writer")] Arc<()>);

impl Busy {
    /// Nothing if somebody is writing to the upload.
    pub(super) fn lock(&self, upload: Uuid) -> Option<Alone> {
        let mut uploads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        uploads.retain(|_, writer| writer.strong_count() > 0);
        if uploads.contains_key(&upload) {
            return None;
        }
        let writer = Arc::new(());
        uploads.insert(upload, Arc::downgrade(&writer));
        Some(Alone(writer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_busy_until_its_writer_is_gone() {
        let (busy, upload) = (Busy::default(), Uuid::from_u128(1));
        let first = busy.lock(upload).unwrap();
        assert!(busy.lock(upload).is_none() && busy.lock(Uuid::from_u128(2)).is_some());
        drop(first);
        assert!(busy.lock(upload).is_some());
    }
}
