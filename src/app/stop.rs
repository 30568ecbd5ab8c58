//! The signal to stop, and the operating system's signals that lead to it or to a reload.
//! What each part of the program does about it is its own business.

use tokio::signal::unix::{SignalKind, signal};
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

/// Waits for SIGTERM or SIGINT and answers with its name. From the first call on neither ends the process by itself.
pub async fn terminated() -> std::io::Result<&'static str> {
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    Ok(tokio::select! {
        _ = term.recv() => "SIGTERM",
        _ = int.recv() => "SIGINT",
    })
}

/// Calls `reload` at each SIGHUP, on a thread that may block, for ever. From the first call on SIGHUP does not end the process.
pub async fn at_each_hangup(reload: impl Fn() + Clone + Send + 'static) -> std::io::Result<()> {
    let mut hup = signal(SignalKind::hangup())?;
    while hup.recv().await.is_some() {
        let reload = reload.clone();
        if let Err(error) = tokio::task::spawn_blocking(reload).await {
            tracing::error!(%error, "reloading at SIGHUP failed");
        }
    }
    Ok(())
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
        tokio::spawn(at_each_hangup(move || {
            sender.send(()).unwrap();
            panic!("a reload that fails");
        }));
        // Until the task has run once, the signal would end the process.
        tokio::task::yield_now().await;
        for _ in 0..2 {
            let sent = std::process::Command::new("kill").args(["-HUP", &std::process::id().to_string()]).status();
            assert!(sent.unwrap().success());
            reloads.recv().await.unwrap();
        }
    }
}
