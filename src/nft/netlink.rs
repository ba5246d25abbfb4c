//! A batch as the messages of netlink that the kernel takes in one datagram: no `nft` in between.
//!
//! What a rule is in the kernel is in `expression`, what an element is in `element`, what the kernel says of a batch in `answer`.
//! Nothing here opens a socket.

mod answer;
mod element;
mod expression;

pub use answer::Refusal;

use netlink_packet_core::{
    DefaultNla, NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_netfilter::nftables::{
    ChainAttribute, ChainMessage, NfTablesMessage, RuleAttribute, RuleMessage, SetAttribute, SetElementList,
    SetElementMessage, SetFlags, SetMessage,
};
use netlink_packet_netfilter::none::ControlMessage;
use netlink_packet_netfilter::{NetfilterHeader, NetfilterMessage, NetfilterMessageInner, NetfilterProtoFamily};

use crate::batch::{Batch, Change, ObjectKind};
use crate::ruleset::{Rule, Set, SetKind, TABLE};
use crate::text::quotable;

/// nftables among the subsystems of netfilter: `NFNL_SUBSYS_NFTABLES`.
const SUBSYSTEM: u16 = 10;
/// The kind of object that a counter is: `NFT_OBJECT_COUNTER`.
const COUNTER: u32 = 1;
/// Elements in a message. An attribute holds 64 KiB, and the longest element, of a map, takes less than 128 bytes.
const ELEMENTS: usize = 500;

impl Batch {
    /// The messages of the batch, for one `send`. Those of a change have its place among the [changes](Batch::changes) as their
    /// sequence number, from 1; the last one of all asks to be acknowledged.
    pub fn to_netlink(&self) -> Vec<u8> {
        let mut messages = vec![control(ControlMessage::BatchBegin)];
        for (number, change) in (1..).zip(self.changes()) {
            messages.extend(self::messages(change, number).into_iter().map(|message| {
                // Rules go to the end of their chain.
                let flags = if is_new(&message) { NLM_F_CREATE | NLM_F_APPEND } else { 0 };
                netlink(NetfilterProtoFamily::Inet, 0, message.into(), flags, number)
            }));
        }
        if let [_, .., last] = messages.as_mut_slice() {
            last.header.flags |= NLM_F_ACK;
        }
        messages.push(control(ControlMessage::BatchEnd));
        let mut bytes = Vec::new();
        for mut message in messages {
            message.finalize();
            let start = bytes.len();
            bytes.resize(start + message.buffer_len(), 0);
            if let Some(room) = bytes.get_mut(start..) {
                message.serialize(room);
            }
        }
        bytes
    }
}

fn control(message: ControlMessage) -> NetlinkMessage<NetfilterMessage> {
    netlink(NetfilterProtoFamily::Unspec, SUBSYSTEM, message.into(), 0, 0)
}

fn netlink(
    family: NetfilterProtoFamily,
    subsystem: u16,
    message: NetfilterMessageInner,
    flags: u16,
    number: u32,
) -> NetlinkMessage<NetfilterMessage> {
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | flags;
    header.sequence_number = number;
    let message = NetfilterMessage::new(NetfilterHeader::new(family, 0, subsystem), message);
    NetlinkMessage::new(header, NetlinkPayload::from(message))
}

fn is_new(message: &NfTablesMessage) -> bool {
    use NfTablesMessage::{NewChain, NewObject, NewRule, NewSet, NewSetElement};
    matches!(message, NewChain(_) | NewObject(_) | NewRule(_) | NewSet(_) | NewSetElement(_))
}

/// The messages of a change; a number that no other change of the batch has is its set's while the transaction lasts.
fn messages(change: &Change, number: u32) -> Vec<NfTablesMessage> {
    match change {
        Change::AddSet(name, set) => {
            let elements = set.elements.iter().map(element::of_set).collect();
            let mut messages = vec![NfTablesMessage::NewSet(new_set(name, set, number))];
            messages.extend(element_lists(name, elements).map(NfTablesMessage::NewSetElement));
            messages
        }
        Change::AddCounter(name, what) => vec![NfTablesMessage::NewObject(new_counter(name, what))],
        Change::AddChain(name) => vec![NfTablesMessage::NewChain(chain(name))],
        Change::FlushChain(name) => {
            // Without a rule that is named, all of the chain's go.
            let attributes = vec![RuleAttribute::Table(TABLE.to_owned()), RuleAttribute::Chain(name.clone())];
            vec![NfTablesMessage::DeleteRule(RuleMessage { attributes })]
        }
        Change::AddRule(chain, rule) => vec![NfTablesMessage::NewRule(new_rule(chain, rule))],
        Change::AddElements(set, elements) => {
            let elements = elements.iter().map(element::of_set).collect();
            element_lists(set, elements).map(NfTablesMessage::NewSetElement).collect()
        }
        Change::DeleteElements(set, elements) => {
            let elements = elements.iter().map(element::of_set).collect();
            element_lists(set, elements).map(NfTablesMessage::DeleteSetElement).collect()
        }
        Change::AddEntries(map, entries) => {
            let elements = entries.iter().map(|(address, chain)| vec![element::of_map(*address, Some(chain))]);
            element_lists(map, elements.collect()).map(NfTablesMessage::NewSetElement).collect()
        }
        Change::DeleteEntries(map, addresses) => {
            let elements = addresses.iter().map(|address| vec![element::of_map(*address, None)]);
            element_lists(map, elements.collect()).map(NfTablesMessage::DeleteSetElement).collect()
        }
        Change::Delete(ObjectKind::Chain, name) => vec![NfTablesMessage::DeleteChain(chain(name))],
        Change::Delete(ObjectKind::Set, name) => {
            let attributes = vec![SetAttribute::Table(TABLE.to_owned()), SetAttribute::Name(name.clone())];
            vec![NfTablesMessage::DeleteSet(SetMessage { attributes })]
        }
        Change::Delete(ObjectKind::Counter, name) => vec![NfTablesMessage::DeleteObject(counter(name))],
    }
}

fn new_set(name: &str, set: &Set, number: u32) -> SetMessage {
    let is_interval = matches!(set.kind, SetKind::Ranges(_) | SetKind::Ports);
    let (key_type, key_length) = element::key(set.kind);
    let attributes = vec![
        SetAttribute::Table(TABLE.to_owned()),
        SetAttribute::Name(name.to_owned()),
        SetAttribute::Flags(if is_interval { SetFlags::Interval } else { SetFlags::empty() }),
        SetAttribute::KeyType(key_type),
        SetAttribute::KeyLen(key_length),
        SetAttribute::Id(number),
    ];
    SetMessage { attributes }
}

fn chain(name: &str) -> ChainMessage {
    ChainMessage { attributes: vec![ChainAttribute::Table(TABLE.to_owned()), ChainAttribute::Name(name.to_owned())] }
}

fn new_rule(chain: &str, rule: &Rule) -> RuleMessage {
    let matches = rule.matches.iter().flat_map(expression::of_match);
    let statements = rule.statements.iter().flat_map(expression::of_statement);
    let mut attributes = vec![
        RuleAttribute::Table(TABLE.to_owned()),
        RuleAttribute::Chain(chain.to_owned()),
        RuleAttribute::Expressions(matches.chain(statements).collect()),
    ];
    attributes.extend(rule.comment.as_deref().map(comment).map(RuleAttribute::UserData));
    RuleMessage { attributes }
}

fn counter(name: &str) -> Vec<DefaultNla> {
    const TABLE_NAME: u16 = 1;
    const NAME: u16 = 2;
    const TYPE: u16 = 3;
    let kind = COUNTER.to_be_bytes().to_vec();
    vec![DefaultNla::new(TABLE_NAME, text(TABLE)), DefaultNla::new(NAME, text(name)), DefaultNla::new(TYPE, kind)]
}

fn new_counter(name: &str, what: &str) -> Vec<DefaultNla> {
    const DATA: u16 = 4 | netlink_packet_core::NLA_F_NESTED;
    const USER_DATA: u16 = 8;
    let mut attributes = counter(name);
    // From nothing.
    attributes.push(DefaultNla::new(DATA, Vec::new()));
    attributes.push(DefaultNla::new(USER_DATA, comment(what)));
    attributes
}

/// Messages with the parts of some elements. Those of one element, an interval's two ends, stay together.
fn element_lists(set: &str, elements: Vec<element::Parts>) -> impl Iterator<Item = SetElementMessage> {
    let chunk = |chunk: &[element::Parts]| SetElementMessage {
        attributes: vec![
            SetElementList::Table(TABLE.to_owned()),
            SetElementList::Set(set.to_owned()),
            SetElementList::Elements(chunk.iter().flatten().cloned().collect()),
        ],
    };
    elements.chunks(ELEMENTS).map(chunk).collect::<Vec<_>>().into_iter()
}

/// A string with the zero at its end.
fn text(text: &str) -> Vec<u8> {
    text.bytes().chain([0]).collect()
}

/// What `nft` keeps beside a rule or a counter: a type, a length and a value.
fn comment(comment: &str) -> Vec<u8> {
    const COMMENT: u8 = 0;
    let comment = text(&quotable(comment));
    let length = u8::try_from(comment.len()).unwrap_or(u8::MAX);
    [COMMENT, length].into_iter().chain(comment.into_iter().take(usize::from(length))).collect()
}
