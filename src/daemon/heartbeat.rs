//! The heartbeat: a beat a quarter of a minute, in UTC, and nothing else.
//!
//! tokio-cron-scheduler keeps a fixed offset for a job with a time zone and slips an hour at each
//! daylight-saving change; it remembers no run it missed. So it only beats, and what is due is the
//! plan's affair. A beat that finds the last one unheard is dropped: state, not events.

use thiserror::Error;
use tokio::sync::mpsc;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// Every fifteenth second: often enough that a change made by hand is acted on at once.
const EVERY: &str = "*/15 * * * * *";

/// The scheduler would not start.
#[derive(Debug, Error)]
#[error("the heartbeat could not be started: {0}")]
pub struct HeartbeatError(#[from] JobSchedulerError);

/// The beating scheduler; dropping it does not stop it, [`Heartbeat::stop`] does.
pub struct Heartbeat {
    scheduler: JobScheduler,
}

impl Heartbeat {
    /// Starts beating into `beats`.
    ///
    /// # Errors
    /// The scheduler would not start.
    pub async fn start(beats: mpsc::Sender<()>) -> Result<Self, HeartbeatError> {
        let scheduler = JobScheduler::new().await?;
        let job = Job::new_async(EVERY, move |_, _| {
            let beats = beats.clone();
            Box::pin(async move {
                // Full means a round is still going on: it will see all there is to see.
                let _ = beats.try_send(());
            })
        })?;
        scheduler.add(job).await?;
        scheduler.start().await?;
        Ok(Self { scheduler })
    }

    /// Stops beating.
    pub async fn stop(mut self) {
        if let Err(error) = self.scheduler.shutdown().await {
            tracing::warn!(%error, "the heartbeat did not stop cleanly");
        }
    }
}
