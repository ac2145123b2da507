//! The real relay, in this process, with faults as verbs, a clock that can be moved and text messages that can be read.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
};

use sealpost_server::{
    Config, Parts,
    faults::Faults,
    parts::{Clock, SystemClock},
    service::Service,
    sms::{Sms, SmsError},
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::child::no_process_starts;

pub struct Relay {
    _folder: TempDir,
    pub faults: Faults,
    pub config: Config,
    /// Where devices find it, if something stands in front of it.
    pub front: Option<String>,
    clock: Arc<MovableClock>,
    sms: Arc<Inbox>,
    address: SocketAddr,
    running: Option<Running>,
}

struct Running {
    service: Arc<Service>,
    runtime: tokio::runtime::Handle,
    stop: CancellationToken,
    thread: JoinHandle<()>,
}

/// The machine's clock, moved ahead.
#[derive(Default)]
struct MovableClock(AtomicU64);

impl Clock for MovableClock {
    fn now_seconds(&self) -> u64 {
        SystemClock.now_seconds() + self.0.load(Ordering::SeqCst)
    }
}

/// Text messages as their receivers see them: the one part that can't be real here.
#[derive(Default)]
struct Inbox(Mutex<Vec<(String, String)>>);

impl Sms for Inbox {
    fn send<'a>(&'a self, number: &'a str, text: &'a str) -> futures_util::future::BoxFuture<'a, Result<(), SmsError>> {
        self.0.lock().expect("no test panics inside").push((number.to_owned(), text.to_owned()));
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Relay {
    pub fn start() -> Self {
        Self::start_with(|_| ())
    }

    /// Starts with what `change` makes of the test's configuration: every way to register is open.
    pub fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config = Config { data: folder.path().join("data"), ..Config::default() };
        config.registration = sealpost_server::config::Ways { phone: true, invitation: true, open: true };
        config.disk = sealpost_server::config::Disk { uploads_bytes: 0, deliveries_bytes: 0 };
        change(&mut config);
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let (clock, sms) = (Arc::new(MovableClock::default()), Arc::new(Inbox::default()));
        let mut relay = Self {
            _folder: folder,
            faults: Faults::default(),
            config,
            front: None,
            clock,
            sms,
            address,
            running: None,
        };
        relay.resume();
        relay
    }

    pub fn url(&self) -> String {
        if let Some(front) = &self.front {
            return front.clone();
        }
        let port = self.address.port();
        if self.config.tls.is_some() { format!("https://localhost:{port}") } else { format!("http://127.0.0.1:{port}") }
    }

    pub fn data(&self) -> &Path {
        &self.config.data
    }

    /// Stops; what is connected is cut.
    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop.cancel();
            drop(running.service);
            running.thread.join().expect("the relay ends without a panic");
        }
    }

    /// Runs (again) at the same address, over the same data.
    pub fn resume(&mut self) {
        let settled = no_process_starts();
        let mut parts = Parts::open(&self.config).expect("the relay's folder opens");
        drop(settled);
        parts.clock = self.clock.clone();
        parts.sms = self.sms.clone();
        parts.faults = self.faults.clone();
        let service = Arc::new(Service::new(self.config.clone(), parts));
        let stop = CancellationToken::new();
        let (ready, started) = std::sync::mpsc::channel();
        let thread = std::thread::spawn({
            let (service, stop, address) = (service.clone(), stop.clone(), self.address);
            move || {
                let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
                runtime.expect("a runtime").block_on(async {
                    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
                    socket.set_reuseaddr(true).expect("an address that can be used again");
                    socket.bind(address).expect("the relay's address is free");
                    let listener = socket.listen(1024).expect("a listener");
                    let bound = listener.local_addr().expect("a bound address");
                    ready.send((bound, tokio::runtime::Handle::current())).expect("the test waits");
                    sealpost_server::serve(service, listener, || (), stop).await.expect("the relay runs");
                });
            }
        });
        let (address, runtime) = started.recv().expect("the relay starts");
        self.address = address;
        self.running = Some(Running { service, runtime, stop, thread });
    }

    /// Moves the relay's clock ahead.
    pub fn pass_seconds(&self, seconds: u64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Moves the relay's clock to the beginning of the next day (UTC).
    pub fn begin_a_new_day(&self) {
        let now = self.with_service(async |service| service.now());
        self.pass_seconds(86_400 - now % 86_400);
    }

    /// Runs the deletion jobs, which otherwise come once a minute.
    pub fn run_jobs(&self) {
        let done = self.with_service(async |service| sealpost_server::jobs::once(&service).await);
        done.expect("the jobs run");
    }

    /// The last code that was sent to a number (E.164).
    pub fn code_for(&self, number: &str) -> String {
        let sent = self.sms.0.lock().expect("no test panics inside");
        let (_, text) = sent.iter().rev().find(|(to, _)| to == number).expect("a code was sent");
        let digits = text.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 6);
        digits.expect("the text holds six digits").to_owned()
    }

    /// Does something with the relay's service, from inside its runtime.
    pub fn with_service<T>(&self, work: impl AsyncFnOnce(Arc<Service>) -> T) -> T {
        let running = self.running.as_ref().expect("the relay runs");
        running.runtime.block_on(work(running.service.clone()))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop();
    }
}
