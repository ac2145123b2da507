//! `status`: what the running relay says of itself, asked at its observing address.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use serde::Serialize;

use super::{
    Failure, Place,
    figures::{bytes, count},
};

/// The relay itself gives its store five seconds.
const PATIENCE: Duration = Duration::from_secs(15);
/// More than all metrics together.
const ANSWER_BYTES: u64 = 4 << 20;

#[derive(Args)]
pub struct Status {
    #[command(flatten)]
    place: Place,
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// Numbers only, and nobody's name.
#[derive(Debug, Serialize)]
struct Said {
    ready: bool,
    /// What is not as it should be.
    reasons: Vec<String>,
    version: String,
    incarnation: u64,
    accounts: u64,
    waiting_messages: u64,
    waiting_bytes: u64,
    connections: u64,
    connections_limit: u64,
    free_disk_bytes: u64,
}

impl Status {
    /// 0: the relay is ready; 1: it is not.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let config = self.place.config()?;
        let observe = config.observe.ok_or(
            "the relay observes nowhere; set observe = \"127.0.0.1:9464\" in its configuration, and restart it",
        )?;
        let said = ask(reachable(observe))?;
        if self.json {
            println!("{}", serde_json::to_string(&said)?);
        } else {
            said.print();
        }
        Ok(if said.ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Said {
    fn print(&self) {
        println!("{}", if self.ready { "ready" } else { "not ready" });
        self.reasons.iter().for_each(|reason| println!("  {reason}"));
        println!("version {}, incarnation {}", self.version, self.incarnation);
        println!("{}", count(self.accounts, "account"));
        println!("{} waiting, {}", count(self.waiting_messages, "message"), bytes(self.waiting_bytes));
        println!("{} connections of {}", self.connections, self.connections_limit);
        println!("{} of disk free", bytes(self.free_disk_bytes));
    }
}

fn ask(observe: SocketAddr) -> Result<Said, Failure> {
    let health = get(observe, "/health")?;
    let levels = levels(&get(observe, "/metrics")?);
    let level = |name: &str| levels.get(name).map_or(0.0, |(_, level)| *level) as u64;
    let mut lines = health.lines();
    let ready = lines.next() == Some("ok");
    let labels = levels.get("sealpost_build_info").map_or("", |(labels, _)| labels.as_str());
    let version = labels.strip_prefix("version=\"").unwrap_or_default().trim_end_matches('"');
    Ok(Said {
        ready,
        reasons: lines.map(str::to_owned).collect(),
        version: version.to_owned(),
        incarnation: level("sealpost_incarnation"),
        accounts: level("sealpost_accounts"),
        waiting_messages: level("sealpost_waiting_messages"),
        waiting_bytes: level("sealpost_waiting_bytes"),
        connections: level("sealpost_connections"),
        connections_limit: level("sealpost_connections_limit"),
        free_disk_bytes: level("sealpost_disk_free_bytes"),
    })
}

/// One request on a connection of its own; the body of the answer.
fn get(observe: SocketAddr, path: &str) -> Result<String, Failure> {
    let silent = |error: io::Error| {
        format!("nobody answers at {observe} ({error}); is the relay running, and is observe what it was started with?")
    };
    let fetch = || -> io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&observe, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {observe}\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.take(ANSWER_BYTES).read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = fetch().map_err(silent)?;
    let Some((head, body)) = answer.split_once("\r\n\r\n").filter(|(head, _)| head.starts_with("HTTP/1.1 ")) else {
        return Err(format!("what listens at {observe} is no relay; look at observe in the configuration").into());
    };
    let is_known = ["200", "503"].iter().any(|status| head["HTTP/1.1 ".len()..].starts_with(status));
    if is_known {
        Ok(body.to_owned())
    } else {
        Err(format!("{observe}{path} is not known to what listens there").into())
    }
}

/// Labels and value by name; of several with one name the sum.
fn levels(metrics: &str) -> BTreeMap<String, (String, f64)> {
    let mut levels: BTreeMap<String, (String, f64)> = BTreeMap::new();
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, value)) = line.rsplit_once(' ') else { continue };
        let Ok(value) = value.parse::<f64>() else { continue };
        let (name, labels) = name.split_once('{').unwrap_or((name, ""));
        let level = levels.entry(name.to_owned()).or_default();
        level.0 = labels.trim_end_matches('}').to_owned();
        level.1 += value;
    }
    levels
}

/// Whoever listens on all addresses is asked on loopback.
pub fn reachable(observe: SocketAddr) -> SocketAddr {
    let ip = match observe.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, observe.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_with_their_labels() {
        let text = "# HELP a b\nsealpost_build_info{version=\"1.2\"} 1\nsealpost_accounts 3\n\nbroken\n";
        let text = format!("{text}x{{k=\"a\"}} 1\nx{{k=\"b\"}} 2\n");
        let levels = levels(&text);
        assert_eq!(levels["sealpost_build_info"], ("version=\"1.2\"".to_owned(), 1.0));
        assert_eq!((levels["sealpost_accounts"].1, levels["x"].1), (3.0, 3.0));
    }

    #[test]
    fn whoever_listens_everywhere_is_asked_on_loopback() {
        let asked = |text: &str| reachable(text.parse().expect("an address")).to_string();
        assert_eq!((asked("0.0.0.0:9"), asked("[::]:9")), ("127.0.0.1:9".to_owned(), "[::1]:9".to_owned()));
        assert_eq!(asked("10.0.0.1:9"), "10.0.0.1:9");
    }
}
