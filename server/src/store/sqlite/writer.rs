//! The one thread that writes: takes an operation, drains what else waits, commits once, then answers.
//!
//! Invariants: nothing is answered before its commit; an operation that fails or panics takes nobody with it (the batch
//! is rolled back and each operation runs again in a transaction of its own); an acknowledgement waits for company, but
//! not longer than 100 ms; when the store is dropped, everything that was accepted is committed first.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{
    faults,
    store::{Answer, StoreError},
};

/// Operations in one commit.
const BATCH_OPERATIONS: usize = 2_048;
/// Operations that wait; beyond it callers are told to come again.
const QUEUE: usize = 16_384;
/// How long an acknowledgement waits for other writes to ride with.
const RIDE: Duration = Duration::from_millis(100);

/// Where the writer's batches are told.
pub type BatchObserver = Box<dyn Fn(Batch) + Send>;

/// One transaction of the writer.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    pub operations: usize,
    /// From its begin to the end of its commit, or of the rollback.
    pub took: Duration,
    /// Of that, the commit: the log is written and synced. `None`: there was nothing to write.
    pub sync: Option<Duration>,
    /// It was rolled back.
    pub failed: bool,
}

/// The way to the writing thread; dropping it ends the thread once all is committed.
pub struct Writer {
    queue: Option<SyncSender<Operation>>,
    thread: Option<thread::JoinHandle<()>>,
}

struct Operation {
    work: Box<dyn Work>,
    rides: bool,
}

/// An operation with its answer's type erased. `run` may be called again after a rollback.
trait Work: Send {
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError>;
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

struct Typed<T, F, G> {
    operation: F,
    result: Option<T>,
    /// Hears of the result first, in the order of the operations.
    then: G,
    to: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F, G> Work for Typed<T, F, G>
where
    T: Send,
    F: Fn(&Connection) -> rusqlite::Result<T> + Send,
    G: FnOnce(&T) + Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError> {
        self.result = Some((self.operation)(connection).map_err(super::failure)?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { result, then, to, .. } = *self;
        if let (Ok(()), Some(result)) = (&outcome, &result) {
            then(result);
        }
        let missing = StoreError::Failed("the operation left no result".to_owned());
        // Whoever asked may have gone: that changes nothing.
        let _ = to.send(outcome.and_then(|()| result.ok_or(missing)));
    }
}

impl Writer {
    pub fn start(connection: Connection, observe: BatchObserver) -> Result<Self, StoreError> {
        let (queue, operations) = sync_channel(QUEUE);
        let name = "store-writer".to_owned();
        let thread = thread::Builder::new().name(name).spawn(move || run(connection, &operations, &observe));
        let thread = thread.map_err(|error| StoreError::Failed(error.to_string()))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Queues an operation now; the answer comes with its commit.
    pub fn write<T, F>(&self, operation: F) -> Answer<'static, T>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.queue(operation, |_| (), false)
    }

    /// The same; `then` is told the result on the writing thread, after the commit, in the order of all operations.
    pub fn write_then<T, F, G>(&self, operation: F, then: G) -> Answer<'static, T>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
        G: FnOnce(&T) + Send + 'static,
    {
        self.queue(operation, then, false)
    }

    /// The same for an operation that may wait for the next commit.
    pub fn ride<T, F>(&self, operation: F) -> Answer<'static, T>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.queue(operation, |_| (), true)
    }

    fn queue<T, F, G>(&self, operation: F, then: G, rides: bool) -> Answer<'static, T>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
        G: FnOnce(&T) + Send + 'static,
    {
        let (to, answer) = oneshot::channel();
        let operation = Operation { work: Box::new(Typed { operation, result: None, then, to }), rides };
        let queued = match &self.queue {
            None => Err(StoreError::Closed),
            Some(queue) => queue.try_send(operation).map_err(|error| match error {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Disconnected(_) => StoreError::Closed,
            }),
        };
        Box::pin(async move {
            queued?;
            answer.await.unwrap_or(Err(StoreError::Closed))
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has answered nobody; there is nothing left to save.
            let _ = thread.join();
        }
    }
}

fn run(connection: Connection, operations: &Receiver<Operation>, observe: &BatchObserver) {
    let mut batch: Vec<Box<dyn Work>> = Vec::new();
    while gather(operations, &mut batch) {
        commit(&connection, std::mem::take(&mut batch), observe);
    }
    // Readers may still hold the log open: then it stays, and the next start reads it.
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

/// Waits for a batch; `false` when there will be no more.
fn gather(operations: &Receiver<Operation>, batch: &mut Vec<Box<dyn Work>>) -> bool {
    let mut deadline: Option<Instant> = None;
    loop {
        let next = match deadline {
            None => operations.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(deadline) => operations.recv_timeout(deadline.saturating_duration_since(Instant::now())),
        };
        match next {
            Ok(operation) => {
                let rides = take(operation, batch);
                if !rides || batch.len() >= BATCH_OPERATIONS {
                    break;
                }
                deadline.get_or_insert_with(|| Instant::now() + RIDE);
            }
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return !batch.is_empty(),
        }
    }
    while batch.len() < BATCH_OPERATIONS
        && let Ok(operation) = operations.try_recv()
    {
        take(operation, batch);
    }
    true
}

fn take(operation: Operation, batch: &mut Vec<Box<dyn Work>>) -> bool {
    if operation.rides {
        faults::stop_point("after_ack_before_commit");
    }
    batch.push(operation.work);
    operation.rides
}

fn commit(connection: &Connection, mut batch: Vec<Box<dyn Work>>, observe: &BatchObserver) {
    let started = Instant::now();
    let outcome = together(connection, &mut batch);
    let sync = outcome.as_ref().ok().copied().flatten();
    observe(Batch { operations: batch.len(), took: started.elapsed(), sync, failed: outcome.is_err() });
    match outcome {
        Ok(_) => {
            faults::stop_point("after_commit_before_answer");
            batch.into_iter().for_each(|work| work.answer(Ok(())));
        }
        Err(_) if batch.len() > 1 => batch.into_iter().for_each(|work| commit(connection, vec![work], observe)),
        Err(error) => batch.into_iter().for_each(|work| work.answer(Err(error.clone()))),
    }
}

/// All or nothing; how long the commit at its end took, if there was something to write.
fn together(connection: &Connection, batch: &mut [Box<dyn Work>]) -> Result<Option<Duration>, StoreError> {
    let before = connection.total_changes();
    connection.execute_batch("BEGIN IMMEDIATE").map_err(super::failure)?;
    let outcome = batch.iter_mut().try_for_each(|work| run_caught(connection, work.as_mut())).and_then(|()| {
        faults::stop_point("before_commit");
        let started = Instant::now();
        connection.execute_batch("COMMIT").map_err(super::failure)?;
        Ok((connection.total_changes() > before).then(|| started.elapsed()))
    });
    if outcome.is_err() && !connection.is_autocommit() {
        // If even this fails, the next BEGIN does as well, and is answered as a failure.
        let _ = connection.execute_batch("ROLLBACK");
    }
    outcome
}

fn run_caught(connection: &Connection, work: &mut dyn Work) -> Result<(), StoreError> {
    catch_unwind(AssertUnwindSafe(|| work.run(connection)))
        .unwrap_or_else(|_| Err(StoreError::Failed("an operation panicked".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failing_and_a_panicking_operation_take_nobody_with_them() {
        let writer = writer();
        let held = writer.write(|_| {
            thread::sleep(Duration::from_millis(20));
            Ok(())
        });
        let before = writer.write(|connection| connection.execute("INSERT INTO t VALUES (1)", []));
        let failing = writer.write(|connection| {
            connection.execute("INSERT INTO t VALUES (2)", [])?;
            connection.execute("INSERT INTO missing VALUES (1)", [])
        });
        let panicking = writer.write(|connection| -> rusqlite::Result<()> {
            connection.execute("INSERT INTO t VALUES (3)", [])?;
            panic!("on purpose")
        });
        let after = writer.ride(|connection| connection.execute("INSERT INTO t VALUES (4)", []));
        assert_eq!(held.await, Ok(()));
        assert_eq!(before.await, Ok(1));
        assert!(matches!(failing.await, Err(StoreError::Failed(_))));
        assert!(matches!(panicking.await, Err(StoreError::Failed(_))));
        assert_eq!(after.await, Ok(1));
        let sum =
            writer.write(|connection| connection.query_row("SELECT sum(n) FROM t", [], |row| row.get::<_, i64>(0)));
        assert_eq!(sum.await, Ok(5));
    }

    #[tokio::test]
    async fn what_was_accepted_is_committed_when_the_writer_ends() {
        let writer = writer();
        let ride = writer.ride(|connection| connection.execute("INSERT INTO t VALUES (1)", []));
        drop(writer);
        assert_eq!(ride.await, Ok(1));
    }

    fn writer() -> Writer {
        let connection = Connection::open_in_memory().expect("in memory");
        connection.execute_batch("CREATE TABLE t (n INTEGER NOT NULL) STRICT").expect("well-formed");
        Writer::start(connection, Box::new(|_| ())).expect("threads start")
    }
}
