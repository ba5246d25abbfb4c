//! What the kernel answers to a batch.

use std::fmt::{self, Display, Formatter};

use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_netfilter::NetfilterMessage;

use crate::batch::Batch;

/// The longest part of a refused change that is told.
const SHOWN: usize = 200;

/// Why the kernel did not take a batch. It has what it had before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A change cannot be made.
    Change {
        /// As `nft` would be told; without one, all of the batch is at fault.
        change: Option<String>,
        /// The error number of Linux.
        errno: i32,
    },
    /// The batch was not acknowledged.
    Unanswered,
}

impl Batch {
    /// What came of the batch, by all that the kernel said after it.
    ///
    /// # Errors
    ///
    /// The first change that the kernel refused.
    pub fn outcome(&self, mut answers: &[u8]) -> Result<(), Refusal> {
        let mut is_acknowledged = self.is_empty();
        while let Ok(answer) = NetlinkMessage::<NetfilterMessage>::deserialize(answers) {
            if let NetlinkPayload::Error(error) = &answer.payload {
                let number = answer.header.sequence_number;
                if error.code.is_some() {
                    let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
                    let change = index
                        .and_then(|index| self.changes().get(index))
                        .map(|change| change.to_string().trim_end().chars().take(SHOWN).collect());
                    return Err(Refusal::Change { change, errno: error.raw_code().abs() });
                }
                is_acknowledged |= usize::try_from(number) == Ok(self.changes().len());
            }
            let length = usize::try_from(answer.header.length).unwrap_or(usize::MAX).next_multiple_of(4);
            answers = answers.get(length..).unwrap_or_default();
        }
        is_acknowledged.then_some(()).ok_or(Refusal::Unanswered)
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Refusal::Change { change, errno } = self else { return f.write_str("the kernel does not answer") };
        let reason = std::io::Error::from_raw_os_error(*errno);
        match change {
            Some(change) => write!(f, "`{change}`: {reason}"),
            None => write!(f, "{reason}"),
        }
    }
}
