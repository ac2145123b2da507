//! This test program once more, as a process of its own that can be killed. Its environment tells it what to be and
//! where to stop.

use std::{
    fmt::Display,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{PoisonError, RwLock, RwLockReadGuard},
    time::{Duration, Instant},
};

use sealpost_client::{Account, Stop, Way};
use sealpost_server::{
    Config, Parts,
    config::{Disk, SmsBy, Ways},
};

use crate::person::{FileVault, Person};

const SIGABRT: i32 = 6;
/// Comes before what a child says, since the test runner says things of its own.
const MARK: &str = "» ";
/// A child that nobody ends gives up after this.
const CHILD_PATIENCE: Duration = Duration::from_secs(180);
/// Held for writing while a process starts: until its program runs it holds the files of this one, locks included.
static STARTING: RwLock<()> = RwLock::new(());

/// No process starts while this is held: a lock that was released is free.
pub fn no_process_starts() -> RwLockReadGuard<'static, ()> {
    STARTING.read().unwrap_or_else(PoisonError::into_inner)
}

/// A child process; killed when nobody wants it any more.
pub struct Process {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Process {
    fn start(role: &str, settings: &[(&str, &dyn Display)], stop: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
        command.args(["--exact", "child::in_a_child_process", "--ignored", "--nocapture"]);
        command.env("ROLE", role).env("SEALPOST_STOP_AT", stop).stdout(Stdio::piped()).stderr(Stdio::null());
        for (name, value) in settings {
            command.env(name, value.to_string());
        }
        let starting = STARTING.write().unwrap_or_else(PoisonError::into_inner);
        let mut child = command.spawn().expect("a child process");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        lines.read_line(&mut String::new()).expect("the test runner says that it runs");
        drop(starting);
        Self { child, lines }
    }

    /// What it says next; `None` when it has ended.
    pub fn says(&mut self) -> Option<String> {
        let mut line = String::new();
        while self.lines.read_line(&mut line).expect("its output is text") > 0 {
            if let Some((_, said)) = line.trim_end().split_once(MARK) {
                return Some(said.to_owned());
            }
            line.clear();
        }
        None
    }

    /// Waits until it has ended at its stop point.
    pub fn ends_at(mut self, stop: &str) {
        while self.says().is_some() {}
        let status = self.child.wait().expect("it has ended");
        assert_eq!(status.signal(), Some(SIGABRT), "not stopped at {stop}: {status}");
    }

    /// Its number, under which the system shows what it holds.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn end(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it has ended");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody's device, in one of the roles that `in_a_child_process` knows.
pub fn device(role: &str, person: &Person, settings: &[(&str, &dyn Display)], stop: &str) -> Process {
    let (account, keys) = (person.folder.display(), person.vault.0.display());
    let place: [(&str, &dyn Display); 2] = [("ACCOUNT", &account), ("KEYS", &keys)];
    Process::start(role, &[&place[..], settings].concat(), stop)
}

/// A relay at the given address, or a free one.
pub fn start_relay(data: &Path, address: Option<SocketAddr>, stop: &str) -> (Process, SocketAddr) {
    let address = address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
    let mut process = Process::start("relays", &[("DATA", &data.display()), ("ADDRESS", &address)], stop);
    let bound = process.says().expect("the relay starts");
    (process, bound.parse().expect("an address"))
}

/// The same, watched: it writes all that it logs into `log`, begins with `planted` at each level, shows
/// its metrics at `observe`, believes what a proxy on loopback says of addresses, and sends codes into a file.
pub fn start_watched_relay(watch: &Watch) -> (Process, SocketAddr) {
    let (log, codes, data) = (watch.log.display(), watch.codes.display(), watch.data.display());
    let settings: [(&str, &dyn Display); 6] = [
        ("DATA", &data),
        ("ADDRESS", &"127.0.0.1:0"),
        ("LOG", &log),
        ("CODES", &codes),
        ("OBSERVE", &watch.observe),
        ("PLANTED", &watch.planted),
    ];
    let mut process = Process::start("relays", &settings, "");
    let bound = process.says().expect("the relay starts");
    (process, bound.parse().expect("an address"))
}

/// Where a watched relay is seen.
pub struct Watch {
    pub data: PathBuf,
    pub log: PathBuf,
    pub codes: PathBuf,
    pub observe: SocketAddr,
    pub planted: String,
}

/// No test: what a child process does.
#[test]
#[ignore = "runs in child processes only"]
fn in_a_child_process() {
    match std::env::var("ROLE").as_deref() {
        Ok("sends") => {
            let account = connected();
            let conversation = account.conversation_with(&setting("PEER")).expect("a conversation").id;
            for number in 0..setting("COUNT").parse().expect("a number") {
                let text = format!("{} {number} of {}", setting("SEALPOST_STOP_AT"), std::process::id());
                account.send_text(&conversation, &text, None).expect("the text is taken");
                say(&text);
            }
            stay(&account);
        }
        Ok("renames") => {
            let account = connected();
            for number in 0..setting("COUNT").parse().expect("a number") {
                let name = format!("{} {number} of {}", setting("SEALPOST_STOP_AT"), std::process::id());
                account.rename_group(&setting("GROUP"), &name).expect("an admin may");
                say(&name);
            }
            stay(&account);
        }
        Ok("receives") => stay(&connected()),
        Ok("registers") => {
            let way = Way::Phone { number: setting("NUMBER"), code: setting("CODE") };
            open().register(&setting("RELAY"), None, way, &Stop::new()).expect("the code is right");
        }
        Ok("relays") => relay(),
        _ => {}
    }
}

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is set"))
}

fn say(what: impl Display) {
    println!("{MARK}{what}");
}

fn open() -> Account {
    Account::open(Path::new(&setting("ACCOUNT")), &FileVault(setting("KEYS").into())).expect("the account opens")
}

fn connected() -> Account {
    let account = open();
    account.connect().expect("a registered account connects");
    account
}

fn stay(account: &Account) {
    let start = Instant::now();
    while start.elapsed() < CHILD_PATIENCE {
        account.next_event(Duration::from_secs(1));
    }
}

fn relay() {
    let mut config = Config { data: setting("DATA").into(), ..Config::default() };
    config.registration = Ways { phone: true, invitation: true, open: true };
    config.disk = Disk { uploads_bytes: 0, deliveries_bytes: 0 };
    if std::env::var("LOG").is_ok() {
        config.observe = Some(setting("OBSERVE").parse().expect("an address"));
        config.sms.by = SmsBy::File { path: setting("CODES").into() };
        config.trusted_proxies = vec![Ipv4Addr::LOCALHOST.into()];
        log_everything();
    }
    let parts = Parts::open(&config).expect("the relay's folder opens");
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let listener = tokio::net::TcpListener::bind(setting("ADDRESS")).await.expect("the address is free");
        say(listener.local_addr().expect("a bound address"));
        let run = sealpost_server::run(config, listener, parts, || (), tokio_util::sync::CancellationToken::new());
        // Nobody stops it in order: it is killed, or gives up.
        let _ = tokio::time::timeout(CHILD_PATIENCE, run).await;
    });
}

fn log_everything() {
    let file = std::fs::File::create(setting("LOG")).expect("a file for the log");
    sealpost_server::logging::start(tracing_subscriber::EnvFilter::new("trace"), file);
    let planted = setting("PLANTED");
    tracing::error!(target: "sealpost_server::planted", planted);
    tracing::warn!(target: "sealpost_server::planted", planted);
    tracing::info!(target: "sealpost_server::planted", planted);
    tracing::debug!(target: "sealpost_server::planted", planted);
    tracing::trace!(target: "sealpost_server::planted", planted);
    tracing::info!(target: "library", planted);
    tracing::trace!(target: "library", planted);
}
