//! A tap between devices and a relay on plain loopback: it sees what otherwise stands inside TLS.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use crate::relay::Relay;

type Bytes = Arc<Mutex<Vec<u8>>>;

pub struct Tap {
    connections: Arc<Mutex<Vec<Connection>>>,
}

/// One connection, both ways.
struct Connection {
    to_relay: Bytes,
    to_device: Bytes,
}

impl Tap {
    /// Whoever registers at the relay from now on goes through the tap.
    pub fn before(relay: &mut Relay) -> Self {
        let behind: SocketAddr = relay.url().trim_start_matches("http://").parse().expect("an address on loopback");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        relay.front = Some(format!("http://{}", listener.local_addr().expect("a bound address")));
        let connections: Arc<Mutex<Vec<Connection>>> = Arc::default();
        let seen = connections.clone();
        // Ends with the process: nobody stops listening before.
        std::thread::spawn(move || {
            for device in listener.incoming().flatten() {
                let Ok(relay) = TcpStream::connect(behind) else { continue };
                let (to_relay, to_device) = (Bytes::default(), Bytes::default());
                carry(&device, &relay, to_relay.clone());
                carry(&relay, &device, to_device.clone());
                seen.lock().expect("no test panics inside").push(Connection { to_relay, to_device });
            }
        });
        Self { connections }
    }

    /// Everything that devices sent, with WebSocket's masks taken off.
    pub fn what_devices_sent(&self) -> Vec<u8> {
        let connections = self.connections.lock().expect("no test panics inside");
        let bytes = connections.iter().map(|connection| connection.to_relay.lock().expect("no test panics inside"));
        bytes.flat_map(|bytes| unmasked(&bytes)).collect()
    }

    /// Everything that went either way.
    pub fn all(&self) -> Vec<u8> {
        let connections = self.connections.lock().expect("no test panics inside");
        let bytes = connections.iter().map(|connection| connection.to_device.lock().expect("no test panics inside"));
        let from_relay: Vec<u8> = bytes.flat_map(|bytes| bytes.clone()).collect();
        drop(connections);
        [self.what_devices_sent(), from_relay].concat()
    }
}

fn carry(from: &TcpStream, to: &TcpStream, seen: Bytes) {
    let mut from = from.try_clone().expect("a socket");
    let mut to = to.try_clone().expect("a socket");
    std::thread::spawn(move || {
        let mut buffer = [0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            seen.lock().expect("no test panics inside").extend(&buffer[..count]);
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        // The other side may have closed it already.
        let _ = to.shutdown(Shutdown::Both);
    });
}

/// The head of an upgrade and the payloads of its frames (RFC 6455); anything else as it is.
fn unmasked(stream: &[u8]) -> Vec<u8> {
    let end = stream.windows(4).position(|window| window == b"\r\n\r\n").map_or(stream.len(), |at| at + 4);
    let (head, mut rest) = stream.split_at(end);
    if !String::from_utf8_lossy(head).to_ascii_lowercase().contains("upgrade: websocket") {
        return stream.to_vec();
    }
    let mut bytes = head.to_vec();
    while let Some((payload, behind)) = frame(rest) {
        bytes.extend(payload);
        rest = behind;
    }
    bytes
}

fn frame(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (length_bytes, rest) = match bytes.get(1)? & 0x7F {
        126 => bytes.get(2..)?.split_at_checked(2)?,
        127 => bytes.get(2..)?.split_at_checked(8)?,
        _ => (&[][..], bytes.get(2..)?),
    };
    let length = match length_bytes {
        [] => usize::from(bytes[1] & 0x7F),
        bytes => bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)),
    };
    let (mask, rest) = rest.split_at_checked(4)?;
    let (payload, rest) = rest.split_at_checked(length)?;
    Some((payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect(), rest))
}
