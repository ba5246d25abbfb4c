//! What wakes the enforcer: manifests that change, somebody who changes our table, signals.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::thread;

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

/// Tells of changes to our table in the kernel.
pub fn kernel(to: Sender<Notice>) -> io::Result<()> {
    let mut socket = Socket::new(NETLINK_NETFILTER)?;
    socket.bind(&SocketAddr::new(0, 0))?;
    socket.add_membership(GROUP_NFTABLES)?;
    thread::spawn(move || {
        loop {
            let is_ours = match socket.recv_from_full() {
                Ok((bytes, _)) => messages(&bytes).any(|message| table(message) == Some(TABLE.as_bytes())),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => false,
                // Some were lost: ours may have been among them.
                Err(_) => true,
            };
            if is_ours && to.send(Notice::Kernel).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// The bodies of the netlink messages of a datagram.
fn messages(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = u32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
        let body = bytes.get(16..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(body)
    })
}

/// The table that a message of nf_tables is about: the first attribute of all of them.
fn table(message: &[u8]) -> Option<&[u8]> {
    let attributes = message.get(4..)?;
    let length = usize::from(u16::from_ne_bytes(attributes.get(..2)?.try_into().ok()?));
    attributes.get(4..length)?.split(|byte| *byte == 0).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_each_message_is_found() {
        let message = |name: &str| {
            let attribute = 4 + name.len() + 1;
            let length = 16 + 4 + attribute;
            let mut bytes = Vec::new();
            bytes.extend(u32::try_from(length).unwrap().to_ne_bytes());
            bytes.extend([0; 12 + 4]);
            bytes.extend(u16::try_from(attribute).unwrap().to_ne_bytes());
            bytes.extend([1, 0]);
            bytes.extend(name.as_bytes());
            bytes.resize(length.next_multiple_of(4), 0);
            bytes
        };
        let datagram = [message("proxy"), message("netpol")].concat();
        let tables: Vec<_> = messages(&datagram).map(table).collect();
        assert_eq!(tables, [Some(&b"proxy"[..]), Some(b"netpol")]);
        assert_eq!(messages(&datagram[..20]).count(), 0);
        assert_eq!(table(&[0; 4]), None);
    }
}
