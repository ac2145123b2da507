//! Owns the engine and the database on one thread: inputs in, one transaction each, and after its commit the answer,
//! the events and the requests.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::Duration,
};

use sealpost_engine::{
    Engine,
    command::{Answer, Effects, Input, Outgoing, Reply},
    error::EngineError,
};
use sealpost_store::Store;
use sealpost_wire::envelope::Envelope;

use crate::{
    error::Error,
    events::Events,
    failure,
    journal::{self, Order},
    native::system,
    stop_points::stop_point,
    views,
};

/// Without anything to do, the loop looks around this often.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);
/// After a step, deleted secrets leave the write-ahead log as soon as nothing happened for this long.
const QUIET: Duration = Duration::from_secs(3);

/// What the loop is asked to do.
pub(crate) enum Work {
    /// `done` is called after the commit, or with why there was none.
    Step {
        input: Input,
        done: Box<dyn FnOnce(Result<Reply, Error>) + Send>,
    },
    /// What a reader of the journal wants written; answered after the commit.
    Journal {
        order: Order,
        done: Box<dyn FnOnce(Result<u64, Error>) + Send>,
    },
    /// Where requests go from now on.
    Network(Option<Arc<dyn Network>>),
    Stop,
}

/// Takes requests to the relay; their answers come back as inputs.
pub(crate) trait Network: Send + Sync {
    fn perform(&self, outgoing: Outgoing);
    /// The engine has forgotten what was on its way: connect anew.
    fn start_over(&self);
}

pub(crate) struct EventLoop {
    store: Store,
    engine: Engine,
    events: Arc<Events>,
    network: Option<Arc<dyn Network>>,
    wake_at_ms: Option<u64>,
    watch: system::Watch,
    /// The write-ahead log may hold secrets that were deleted since.
    deleted_secrets: bool,
}

impl EventLoop {
    pub fn new(store: Store, events: Arc<Events>) -> Self {
        let (engine, watch) = (Engine::default(), system::Watch::new());
        Self { store, engine, events, network: None, wake_at_ms: None, watch, deleted_secrets: false }
    }

    /// Runs until it is asked to stop, or nobody is left to ask.
    pub fn run(mut self, work: &Receiver<Work>) {
        loop {
            let next = work.recv_timeout(self.sleep());
            // How far it is from the relay's is learnt with the next connection.
            if self.watch.leapt() {
                self.network.iter().for_each(|network| network.start_over());
            }
            match next {
                Ok(Work::Step { input, done }) => done(self.take(input)),
                Ok(Work::Journal { order, done }) => {
                    let kept = self.store.transaction(|tx| journal::order(tx, order));
                    done(kept.map_err(failure::of_storage));
                }
                Ok(Work::Network(network)) => self.network = network,
                Ok(Work::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    // Else it is made up for at the next opening.
                    let _ = self.store.forget_deleted();
                    return;
                }
                Err(RecvTimeoutError::Timeout) => self.timeout(),
            }
        }
    }

    fn sleep(&self) -> Duration {
        let longest = if self.deleted_secrets { QUIET } else { LONGEST_SLEEP };
        let wake = self.wake_at_ms.map(|at| Duration::from_millis(at.saturating_sub(system::now_ms())));
        wake.unwrap_or(longest).min(longest)
    }

    /// What can't be done now is tried at the next occasion.
    fn timeout(&mut self) {
        if std::mem::take(&mut self.deleted_secrets) && self.store.forget_deleted().is_err() {
            self.deleted_secrets = true;
        }
        if self.wake_at_ms.is_none_or(|at| at <= system::now_ms()) {
            let dirty = self.deleted_secrets;
            let _ = self.take(Input::Wake);
            self.deleted_secrets = dirty;
        }
    }

    fn take(&mut self, input: Input) -> Result<Reply, Error> {
        match input {
            Input::Envelopes(envelopes) => self.take_envelopes(envelopes),
            Input::Answer { job, answer } => match self.step(Input::Answer { job: job.clone(), answer }) {
                // An answer that makes no sense is none: the request is tried again after a pause.
                Err(error) if !error.is_storage() => {
                    self.step(Input::Answer { job, answer: Answer::Unreachable }).map_err(failure::of_engine)
                }
                result => result.map_err(failure::of_engine),
            },
            other => self.step(other).map_err(failure::of_engine),
        }
    }

    /// All in one transaction; where one of them makes it fail, each in its own, and that one is given up.
    fn take_envelopes(&mut self, envelopes: Vec<Envelope>) -> Result<Reply, Error> {
        match self.step(Input::Envelopes(envelopes.clone())) {
            Err(error) if !error.is_storage() => {}
            result => return result.map_err(failure::of_engine),
        }
        for envelope in envelopes {
            match self.step(Input::Envelopes(vec![envelope.clone()])) {
                Err(error) if !error.is_storage() => self.step(Input::GiveUp(Box::new(envelope))),
                result => result,
            }
            .map_err(failure::of_engine)?;
        }
        Ok(Reply::Done)
    }

    fn step(&mut self, input: Input) -> Result<Reply, EngineError> {
        let (engine, now_ms) = (&mut self.engine, system::now_ms());
        let result: Result<Effects, EngineError> = self.store.transaction(|tx| {
            let effects = engine.step(input, tx, now_ms, &mut system::SystemRandom)?;
            journal::append(tx, &effects.events)?;
            stop_point("before_commit");
            Ok(effects)
        });
        match result {
            Ok(Effects { reply, events, requests, wake_at_ms }) => {
                stop_point("after_commit_before_requests");
                self.wake_at_ms = wake_at_ms;
                self.deleted_secrets = true;
                events.into_iter().for_each(|event| self.events.push(views::event(event)));
                for outgoing in requests {
                    if let Some(network) = &self.network {
                        network.perform(outgoing);
                    }
                }
                Ok(reply)
            }
            Err(error) => {
                if error.is_storage() {
                    self.engine = Engine::default();
                    self.network.iter().for_each(|network| network.start_over());
                }
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sealpost_engine::{command::Command, identity, storage::Table};
    use sealpost_store::OpenMode;

    use super::*;
    use crate::types::Event;

    /// Takes requests and answers none.
    struct NoNetwork;

    impl Network for NoNetwork {
        fn perform(&self, _: Outgoing) {}
        fn start_over(&self) {}
    }

    #[test]
    fn events_of_a_step_that_is_not_committed_are_never_told() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("account");
        let mut store = Store::open(&path, &[7; 32], OpenMode::Create).expect("a database");
        let account = store.transaction(|tx| identity::create(tx, "Ada", &mut system::SystemRandom));
        account.expect("an account");
        let events = Arc::new(Events::default());
        let mut event_loop = EventLoop::new(store, events.clone());
        event_loop.network = Some(Arc::new(NoNetwork));
        let set_name = |name: &str| Input::Command(Box::new(Command::SetName(name.to_owned())));
        event_loop.take(set_name("Ada L.")).expect("the name is kept");
        assert_eq!(events.next(Duration::ZERO), Some(Event::Profile));
        // The step tells its event, then the transaction around it fails.
        let (engine, store) = (&mut event_loop.engine, &mut event_loop.store);
        let failed: Result<(), EngineError> = store.transaction(|tx| {
            engine.step(set_name("Bea"), tx, system::now_ms(), &mut system::SystemRandom)?;
            tx.put(Table::Account, b"account", b"not a row")?;
            identity::account(&*tx).map(|_| ())
        });
        assert!(failed.is_err());
        assert_eq!(events.next(Duration::ZERO), None);
        assert!(event_loop.take(set_name(&"x".repeat(1_000))).is_err());
        assert_eq!(events.next(Duration::ZERO), None);
    }
}
