//! Ten shapes of policies, which between them use every kind of peer and port.

use super::random::Random;
use super::{TEAMS, TIERS};

/// How many shapes there are.
pub const SHAPES: usize = 10;

/// The `turn`th policy of a namespace.
pub fn written(namespace: &str, turn: usize, random: &mut Random) -> String {
    let (name, spec) = shaped(turn % SHAPES, random);
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: policy-{turn}-{name}\n  namespace: \
         {namespace}\nspec:\n{spec}"
    )
}

fn shaped(shape: usize, random: &mut Random) -> (&'static str, String) {
    match shape {
        0 => ("closed", closed()),
        1 => ("dns", dns()),
        2 => ("tier", tier_to_tier(random)),
        3 => ("team", of_a_team("Ingress", "from", ["api", "web"], random)),
        4 => ("metrics", metrics()),
        5 => ("range", port_range(random)),
        6 => ("outside", from_outside(random)),
        7 => ("zones", to_zones(random)),
        8 => ("other-team", of_a_team("Egress", "to", ["web", "api"], random)),
        _ => ("datagrams", datagrams(random)),
    }
}

/// Both directions, no rules.
fn closed() -> String {
    "  podSelector: {}
  policyTypes:
    - Ingress
    - Egress
"
    .to_owned()
}

/// Egress to a pod of another namespace, over two protocols.
fn dns() -> String {
    "  podSelector: {}
  policyTypes:
    - Egress
  egress:
    - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: kube-system
          podSelector:
            matchLabels:
              k8s-app: kube-dns
      ports:
        - protocol: UDP
          port: 53
        - protocol: TCP
          port: 53
"
    .to_owned()
}

/// Ingress within the namespace, by a label.
fn tier_to_tier(random: &mut Random) -> String {
    let (subject, peer, port) = (random.one_of(&TIERS), random.one_of(&TIERS), 8080 + random.below(3));
    format!(
        "  podSelector:
    matchLabels:
      tier: {subject}
  policyTypes:
    - Ingress
  ingress:
    - from:
        - podSelector:
            matchLabels:
              tier: {peer}
      ports:
        - protocol: TCP
          port: {port}
"
    )
}

/// Peers in the namespaces of a team, by a label of each.
fn of_a_team(direction: &str, field: &str, [subject, peer]: [&str; 2], random: &mut Random) -> String {
    let (rules, team) = (direction.to_lowercase(), random.one_of(&TEAMS));
    format!(
        "  podSelector:
    matchLabels:
      tier: {subject}
  policyTypes:
    - {direction}
  {rules}:
    - {field}:
        - namespaceSelector:
            matchLabels:
              team: {team}
          podSelector:
            matchLabels:
              tier: {peer}
      ports:
        - protocol: TCP
          port: 8080
"
    )
}

/// A port by its name.
fn metrics() -> String {
    "  podSelector: {}
  policyTypes:
    - Ingress
  ingress:
    - from:
        - namespaceSelector:
            matchLabels:
              env: production
      ports:
        - protocol: TCP
          port: metrics
"
    .to_owned()
}

/// A range of ports, for every pod of the namespace.
fn port_range(random: &mut Random) -> String {
    let first = 30_000 + 10 * random.below(100);
    format!(
        "  podSelector:
    matchLabels:
      tier: cache
  policyTypes:
    - Ingress
  ingress:
    - from:
        - podSelector: {{}}
      ports:
        - protocol: TCP
          port: {first}
          endPort: 32767
"
    )
}

/// A block of addresses with a hole.
fn from_outside(random: &mut Random) -> String {
    let (network, hole) = (1 + random.below(199), random.below(256));
    format!(
        "  podSelector:
    matchLabels:
      tier: web
  policyTypes:
    - Ingress
  ingress:
    - from:
        - ipBlock:
            cidr: {network}.0.0.0/8
            except:
              - {network}.{hole}.0.0/16
      ports:
        - protocol: TCP
          port: 8080
"
    )
}

/// Selectors by expressions; egress on every port.
fn to_zones(random: &mut Random) -> String {
    let (one, other) = (random.one_of(&TIERS), random.one_of(&TIERS));
    format!(
        "  podSelector:
    matchExpressions:
      - key: tier
        operator: In
        values:
          - {one}
          - {other}
      - key: ver
        operator: NotIn
        values:
          - v3
  policyTypes:
    - Egress
  egress:
    - to:
        - namespaceSelector:
            matchExpressions:
              - key: zone
                operator: In
                values:
                  - zone-b
                  - zone-c
                  - zone-d
"
    )
}

/// The other two protocols, from pods of every namespace.
fn datagrams(random: &mut Random) -> String {
    let peer = random.one_of(&TIERS);
    format!(
        "  podSelector:
    matchLabels:
      ver: v2
  policyTypes:
    - Ingress
  ingress:
    - from:
        - namespaceSelector: {{}}
          podSelector:
            matchLabels:
              tier: {peer}
      ports:
        - protocol: UDP
          port: 5000
        - protocol: SCTP
          port: 6000
"
    )
}
