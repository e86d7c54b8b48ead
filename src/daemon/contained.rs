//! A fault in the program stays with what ran into it: the panic hook logs the place, and whoever asked
//! goes on without an answer.

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt;

use super::office::OfficeError;
use crate::store::StoreError;

/// What `work` makes, if no fault of the program ends it.
pub fn contained<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// The same of work that waits, also where the fault was met on a database's thread.
///
/// # Errors
/// Those of `work`.
pub async fn contained_work<T, E: Into<OfficeError>>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<Option<T>, OfficeError> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(Ok(done)) => Ok(Some(done)),
        Ok(Err(error)) => match error.into() {
            OfficeError::Store(StoreError::Panicked) => Ok(None),
            error => Err(error),
        },
        Err(_) => Ok(None),
    }
}
