//! What systemd is told (sd_notify(3)). Without systemd nothing happens.

use sd_notify::NotifyState;

/// Ready to work.
pub fn ready() {
    notify(&[NotifyState::Ready]);
}

/// Reading the configuration anew.
pub fn reloading() {
    let mut states = vec![NotifyState::Reloading];
    states.extend(NotifyState::monotonic_usec_now().ok());
    notify(&states);
}

/// On the way out.
pub fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// The line `systemctl status` shows.
pub fn status(line: &str) {
    notify(&[NotifyState::Status(line)]);
}

/// A tick came to an answer, be it an error, and delivery moves.
pub fn alive() {
    notify(&[NotifyState::Watchdog]);
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd could not be told");
    }
}
