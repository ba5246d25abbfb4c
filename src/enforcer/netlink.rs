//! Changes by netlink: microseconds, where the `nft` program takes milliseconds.

use std::io;

use netlink_sys::protocols::NETLINK_NETFILTER;
use netlink_sys::{Socket, SocketAddr};
use netpol_nft::{Batch, Refusal};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::{RcvBufForce, SndBufForce};

/// The most bytes on their way, which take no memory before they are: what a million elements take.
const BUFFER: usize = 64 << 20;

/// Why the kernel did not make a change. It has what it had before.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("netlink: {0}")]
    Socket(#[from] io::Error),
    #[error("the kernel refuses a change: {0}")]
    Refused(Refusal),
}

/// A line to the kernel's nftables.
#[derive(Debug)]
pub struct Connection {
    socket: Socket,
    port: u32,
}

impl Connection {
    /// Opens a line.
    pub fn open() -> io::Result<Connection> {
        let mut socket = Socket::new(NETLINK_NETFILTER)?;
        let port = socket.bind_auto()?.port_number();
        // A batch is one datagram, whatever its size.
        setsockopt(&socket, SndBufForce, &BUFFER).map_err(io::Error::from)?;
        setsockopt(&socket, RcvBufForce, &BUFFER).map_err(io::Error::from)?;
        // The kernel has answered by the time that it has taken a message: there is nothing to wait for.
        socket.set_non_blocking(true)?;
        Ok(Connection { socket, port })
    }

    /// By what the kernel tells our changes from others'.
    pub fn port(&self) -> u32 {
        self.port
    }

    /// Makes changes, in one transaction.
    pub fn change(&self, batch: &Batch) -> Result<(), Failure> {
        self.socket.send_to(&batch.to_netlink(), &SocketAddr::new(0, 0), 0)?;
        let mut answers = Vec::new();
        loop {
            match self.socket.recv_from_full() {
                Ok((answer, _)) => answers.extend(answer),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        batch.outcome(&answers).map_err(Failure::Refused)
    }
}
