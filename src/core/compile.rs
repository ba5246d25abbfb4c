//! Compiles a cluster into an [`Engine`]: policies to sets of classes and connection sets, and per class a table that decides.
//!
//! Classes that the same policies select share a table. What is compiled here is all that `evaluate`, `explain` and `reach` read.

#[cfg(test)]
mod tier_tests;

use rustc_hash::FxHashMap;

use crate::addresses::AddressSpace;
use crate::bitset::{BitSet, BitSets, SetId};
use crate::classes::{Classes, NamedPortsId};
use crate::cluster::{Cluster, Direction};
use crate::connections::{ConnectionId, Connections};
use crate::engine::Engine;
use crate::model::{self, Action, AddressBlock, Peer, PortMatch, PortSelection, Rule, Tier, TierDefault};
use crate::options::EngineOptions;
use crate::select::SelectorIndex;
use crate::tables::{
    Compiled, CompiledPolicy, CompiledRule, Entry, NamedConnections, PeerSet, RuleConnections, Table, TableId,
    TierTable, connections_on,
};

/// Compiles a cluster.
pub fn compile(cluster: Cluster, options: EngineOptions) -> Engine {
    let tiers = model::tiers(&cluster);
    compile_tiers(cluster, &tiers, options)
}

/// Compiles a cluster with these tiers in place of those that its policies make.
pub(crate) fn compile_tiers(cluster: Cluster, tiers: &[Tier], options: EngineOptions) -> Engine {
    let classes = Classes::new(&cluster, tiers);
    let mut compiler = Compiler {
        index: SelectorIndex::new(&cluster, &classes),
        classes: &classes,
        sets: BitSets::default(),
        connections: Connections::default(),
        named: NamedConnections::default(),
        named_ids: FxHashMap::default(),
        block_ids: FxHashMap::default(),
        blocks: Vec::new(),
    };
    let addresses = compiler.address_space(tiers);
    let block_sets = compiler.block_sets(&addresses);
    let mut policies = Vec::new();
    let mut governing = Governing::new(&classes);
    for (tier_index, tier) in (0u32..).zip(tiers) {
        for policy in &tier.policies {
            let index = u32::try_from(policies.len()).unwrap_or(u32::MAX);
            let subject = compiler.index.select(&policy.subject, &mut compiler.sets);
            governing.add(index, policy, compiler.sets.iter(subject));
            let mut rules = |direction| {
                let rules: &[Rule] = policy.rules(direction)?;
                Some(rules.iter().map(|rule| compiler.rule(rule, &block_sets)).collect())
            };
            let (ingress, egress) = (rules(Direction::Ingress), rules(Direction::Egress));
            policies.push(CompiledPolicy { id: policy.id, tier: tier_index, ingress, egress });
        }
    }
    let tier_defaults: Vec<TierDefault> = tiers.iter().map(|tier| tier.default).collect();
    let mut tables = vec![Table::default()];
    let ingress = compiler.tables(&mut tables, &policies, &tier_defaults, Direction::Ingress, &governing.ingress);
    let egress = compiler.tables(&mut tables, &policies, &tier_defaults, Direction::Egress, &governing.egress);
    let Compiler { sets, connections, named, .. } = compiler;
    Engine::new(
        cluster,
        options,
        Compiled { classes, addresses, sets, connections, named, policies, tier_defaults, tables, ingress, egress },
    )
}

/// Per class, the policies that govern it, in order.
struct Governing {
    ingress: Vec<Vec<u32>>,
    egress: Vec<Vec<u32>>,
}

impl Governing {
    fn new(classes: &Classes) -> Governing {
        let count = classes.ids().count();
        Governing { ingress: vec![Vec::new(); count], egress: vec![Vec::new(); count] }
    }

    fn add(&mut self, index: u32, policy: &model::Policy, classes: impl Iterator<Item = u32>) {
        for class in classes {
            for (rules, governing) in [(&policy.ingress, &mut self.ingress), (&policy.egress, &mut self.egress)] {
                if let (Some(_), Some(policies)) = (rules, governing.get_mut(class as usize)) {
                    policies.push(index);
                }
            }
        }
    }
}

/// The entries that a rule can widen, since no other action comes between: by peers, and by named ports if there are any.
type LastEntries = FxHashMap<(PeerSet, Option<u32>), usize>;

struct Compiler<'a> {
    index: SelectorIndex<'a>,
    classes: &'a Classes,
    sets: BitSets,
    connections: Connections,
    named: NamedConnections,
    named_ids: FxHashMap<Vec<PortMatch>, RuleConnections>,
    block_ids: FxHashMap<AddressBlock, usize>,
    blocks: Vec<AddressBlock>,
}

impl Compiler<'_> {
    fn address_space(&mut self, tiers: &[Tier]) -> AddressSpace {
        let rules =
            tiers.iter().flat_map(|tier| &tier.policies).flat_map(|policy| policy.ingress.iter().chain(&policy.egress));
        for peer in rules.flatten().flat_map(|rule| rule.peers.iter().flatten()) {
            if let Peer::Addresses(block) = peer
                && !self.block_ids.contains_key(block)
            {
                self.block_ids.insert(block.clone(), self.blocks.len());
                self.blocks.push(block.clone());
            }
        }
        AddressSpace::new(&self.blocks)
    }

    /// Per block, its address classes.
    fn block_sets(&mut self, addresses: &AddressSpace) -> Vec<SetId> {
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); self.blocks.len()];
        for class in addresses.classes() {
            for block in addresses.blocks_of(class) {
                if let Some(members) = members.get_mut(*block as usize) {
                    members.push(class.0);
                }
            }
        }
        members.into_iter().map(|members| self.sets.intern(members.into_iter().collect::<BitSet>())).collect()
    }

    fn rule(&mut self, rule: &Rule, block_sets: &[SetId]) -> CompiledRule {
        let peers =
            rule.peers.as_ref().map(|peers| peers.iter().filter_map(|peer| self.peer(peer, block_sets)).collect());
        let connections =
            rule.ports.as_ref().map_or(RuleConnections::Fixed(ConnectionId::ALL), |ports| self.rule_connections(ports));
        CompiledRule { action: rule.action, peers, ports: rule.ports.clone(), connections }
    }

    fn peer(&mut self, peer: &Peer, block_sets: &[SetId]) -> Option<PeerSet> {
        match peer {
            Peer::Pods(selection) => Some(PeerSet::Pods(self.index.select(selection, &mut self.sets))),
            Peer::Addresses(block) => {
                self.block_ids.get(block).and_then(|index| block_sets.get(*index)).copied().map(PeerSet::Addresses)
            }
        }
    }

    fn rule_connections(&mut self, ports: &[PortMatch]) -> RuleConnections {
        if let Some(connections) = self.named_ids.get(ports) {
            return *connections;
        }
        let unnamed = self.connections.intern(connections_on(ports, &[]));
        let names_ports = ports.iter().any(|port| matches!(port.ports, PortSelection::Name(_)));
        let connections = if names_ports {
            let index = self.named.add(unnamed);
            for (id, named_ports) in self.classes.all_named_ports() {
                let resolved = self.connections.intern(connections_on(ports, named_ports));
                if resolved != unnamed {
                    self.named.resolve(index, id, resolved);
                }
            }
            RuleConnections::ByDestination(index)
        } else {
            RuleConnections::Fixed(unnamed)
        };
        self.named_ids.insert(ports.to_vec(), connections);
        connections
    }

    /// The table of each class in a direction; equal ones are made once.
    fn tables(
        &mut self,
        tables: &mut Vec<Table>,
        policies: &[CompiledPolicy],
        defaults: &[TierDefault],
        direction: Direction,
        governing: &[Vec<u32>],
    ) -> Vec<TableId> {
        let mut ids: FxHashMap<(&[u32], Option<NamedPortsId>), TableId> = FxHashMap::default();
        let mut of_class = Vec::with_capacity(governing.len());
        for ((_, class), indices) in self.classes.ids().zip(governing) {
            if indices.is_empty() {
                of_class.push(TableId::default());
                continue;
            }
            let governing: Vec<&CompiledPolicy> =
                indices.iter().filter_map(|index| policies.get(*index as usize)).collect();
            // At ingress the destination is the subject, so names resolve here and tables differ with them.
            let names_ports = direction == Direction::Ingress
                && (governing.iter().flat_map(|policy| policy.rules(direction).unwrap_or_default()))
                    .any(|rule| matches!(rule.connections, RuleConnections::ByDestination(_)));
            let named_ports = names_ports.then_some(class.named_ports);
            let next = TableId(u32::try_from(tables.len()).unwrap_or(u32::MAX));
            let id = *ids.entry((indices.as_slice(), named_ports)).or_insert(next);
            if id == next {
                let tiers = self.tier_tables(&governing, defaults, direction, class.named_ports);
                tables.push(Table { tiers, policies: indices.clone() });
            }
            of_class.push(id);
        }
        of_class
    }

    fn tier_tables(
        &mut self,
        policies: &[&CompiledPolicy],
        defaults: &[TierDefault],
        direction: Direction,
        subject_ports: NamedPortsId,
    ) -> Vec<TierTable> {
        let mut tables = Vec::new();
        for tier in policies.chunk_by(|a, b| a.tier == b.tier) {
            let default = tier.first().and_then(|policy| defaults.get(policy.tier as usize)).copied();
            let mut entries: Vec<Entry> = Vec::new();
            let mut last = LastEntries::default();
            for rule in tier.iter().flat_map(|policy| policy.rules(direction).unwrap_or_default()) {
                let connections = match rule.connections {
                    RuleConnections::ByDestination(index) if direction == Direction::Ingress => {
                        RuleConnections::Fixed(self.named.get(index, Some(subject_ports)))
                    }
                    connections => connections,
                };
                match &rule.peers {
                    None => self.add_entry(
                        &mut entries,
                        &mut last,
                        Entry { action: rule.action, peers: PeerSet::Anyone, connections },
                    ),
                    Some(peers) => {
                        for peers in peers {
                            self.add_entry(
                                &mut entries,
                                &mut last,
                                Entry { action: rule.action, peers: *peers, connections },
                            );
                        }
                    }
                }
            }
            let default = default.unwrap_or(TierDefault::Deny);
            let is_allow_list =
                default == TierDefault::Deny && entries.iter().all(|entry| entry.action == Action::Allow);
            tables.push(TierTable { default, entries, is_allow_list });
        }
        tables
    }

    /// Adds an entry, or widens an earlier one for the same peers when no other action comes between them.
    fn add_entry(&mut self, entries: &mut Vec<Entry>, last: &mut LastEntries, new: Entry) {
        if new.connections == RuleConnections::Fixed(ConnectionId::NONE) {
            return;
        }
        if entries.last().is_some_and(|entry| entry.action != new.action) {
            last.clear();
        }
        let named = match new.connections {
            RuleConnections::Fixed(_) => None,
            RuleConnections::ByDestination(index) => Some(index),
        };
        let place = *last.entry((new.peers, named)).or_insert(entries.len());
        match (entries.get_mut(place), new.connections) {
            (Some(Entry { connections: RuleConnections::Fixed(old), .. }), RuleConnections::Fixed(added)) => {
                *old = self.connections.union(*old, added);
            }
            (Some(_), _) => {}
            (None, _) => entries.push(new),
        }
    }
}
