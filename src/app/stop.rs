//! The signal to stop, and the operating system's signals that lead to it or to a reload.
//! What each part of the program does about it is its own business.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Tells whether the program is to stop; cheap to clone.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

/// Gives the signal to stop. Dropped, it gives it too.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// A stopper and the signal that it gives.
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    /// Gives the signal; again does nothing more.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Waits for the signal; at once when it was given before.
    pub async fn wait(&mut self) {
        // An error means that the stopper is gone, and with it whoever could stop us later.
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }

    /// Whether the signal was given.
    pub fn given(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

/// SIGTERM and SIGINT, listened to.
#[derive(Debug)]
pub struct Termination {
    term: Signal,
    int: Signal,
}

impl Termination {
    /// From now on neither ends the process by itself.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self { term: signal(SignalKind::terminate())?, int: signal(SignalKind::interrupt())? })
    }

    /// Waits for one of them and answers with its name.
    pub async fn given(mut self) -> &'static str {
        tokio::select! {
            _ = self.term.recv() => "SIGTERM",
            _ = self.int.recv() => "SIGINT",
        }
    }
}

/// SIGHUP, listened to.
#[derive(Debug)]
pub struct Hangups(Signal);

impl Hangups {
    /// From now on SIGHUP does not end the process.
    pub fn listen() -> std::io::Result<Self> {
        signal(SignalKind::hangup()).map(Self)
    }

    /// Calls `reload` at each of them, on a thread that may block, for ever.
    pub async fn each(mut self, reload: impl Fn() + Clone + Send + 'static) {
        while self.0.recv().await.is_some() {
            let reload = reload.clone();
            if let Err(error) = tokio::task::spawn_blocking(reload).await {
                tracing::error!(%error, "reloading at SIGHUP failed");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_signal_reaches_every_clone_and_stays() {
        let (stopper, stop) = Stopper::new();
        let mut twin = stop.clone();
        assert!(!stop.given());
        stopper.stop();
        twin.wait().await;
        twin.wait().await;
        assert!(stop.given());
    }

    #[tokio::test]
    async fn a_lost_stopper_stops_too() {
        let (stopper, mut stop) = Stopper::new();
        drop(stopper);
        stop.wait().await;
        assert!(stop.given());
    }

    #[tokio::test]
    async fn each_hangup_reloads_and_a_failed_one_is_survived() {
        let (sender, mut reloads) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(Hangups::listen().unwrap().each(move || {
            sender.send(()).unwrap();
            panic!("a reload that fails");
        }));
        for _ in 0..2 {
            let sent = std::process::Command::new("kill").args(["-HUP", &std::process::id().to_string()]).status();
            assert!(sent.unwrap().success());
            reloads.recv().await.unwrap();
        }
    }
}
