//! The programs that are measured: started on loopback with a folder of their own, looked at, and ended with the run.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::BufReader,
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// RabbitMQ takes its time.
const PATIENCE: Duration = Duration::from_secs(90);

/// A program with what it starts itself; asked to end when it is dropped.
pub struct Process {
    child: Child,
    /// Where its waits for the disk are written down.
    trace: Option<PathBuf>,
}

impl Process {
    /// `None` where it is not installed.
    pub fn start(mut command: Command) -> Option<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        Some(Self { child, trace: None })
    }

    /// The same under the eyes of `strace`, which counts how often it waits for the disk. It stays out of the way of
    /// everything else that the program asks of the system.
    pub fn start_traced(command: &Command, folder: &Path) -> Option<Self> {
        let log = folder.join("syncs");
        let mut traced = Command::new("strace");
        traced.args(["-D", "-f", "-qq", "--seccomp-bpf", "-e", "trace=fsync,fdatasync", "-o"]).arg(&log);
        traced.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            traced.env(name, value.unwrap_or_default());
        }
        let mut process = Self::start(traced)?;
        process.trace = Some(log);
        Some(process)
    }

    /// Waits until it listens.
    pub async fn listening(mut self, address: SocketAddr) -> Self {
        let begin = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            let ended = self.child.try_wait().ok().flatten();
            assert!(ended.is_none() && begin.elapsed() < PATIENCE, "it does not listen on {address}: {ended:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self
    }

    /// How often it has waited for the disk. Zero where nobody counts.
    pub fn syncs(&self) -> usize {
        let log = self.trace.as_ref().and_then(|trace| fs::read_to_string(trace).ok()).unwrap_or_default();
        // What another thread interrupts stands there twice.
        log.lines().filter(|line| line.contains("sync(")).count()
    }

    /// Bytes of memory that it holds, with all that it started.
    pub fn resident_bytes(&self) -> f64 {
        family(self.child.id()).into_iter().filter_map(resident_bytes).sum()
    }

    /// Without any warning.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }

    fn signal(&self, signal: Signal) {
        if let Some(process) = Pid::from_raw(self.child.id().cast_signed()) {
            let _ = kill_process(process, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // RabbitMQ's script ends its Erlang on this signal; the others end by themselves.
        self.signal(Signal::TERM);
        let _ = self.child.wait();
    }
}

/// A port that nobody listened on a moment ago.
pub fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("it is bound")
}

/// A connection on which nothing waits for more to send.
pub async fn connect(address: SocketAddr) -> (BufReader<OwnedReadHalf>, OwnedWriteHalf) {
    let stream = TcpStream::connect(address).await.expect("it listens");
    stream.set_nodelay(true).expect("a socket");
    let (reader, writer) = stream.into_split();
    (BufReader::new(reader), writer)
}

/// A process, what it started, and what that started.
fn family(root: u32) -> Vec<u32> {
    let mut members = vec![root];
    let mut at = 0;
    while let Some(parent) = members.get(at).copied() {
        let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
        members.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        at += 1;
    }
    members
}

fn resident_bytes(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? * 1024.0)
}
