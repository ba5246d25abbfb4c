//! The table of everything that netpol says about input: slug, default severity, one line. `docs/diagnostics` has a page for each.

use crate::diagnostic::{Diagnostic, Severity};
use crate::spelling::nearest;

/// A kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its kebab-case code.
    pub slug: &'static str,
    /// How bad it is unless configured otherwise.
    pub severity: Severity,
    /// What it finds, in one line.
    pub summary: &'static str,
}

impl Rule {
    /// The rule of a slug.
    pub fn find(slug: &str) -> Option<&'static Rule> {
        RULES.iter().copied().find(|rule| rule.slug == slug)
    }

    /// What to say of a slug that no rule has.
    pub fn unknown(slug: &str) -> String {
        let hint = match nearest(slug, RULES.iter().map(|rule| rule.slug)) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "`netpol rules` lists them".to_owned(),
        };
        format!("there is no rule `{slug}`: {hint}")
    }

    /// A finding of the rule.
    pub(crate) fn finding(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.severity, self.slug, message)
    }
}

macro_rules! rules {
    ($($name:ident = $severity:ident, $slug:literal, $summary:literal;)*) => {
        $(
            #[doc = $summary]
            pub static $name: Rule = Rule { slug: $slug, severity: Severity::$severity, summary: $summary };
        )*

        /// Every rule, by slug.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    AMBIGUOUS_CIDR = Warning, "ambiguous-cidr", "a CIDR has bits set beyond its prefix";
    CLIENT_BEHIND_LOAD_BALANCER = Warning, "client-behind-load-balancer", "a rule allows clients whose addresses a Service hides";
    CONTRADICTORY_SELECTOR = Error, "contradictory-selector", "conditions of a selector exclude each other";
    DENIES_NOTHING = Error, "denies-nothing", "a policy whose name says that it denies allows everyone";
    DNS_BLOCKED = Warning, "dns-blocked", "pods whose egress is isolated cannot resolve names";
    DNS_OVER_UDP_ONLY = Note, "dns-over-udp-only", "pods may ask for names over UDP and not over TCP";
    DUPLICATE_OBJECT = Error, "duplicate-object", "one object is defined twice with different content";
    EMPTY_BLOCK = Error, "empty-block", "the `except` entries of a block cover all of it";
    EMPTY_PEERS = Warning, "empty-peers", "`from` or `to` is written with nothing in it, which means everyone";
    EMPTY_PORTS = Warning, "empty-ports", "`ports` is written with nothing in it, which means every port";
    EMPTY_SELECTOR = Warning, "empty-selector", "a selector is missing or has nothing in it, which selects everything";
    GENERATED_LABEL = Warning, "generated-label", "a selector asks for a label that a controller generates";
    HOST_NETWORK = Warning, "host-network", "a selector matches only pods on the host network, which selectors do not see";
    IGNORE_WITHOUT_REASON = Error, "ignore-without-reason", "a comment ignores a rule and does not say why";
    IGNORED_RULES = Error, "ignored-rules", "`policyTypes` leaves out a direction that the policy has rules for";
    IMPLICIT_POLICY_TYPES = Note, "implicit-policy-types", "`policyTypes` is left to its default";
    INVALID_ADDRESS = Warning, "invalid-address", "an address of a pod or node is none";
    INVALID_CONTAINER_PORT = Warning, "invalid-container-port", "a named container port has no valid number or protocol";
    INVALID_DOCUMENT = Error, "invalid-document", "a document cannot be parsed";
    INVALID_OBJECT = Error, "invalid-object", "an object has fields that it cannot have, or of a wrong type";
    INVALID_POLICY = Error, "invalid-policy", "the API server refuses the policy";
    JOB_LABELS = Note, "job-labels", "the pods of a Job have the labels by which policies know an application";
    MISPLACED_LABEL = Warning, "misplaced-label", "a namespaceSelector has labels of pods, or a podSelector those of a namespace";
    MISSING_NAMESPACE = Note, "missing-namespace", "a namespace is used that the input does not define";
    MISSING_PROTOCOL = Warning, "missing-protocol", "a port that is used over UDP has no `protocol`, which means TCP";
    MISSPELT_LABEL = Warning, "misspelt-label", "a selector asks for a value that nothing has, but for one letter";
    MOOT_EXCEPT = Warning, "moot-except", "another rule lets in those whom an `except` leaves out";
    NON_CANONICAL_CIDR = Warning, "non-canonical-cidr", "an IPv6 CIDR is not written in its canonical form";
    NON_STANDARD_CIDR = Warning, "non-standard-cidr", "a CIDR has leading zeros or maps IPv4 into IPv6";
    NOT_AN_OBJECT = Note, "not-an-object", "a document is not a Kubernetes object";
    NOT_EVERYONE = Note, "not-everyone", "a policy whose name says everyone lets in pods only";
    NOT_IN_WITHOUT_KEY = Warning, "not-in-without-key", "`NotIn` in a peer matches what does not have the label at all";
    ONE_FAMILY = Warning, "one-family", "a rule for every address has those of one family only";
    ONE_SIDED_ALLOW = Warning, "one-sided-allow", "a rule allows connections that the other end's policies deny";
    OPEN_EGRESS = Error, "open-egress", "`egress: []` without `policyTypes` isolates ingress, not egress";
    OPEN_WORKLOAD = Note, "open-workload", "no policy isolates a workload, although most others of its namespace are isolated";
    PASSED_OVER = Note, "passed-over", "objects that decide nothing";
    PEER_SELECTS_NOTHING = Note, "peer-selects-nothing", "a peer matches no pod";
    POD_ADDRESS = Warning, "pod-address", "an ipBlock is the address of a pod";
    PORT_NAME_OF_ADDRESSES = Error, "port-name-of-addresses", "an egress rule asks addresses for a port name";
    REDUNDANT_EXCEPT = Note, "redundant-except", "an `except` entry lies within another one";
    REDUNDANT_PEER = Note, "redundant-peer", "a peer changes no traffic: another one allows as much";
    REDUNDANT_POLICY = Note, "redundant-policy", "a policy changes no traffic: others do as much";
    REDUNDANT_PORT = Note, "redundant-port", "a port is in another one of the same rule";
    REDUNDANT_RULE = Note, "redundant-rule", "a rule changes no traffic: others allow as much";
    SELECTS_NO_POD = Warning, "selects-no-pod", "a policy selects no pod";
    SERVICE_ADDRESS = Warning, "service-address", "an ipBlock is the address of a Service";
    SERVICE_PORT = Error, "service-port", "a rule has the port of a Service, on which no pod listens";
    SHADOWED_RULES = Warning, "shadowed-rules", "a rule that allows everything leaves the others without effect";
    SHARED_ADDRESS = Warning, "shared-address", "two pods have the same address";
    SPLIT_PEER = Warning, "split-peer", "a dash makes two peers of a namespace and the pods in it";
    SPLIT_RULE = Warning, "split-rule", "a dash makes two rules of peers and their ports";
    TERMINATED_POD = Note, "terminated-pod", "a pod has run to its end and is left out";
    UNDECLARED_PORT = Note, "undeclared-port", "a rule is for ports that no pod declares";
    UNINTENDED_INGRESS = Warning, "unintended-ingress-isolation", "a policy with egress rules only isolates ingress as well";
    UNKNOWN_KIND = Error, "unknown-kind", "an object has an `apiVersion` or `kind` that there is not";
    UNKNOWN_NAMESPACE_LABEL = Warning, "unknown-namespace-label", "a namespaceSelector asks for a label that no namespace has";
    UNKNOWN_PORT_NAME = Warning, "unknown-port-name", "a rule has a port name that no pod has";
    UNLISTED_FINDINGS = Error, "unlisted-findings", "a file has more findings than are listed";
    UNREADABLE_FILE = Error, "unreadable-file", "a file cannot be read";
    UNSUPPORTED_KIND = Warning, "unsupported-kind", "objects that decide something but are not read";
    UNSUPPORTED_POLICY = Warning, "unsupported-policy", "policies of a kind that is not evaluated";
    UNUSED_IGNORE = Warning, "unused-ignore", "a comment ignores a rule that finds nothing there";
    WHOLE_INTERNET = Note, "whole-internet", "`0.0.0.0/0` has the cluster and the metadata service in it";
    WRONG_NAMESPACE = Warning, "wrong-namespace", "a policy selects no pod in its namespace, but would in another";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_sorted_and_each_is_there_once() {
        assert!(RULES.windows(2).all(|pair| pair[0].slug < pair[1].slug));
        assert_eq!(Rule::find("open-egress"), Some(&OPEN_EGRESS));
    }
}
