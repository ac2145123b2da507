//! The way between the people and the relay: bytes in both directions, until it is cut.

use std::{
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use crate::exit::CommandError;

use super::failed;

/// A listener on loopback that hands every connection on to the relay. Its threads end with the process.
pub struct Network {
    address: SocketAddr,
    lines: Arc<Mutex<Lines>>,
}

#[derive(Default)]
struct Lines {
    is_cut: bool,
    open: Vec<TcpStream>,
}

impl Network {
    pub fn start(relay: SocketAddr) -> Result<Self, CommandError> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let lines = Arc::new(Mutex::new(Lines::default()));
        let accepting = Arc::clone(&lines);
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // A connection that can't be made is closed, which is what a network does as well.
                let _ = connect(near, relay, &accepting);
            }
        });
        Ok(Self { address, lines })
    }

    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Breaks every connection in the middle, and every one that is tried from now on.
    pub fn cut(&self) {
        let mut lines = locked(&self.lines);
        lines.is_cut = true;
        for line in lines.open.drain(..) {
            // It may be closed already.
            let _ = line.shutdown(Shutdown::Both);
        }
    }

    pub fn restore(&self) {
        locked(&self.lines).is_cut = false;
    }
}

fn connect(near: TcpStream, relay: SocketAddr, lines: &Mutex<Lines>) -> io::Result<()> {
    let mut lines = locked(lines);
    if lines.is_cut {
        return Ok(());
    }
    let far = TcpStream::connect(relay)?;
    lines.open.extend([near.try_clone()?, far.try_clone()?]);
    carry(near.try_clone()?, far.try_clone()?);
    carry(far, near);
    Ok(())
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}

/// The list of open lines is whole at any time, so a panic elsewhere does not matter.
fn locked(lines: &Mutex<Lines>) -> MutexGuard<'_, Lines> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}
