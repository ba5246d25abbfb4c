//! `reach -o csv`: one record per pair and protocol.

use std::io;

use netpol::Connectivity;

use super::{allowed_ports, for_each_row};

pub(super) fn write(connectivity: &Connectivity<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(["source", "destination", "protocol", "ports"]).map_err(cause)?;
    for_each_row(connectivity, |row| {
        for allowed in allowed_ports(row.connections) {
            let ports = allowed.ports.join(",");
            writer.write_record([row.source, row.destination, allowed.protocol.name(), &ports]).map_err(cause)?;
        }
        Ok(())
    })?;
    writer.flush()
}

/// What the writer below says: a reader that has gone away is to be known as one.
fn cause(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
