//! What a call's own moments tell of it.
//!
//! In: the moments of a call, as an interceptor sees them. Out: the metadata of head and trailers, and the end.
//!
//! The suite wants all of it for every call, also the head of a call that failed and the end of one that was
//! cancelled by dropping it. Interceptors are where the library promises just that: the head when it comes, and the
//! end exactly once, whatever became of the call. So the promise is kept before the suite's eyes: a call that
//! never ends here is a report that never comes.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use wirewright::{CallInfo, Interceptor, Metadata, Request, Status};

/// Sees the head and the end of calls that carry a [`Notebook`].
#[derive(Debug)]
pub(super) struct Witness;

/// What was seen of one call.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The metadata of the response head.
    pub(super) head: Metadata,
    /// The metadata of the trailers, of good ends and bad.
    pub(super) trailers: Metadata,
    /// How the call failed, if it did.
    pub(super) failure: Option<Status>,
}

/// Waits for the end of one call.
#[derive(Debug)]
pub(super) struct Testimony(oneshot::Receiver<Seen>);

/// Travels with a request, and is filled in by the witness.
#[derive(Clone)]
struct Notebook(Arc<Mutex<Pages>>);

struct Pages {
    head: Metadata,
    report: Option<oneshot::Sender<Seen>>,
}

impl Witness {
    /// Puts a notebook beside the request.
    pub(super) fn attend<T>(request: &mut Request<T>) -> Testimony {
        let (report, testimony) = oneshot::channel();
        let pages = Pages { head: Metadata::new(), report: Some(report) };
        request.extensions_mut().insert(Notebook(Arc::new(Mutex::new(pages))));
        Testimony(testimony)
    }
}

impl Testimony {
    /// What was seen, once the call has ended.
    ///
    /// # Errors
    ///
    /// If the call is gone and its end was never told.
    pub(super) async fn hear(self) -> Result<Seen, String> {
        self.0.await.map_err(|_| "the call is gone without an end".to_owned())
    }
}

impl Notebook {
    fn with<R>(call: &CallInfo, write: impl FnOnce(&mut Pages) -> R) -> Option<R> {
        let notebook = call.extension::<Notebook>()?;
        Some(write(&mut notebook.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Interceptor for Witness {
    fn headers(&self, call: &CallInfo, metadata: &mut Metadata) {
        Notebook::with(call, |pages| pages.head = metadata.clone());
    }

    fn end(&self, call: &CallInfo, end: &Result<(), Status>, trailers: &mut Metadata) {
        Notebook::with(call, |pages| {
            let failure = end.as_ref().err().cloned();
            // A status has the trailers that came with it.
            let trailers = failure.as_ref().map_or(&*trailers, |status| status.metadata()).clone();
            let seen = Seen { head: std::mem::take(&mut pages.head), trailers, failure };
            if let Some(report) = pages.report.take() {
                // Whoever asked may have left; that is not the call's concern.
                let _ = report.send(seen);
            }
        });
    }
}
