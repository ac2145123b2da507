//! The peers' own programs, started on loopback with a folder of their own, and ended with the run.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tokio::{
    io::BufReader,
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// RabbitMQ takes its time.
const PATIENCE: Duration = Duration::from_secs(90);

pub struct Broker {
    pub address: SocketAddr,
    process: Child,
}

/// `None` where it is not installed.
pub async fn mosquitto(folder: &Path) -> Option<Broker> {
    fs::create_dir_all(folder).expect("the folder can be made");
    let address = free();
    let lines = [
        format!("listener {} 127.0.0.1", address.port()),
        "allow_anonymous true".to_owned(),
        "persistence false".to_owned(),
        "max_inflight_messages 1000".to_owned(),
        "max_queued_messages 0".to_owned(),
        "set_tcp_nodelay true".to_owned(),
        "log_dest none".to_owned(),
    ];
    let configuration = folder.join("mosquitto.conf");
    fs::write(&configuration, lines.join("\n")).expect("the folder can be written");
    let mut command = Command::new("/usr/sbin/mosquitto");
    command.arg("-c").arg(configuration);
    started(command, address).await
}

/// `None` where it is not installed.
pub async fn rabbit(folder: &Path) -> Option<Broker> {
    fs::create_dir_all(folder).expect("the folder can be made");
    let (address, distribution) = (free(), free());
    let mut command = Command::new("/usr/lib/rabbitmq/bin/rabbitmq-server");
    command
        .env("HOME", folder)
        .env("RABBITMQ_NODENAME", format!("sealpost-{}@localhost", address.port()))
        .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_NODE_PORT", address.port().to_string())
        .env("RABBITMQ_DIST_PORT", distribution.port().to_string())
        .env("RABBITMQ_MNESIA_BASE", folder.join("data"))
        .env("RABBITMQ_LOG_BASE", folder.join("log"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("plugins"))
        .env("RABBITMQ_CONF_ENV_FILE", folder.join("environment"))
        .env("ERL_EPMD_ADDRESS", "127.0.0.1");
    started(command, address).await
}

/// A port that nobody listened on a moment ago.
fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("it is bound")
}

async fn started(mut command: Command, address: SocketAddr) -> Option<Broker> {
    let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let broker = Broker { address, process };
    let begin = Instant::now();
    while TcpStream::connect(address).await.is_err() {
        assert!(begin.elapsed() < PATIENCE, "{command:?} does not listen");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Some(broker)
}

/// A connection to one, on which nothing waits for more to send.
pub async fn connect(address: SocketAddr) -> (BufReader<OwnedReadHalf>, OwnedWriteHalf) {
    let stream = TcpStream::connect(address).await.expect("the broker listens");
    stream.set_nodelay(true).expect("a socket");
    let (reader, writer) = stream.into_split();
    (BufReader::new(reader), writer)
}

impl Drop for Broker {
    fn drop(&mut self) {
        // RabbitMQ's script ends its Erlang on this signal; mosquitto ends by itself.
        if let Some(process) = rustix::process::Pid::from_raw(self.process.id().cast_signed()) {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        }
        let _ = self.process.wait();
    }
}
