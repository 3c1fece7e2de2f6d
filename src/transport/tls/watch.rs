//! `Source`: the configuration for the next handshake, made again when its files have changed.
//!
//! In: a recipe, which is certificates and settings. Out: a configuration of rustls for each handshake.
//!
//! ```text
//!   handshake --current()--> files as before?    the configuration as before
//!                            new, and good?      a new one, for this handshake and those after it
//!                            new, and broken?    the one as before; the observer is told, once
//! ```
//!
//! The files are read when somebody connects, because that is the moment at which they matter: there is no task to
//! keep alive, no interval to choose, and nothing is read while nobody connects. Their content is compared and not
//! their time of change, which has the grain of a clock tick and which copying may set back; a few kilobytes are read
//! in a small part of the time that the handshake's arithmetic takes. Reading may still block, on a disk that has
//! gone, so it is done off the runtime's own threads.
//!
//! Must not know: what is in the files, or what a handshake is.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::pem::{Pem, TlsError};

/// What a configuration is made of.
pub(super) trait Recipe: Clone + Send + Sync + 'static {
    /// What is made.
    type Config: Clone + Send + Sync + 'static;

    /// Everything that came from a file.
    fn files(&mut self) -> Vec<&mut Pem>;

    /// Makes the configuration.
    fn make(&self) -> Result<Self::Config, TlsError>;

    /// Makes a configuration write its keys to where `SSLKEYLOGFILE` says.
    fn log_keys(config: &mut Self::Config);
}

/// Where the configuration for the next handshake comes from.
#[derive(Clone)]
pub(super) enum Source<R: Recipe> {
    /// It is always this one.
    Fixed(Arc<R::Config>),
    /// It is made again when files change.
    Watched(Arc<Watch<R>>),
}

/// A recipe with files that are watched.
pub(super) struct Watch<R: Recipe> {
    latest: Mutex<Latest<R>>,
    observer: Arc<Observer>,
}

/// Hears of each reload.
type Observer = dyn Fn(Result<(), &TlsError>) + Send + Sync;

/// The last that could be used.
#[derive(Clone)]
struct Latest<R: Recipe> {
    recipe: R,
    config: Arc<R::Config>,
    logs_keys: bool,
    /// Why the files cannot be used as they are now; kept so that it is told once.
    refused: Option<TlsError>,
}

impl<R: Recipe> Source<R> {
    /// The first configuration that a recipe makes, and the next ones if its files are watched.
    pub(super) fn new(mut recipe: R) -> Result<Self, TlsError> {
        let config = Arc::new(recipe.make()?);
        if !recipe.files().iter().any(|pem| pem.is_watched()) {
            return Ok(Source::Fixed(config));
        }
        let latest = Latest { recipe, config, logs_keys: false, refused: None };
        Ok(Source::Watched(Arc::new(Watch { latest: Mutex::new(latest), observer: Arc::new(|_| {}) })))
    }

    /// The configuration for the next handshake.
    pub(super) async fn current(&self) -> Arc<R::Config> {
        match self {
            Source::Fixed(config) => config.clone(),
            Source::Watched(watch) => {
                let reader = watch.clone();
                let read = tokio::task::spawn_blocking(move || reader.look()).await;
                // The reader fails only if the runtime ends.
                read.unwrap_or_else(|_| watch.lock().config.clone())
            }
        }
    }

    /// The same, writing its keys.
    pub(super) fn log_keys(self) -> Self {
        match self {
            Source::Fixed(config) => Source::Fixed(logging::<R>(config)),
            Source::Watched(watch) => {
                let own = Arc::unwrap_or_clone(watch);
                let mut latest = own.lock();
                latest.config = logging::<R>(latest.config.clone());
                latest.logs_keys = true;
                drop(latest);
                Source::Watched(Arc::new(own))
            }
        }
    }

    /// The same, telling of each reload.
    pub(super) fn on_reload(self, observer: impl Fn(Result<(), &TlsError>) + Send + Sync + 'static) -> Self {
        match self {
            Source::Fixed(_) => self,
            Source::Watched(watch) => {
                let observer = Arc::new(observer);
                Source::Watched(Arc::new(Watch { observer, ..Arc::unwrap_or_clone(watch) }))
            }
        }
    }
}

impl<R: Recipe> Watch<R> {
    /// Reads the files, and makes what is to be made of them.
    fn look(&self) -> Arc<R::Config> {
        let mut latest = self.lock();
        let mut recipe = latest.recipe.clone();
        let told = match made_again(&mut recipe) {
            Ok(None) => {
                latest.refused = None;
                None
            }
            Ok(Some(config)) => {
                let config = Arc::new(config);
                let config = if latest.logs_keys { logging::<R>(config) } else { config };
                *latest = Latest { recipe, config, logs_keys: latest.logs_keys, refused: None };
                Some(Ok(()))
            }
            Err(error) if latest.refused.as_ref() == Some(&error) => None,
            Err(error) => {
                latest.refused = Some(error.clone());
                Some(Err(error))
            }
        };
        let config = latest.config.clone();
        // The observer may take its time, and other handshakes need not wait for it.
        drop(latest);
        if let Some(told) = told {
            (self.observer)(told.as_ref().copied());
        }
        config
    }

    fn lock(&self) -> MutexGuard<'_, Latest<R>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the files make now; `None` if they have not changed.
fn made_again<R: Recipe>(recipe: &mut R) -> Result<Option<R::Config>, TlsError> {
    let mut has_changed = false;
    for pem in recipe.files() {
        has_changed |= pem.read_again()?;
    }
    if has_changed { recipe.make().map(Some) } else { Ok(None) }
}

fn logging<R: Recipe>(mut config: Arc<R::Config>) -> Arc<R::Config> {
    R::log_keys(Arc::make_mut(&mut config));
    config
}

impl<R: Recipe> Clone for Watch<R> {
    fn clone(&self) -> Self {
        Watch { latest: Mutex::new(self.lock().clone()), observer: self.observer.clone() }
    }
}

impl<R: Recipe> fmt::Debug for Source<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Fixed(_) => "Fixed(..)",
            Source::Watched(_) => "Watched(..)",
        })
    }
}
