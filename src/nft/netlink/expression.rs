//! Matches and statements of rules, as expressions of the kernel's: each loads into a register, compares one, or acts.

use netlink_packet_core::DefaultNla;
use netlink_packet_netfilter::nftables::{
    Bitwise, Cmp, DataAttribute, ExpressionAttribute, Expressions, Immediate, ListAttribute, Lookup, Meta, MetaKey,
    Operator, Payload, Register, Verdict, VerdictAttribute,
};
use netpol::protocol::{Family, Protocol};

use super::element::{goto, number};
use super::{COUNTER, text};
use crate::ruleset::{Mark, Match, Side, Statement, States};
use crate::text::quotable;

type Expression = ListAttribute<ExpressionAttribute>;

/// The registers of 16 bytes that keys begin in; those of 4 bytes overlap them.
const FIRST: Register = Register::Reg1;
/// `NF_DROP` and `NF_ACCEPT`.
const DROP: u32 = 0;
const ACCEPT: u32 = 1;
/// The headers that offsets are counted from: `NFT_PAYLOAD_NETWORK_HEADER` and `NFT_PAYLOAD_TRANSPORT_HEADER`.
const NETWORK: u32 = 1;
const TRANSPORT: u32 = 2;
/// ICMPv6's number, and the first and last of its types that neighbour discovery has.
const ICMPV6: u8 = 58;
const ROUTER_SOLICITATION: u8 = 133;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
/// What conntrack knows: `NFT_CT_STATE`, `NFT_CT_DIRECTION` and `NFT_CT_MARK`.
const STATE: u32 = 0;
const DIRECTION: u32 = 1;
const MARK: u32 = 3;

/// What holds where a match does.
pub fn of_match(wanted: &Match) -> Vec<Expression> {
    match wanted {
        Match::Address(side, family, set) => {
            vec![load_family(), equals(&[family_number(*family)]), load_address(*side, *family, FIRST), lookup(set)]
        }
        Match::Pair(family, set) => vec![
            load_family(),
            equals(&[family_number(*family)]),
            load_address(Side::Source, *family, FIRST),
            load_address(Side::Destination, *family, behind_address(*family, 0)),
            lookup(set),
        ],
        Match::Service(family, set) => vec![
            load_family(),
            equals(&[family_number(*family)]),
            load_address(Side::Destination, *family, FIRST),
            load_meta(MetaKey::L4Proto, behind_address(*family, 0)),
            load_destination_port(behind_address(*family, 1)),
            lookup(set),
        ],
        Match::Protocol(protocol) => is_protocol(number(*protocol)),
        Match::Port(protocol, port) => with_port(*protocol, equals(&port.get().to_be_bytes())),
        Match::Ports(protocol, set) => with_port(*protocol, lookup(set)),
        Match::State(states) => vec![
            load_conntrack(STATE),
            masked(state_bits(*states), 0),
            compare(Operator::NotEqual, &0u32.to_ne_bytes()),
        ],
        Match::Reply => vec![load_conntrack(DIRECTION), equals(&[1])],
        Match::Mark(Mark { mask, value }) => {
            vec![load_conntrack(MARK), masked(*mask, 0), equals(&value.to_ne_bytes())]
        }
        Match::NeighbourDiscovery => {
            let family = [load_family(), equals(&[family_number(Family::Ipv6)])];
            let kind = [
                load(TRANSPORT, 0, 1, FIRST),
                compare(Operator::GreatherThanEqual, &[ROUTER_SOLICITATION]),
                compare(Operator::LessThanEqual, &[NEIGHBOUR_ADVERTISEMENT]),
            ];
            family.into_iter().chain(is_protocol(ICMPV6)).chain(kind).collect()
        }
    }
}

/// What does a statement.
pub fn of_statement(statement: &Statement) -> Vec<Expression> {
    match statement {
        Statement::Counter(name) => {
            let attributes = [(1, COUNTER.to_be_bytes().to_vec()), (2, text(name))];
            vec![other("objref", attributes)]
        }
        Statement::Log { group, prefix, rate } => {
            // API: limits are kept per second, with the burst that `nft` takes unless told otherwise.
            let limit = [
                (1, u64::from(*rate).to_be_bytes().to_vec()),
                (2, 1u64.to_be_bytes().to_vec()),
                (3, 5u32.to_be_bytes().to_vec()),
            ];
            let log = [(1, group.to_be_bytes().to_vec()), (2, text(&quotable(prefix)))];
            vec![other("limit", limit), other("log", log)]
        }
        Statement::SetMark(Mark { mask, value }) => {
            let set = other("ct", [(2, MARK.to_be_bytes().to_vec()), (4, u32::from(FIRST).to_be_bytes().to_vec())]);
            vec![load_conntrack(MARK), masked(!mask, *value), set]
        }
        Statement::Accept => vec![verdict(code(ACCEPT))],
        Statement::Drop => vec![verdict(code(DROP))],
        Statement::Reject => {
            // `NFT_REJECT_ICMPX_UNREACH`, `NFT_REJECT_ICMPX_ADMIN_PROHIBITED`.
            vec![other("reject", [(1, 2u32.to_be_bytes().to_vec()), (2, vec![3])])]
        }
        Statement::Goto(chain) => vec![verdict(goto(chain))],
        Statement::GotoBy(side, family, map) => {
            let by = Expressions::Lookup(vec![
                Lookup::Set(map.clone()),
                Lookup::SourceRegister(FIRST),
                Lookup::DestinationRegister(Register::Verdict),
            ]);
            vec![
                load_family(),
                equals(&[family_number(*family)]),
                load_address(*side, *family, FIRST),
                Expression::from(by),
            ]
        }
    }
}

fn is_protocol(number: u8) -> Vec<Expression> {
    vec![load_meta(MetaKey::L4Proto, FIRST), equals(&[number])]
}

fn with_port(protocol: Protocol, check: Expression) -> Vec<Expression> {
    let mut expressions = is_protocol(number(protocol));
    expressions.extend([load_destination_port(FIRST), check]);
    expressions
}

/// `NFPROTO_IPV4` and `NFPROTO_IPV6`.
fn family_number(family: Family) -> u8 {
    match family {
        Family::Ipv4 => 2,
        Family::Ipv6 => 10,
    }
}

fn load_family() -> Expression {
    load_meta(MetaKey::Nfproto, FIRST)
}

fn load_meta(key: MetaKey, register: Register) -> Expression {
    Expressions::Meta(vec![Meta::Key(key), Meta::DestinationRegister(register)]).into()
}

fn load_address(side: Side, family: Family, register: Register) -> Expression {
    let (offset, length) = match (family, side) {
        (Family::Ipv4, Side::Source) => (12, 4),
        (Family::Ipv4, Side::Destination) => (16, 4),
        (Family::Ipv6, Side::Source) => (8, 16),
        (Family::Ipv6, Side::Destination) => (24, 16),
    };
    load(NETWORK, offset, length, register)
}

/// Where a key goes on behind an address that is in the first register: so many fields of four bytes further.
fn behind_address(family: Family, fields: u32) -> Register {
    // `NFT_REG32_00` and its followers; an address of IPv4 takes one, of IPv6 four.
    let first = u32::from(Register::Reg32_00);
    Register::from(first + fields + if family == Family::Ipv4 { 1 } else { 4 })
}

fn load_destination_port(register: Register) -> Expression {
    load(TRANSPORT, 2, 2, register)
}

fn load(base: u32, offset: u32, length: u32, register: Register) -> Expression {
    Expressions::Payload(vec![
        Payload::DestinationRegister(register),
        Payload::Base(base),
        Payload::Offset(offset),
        Payload::Len(length),
    ])
    .into()
}

fn load_conntrack(key: u32) -> Expression {
    other("ct", [(1, u32::from(FIRST).to_be_bytes().to_vec()), (2, key.to_be_bytes().to_vec())])
}

/// The bits of conntrack's states.
fn state_bits(states: States) -> u32 {
    const ESTABLISHED: u32 = 2;
    const RELATED: u32 = 4;
    match states {
        States::Established => ESTABLISHED,
        States::Related => RELATED,
        States::EstablishedOrRelated => ESTABLISHED | RELATED,
    }
}

/// The first register's bits of a mask, with other bits set.
fn masked(mask: u32, set: u32) -> Expression {
    Expressions::Bitwise(vec![
        Bitwise::SourceRegister(FIRST),
        Bitwise::DestinationRegister(FIRST),
        Bitwise::Length(4),
        Bitwise::Mask(DataAttribute::Value(mask.to_ne_bytes().to_vec())),
        Bitwise::Xor(DataAttribute::Value(set.to_ne_bytes().to_vec())),
    ])
    .into()
}

fn equals(value: &[u8]) -> Expression {
    compare(Operator::Equal, value)
}

fn compare(operator: Operator, value: &[u8]) -> Expression {
    Expressions::Cmp(vec![
        Cmp::SourceRegister(FIRST),
        Cmp::Op(operator),
        Cmp::Data(DataAttribute::Value(value.to_vec())),
    ])
    .into()
}

fn lookup(set: &str) -> Expression {
    Expressions::Lookup(vec![Lookup::Set(set.to_owned()), Lookup::SourceRegister(FIRST)]).into()
}

fn code(code: u32) -> DataAttribute {
    DataAttribute::Verdict(vec![VerdictAttribute::Code(Verdict::Other(code))])
}

fn verdict(verdict: DataAttribute) -> Expression {
    Expressions::Immediate(vec![Immediate::DestinationRegister(Register::Verdict), Immediate::Data(verdict)]).into()
}

/// An expression of a type that the library has no attributes of.
fn other<const N: usize>(expression_type: &str, attributes: [(u16, Vec<u8>); N]) -> Expression {
    let attributes = attributes.map(|(kind, value)| DefaultNla::new(kind, value)).to_vec();
    Expressions::Other { expression_type: expression_type.to_owned(), attributes }.into()
}
