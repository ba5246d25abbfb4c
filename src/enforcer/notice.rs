//! What wakes the enforcer: manifests that change, somebody who changes our table, signals.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::thread;

use netlink_packet_core::{NetlinkBuffer, NlasIterator};
use netlink_sys::protocols::NETLINK_NETFILTER;
use netlink_sys::{Socket, SocketAddr};
use netpol_nft::TABLE;
use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecursiveMode, Watcher};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Something that the enforcer has to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Files were written to their end.
    Written(Vec<PathBuf>),
    /// Files came, went or moved, or it is not known which.
    Moved,
    /// Somebody changed our table; it may have been us.
    Kernel,
    /// It is time to end.
    Stop,
}

/// Watches a file or folder until the watcher is dropped.
pub fn watch(path: &Path, to: Sender<Notice>) -> notify::Result<impl Watcher + use<>> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let notice = match event {
            Ok(event) if event.need_rescan() => Notice::Moved,
            Ok(event) => match event.kind {
                // Half-written files are not read.
                EventKind::Access(AccessKind::Close(AccessMode::Write)) => Notice::Written(event.paths),
                EventKind::Access(_) => return,
                EventKind::Modify(notify::event::ModifyKind::Name(_)) | EventKind::Remove(_) => Notice::Moved,
                EventKind::Create(_) if event.paths.iter().any(|path| is_complete(path)) => Notice::Moved,
                _ => return,
            },
            Err(_) => Notice::Moved,
        };
        // Nobody listens when the enforcer ends.
        let _ = to.send(notice);
    })?;
    watcher.watch(path, RecursiveMode::Recursive)?;
    Ok(watcher)
}

/// Whether what was made will not be written to before it is told: a folder or a link, but no new file.
fn is_complete(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| !metadata.is_file())
}

/// Sends a stop when the process is asked to end.
pub fn signals(to: Sender<Notice>) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    thread::spawn(move || signals.forever().try_for_each(|_| to.send(Notice::Stop)));
    Ok(())
}

/// The multicast group of changes to nftables, `NFNLGRP_NFTABLES`.
const GROUP_NFTABLES: u32 = 7;
/// How long nobody listens after messages were lost: the next ones tell the same.
const AFTER_LOSS: std::time::Duration = std::time::Duration::from_millis(100);

/// Tells of changes to our table in the kernel, but for those of a port.
pub fn kernel(to: Sender<Notice>, own: u32) -> io::Result<()> {
    let mut socket = Socket::new(NETLINK_NETFILTER)?;
    socket.bind(&SocketAddr::new(0, 0))?;
    socket.add_membership(GROUP_NFTABLES)?;
    thread::spawn(move || {
        loop {
            let is_told = match socket.recv_from_full() {
                Ok((bytes, _)) => messages(&bytes).any(|message| is_of_others(&message, own)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => false,
                // Some were lost: ours may have been among them. If the socket is no good any more, others still audit.
                Err(_) => {
                    thread::sleep(AFTER_LOSS);
                    true
                }
            };
            if is_told && to.send(Notice::Kernel).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// The netlink messages of a datagram.
fn messages(mut bytes: &[u8]) -> impl Iterator<Item = NetlinkBuffer<&[u8]>> {
    std::iter::from_fn(move || {
        let message = NetlinkBuffer::new_checked(bytes).ok()?;
        let length = usize::try_from(message.length()).ok()?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    })
}

/// Whether a message of nf_tables is about our table, and about a change that another port made.
fn is_of_others(message: &NetlinkBuffer<&[u8]>, own: u32) -> bool {
    // Behind the header of netfilter, which has four bytes; all messages have the table as their first attribute.
    let attributes = message.payload().get(4..).unwrap_or_default();
    let first = NlasIterator::new(attributes).next();
    let is_ours =
        first.and_then(Result::ok).is_some_and(|table| table.value().strip_suffix(&[0]) == Some(TABLE.as_bytes()));
    is_ours && message.port_number() != own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_and_the_port_of_each_message_are_seen() {
        let message = |name: &str, port: u32| {
            let attribute = 4 + name.len() + 1;
            let length = 16 + 4 + attribute;
            let mut bytes = Vec::new();
            bytes.extend(u32::try_from(length).unwrap().to_ne_bytes());
            bytes.extend([0; 8]);
            bytes.extend(port.to_ne_bytes());
            bytes.extend([0; 4]);
            bytes.extend(u16::try_from(attribute).unwrap().to_ne_bytes());
            bytes.extend([1, 0]);
            bytes.extend(name.as_bytes());
            bytes.resize(length.next_multiple_of(4), 0);
            bytes
        };
        let datagram = [message("proxy", 1), message("netpol", 1), message("netpol", 2)].concat();
        let told: Vec<bool> = messages(&datagram).map(|message| is_of_others(&message, 2)).collect();
        assert_eq!(told, [false, true, false]);
        assert_eq!(messages(&datagram[..20]).count(), 0);
    }
}
