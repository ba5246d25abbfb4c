//! Synthetic clusters of pods with addresses and nodes: ten applications in each namespace, each of which lets in the next one.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;

use serde_json::{Value, json};

use crate::Outcome;

/// The node that is measured.
pub const NODE: &str = "node0";
/// The file of a pod of that node, alone.
pub const ONE_POD: &str = "one.json";
/// That pod.
const ONE: usize = 0;
/// Applications in a namespace.
const APPLICATIONS: usize = 10;
/// Pods in a file.
const TOGETHER: usize = 250;

/// How large a cluster is: pods ten times a multiple of the namespaces. Everything is dealt out in turn.
#[derive(Debug, Clone, Copy)]
pub struct Cluster {
    pub pods: usize,
    pub nodes: usize,
    pub namespaces: usize,
    pub policies: usize,
}

impl Cluster {
    /// Writes the manifests: a file for each policy, and for a pod.
    pub fn write(&self, folder: &Path) -> Outcome {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let list = |items: Vec<Value>| json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string();
        let namespace =
            |name| json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": self.namespace(name) } });
        fs::write(folder.join("namespaces.json"), list((0..self.namespaces).map(namespace).collect()))?;
        let others: Vec<usize> = (0..self.pods).filter(|pod| *pod != ONE).collect();
        for (number, pods) in others.chunks(TOGETHER).enumerate() {
            let pods = pods.iter().map(|pod| self.pod(*pod, self.application(*pod))).collect();
            fs::write(folder.join(format!("pods{number}.json")), list(pods))?;
        }
        let [one, _] = self.one_pod_in_two_ways();
        fs::write(folder.join(ONE_POD), one)?;
        for policy in 0..self.policies {
            fs::write(folder.join(format!("policy{policy}.json")), self.policy(policy, 80).to_string())?;
        }
        Ok(())
    }

    /// With two labels that others have as well.
    pub fn one_pod_in_two_ways(&self) -> [String; 2] {
        let application = self.application(ONE);
        [application, application + 1].map(|application| self.pod(ONE, application).to_string())
    }

    pub fn one_policy_in_two_ways(&self) -> [String; 2] {
        [81, 80].map(|port| self.policy(0, port).to_string())
    }

    /// A pod's address, and that of one that it lets in over UDP 53.
    pub fn pair(&self, pod: usize) -> (Ipv4Addr, Ipv4Addr) {
        let other = (pod + self.namespaces) % self.pods;
        (self.address(pod), self.address(other))
    }

    pub fn address(&self, pod: usize) -> Ipv4Addr {
        let [.., high, middle, low] = pod.to_be_bytes();
        Ipv4Addr::new(10, high, middle, low)
    }

    fn namespace(&self, index: usize) -> String {
        format!("ns{}", index % self.namespaces)
    }

    fn application(&self, pod: usize) -> usize {
        pod / self.namespaces % APPLICATIONS
    }

    fn pod(&self, pod: usize, application: usize) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": format!("pod{pod}"),
                "namespace": self.namespace(pod),
                "labels": { "app": format!("a{application}"), "tier": format!("t{}", pod % 3) },
            },
            "spec": { "nodeName": format!("node{}", pod % self.nodes) },
            "status": { "podIP": self.address(pod) },
        })
    }

    fn policy(&self, policy: usize, port: u16) -> Value {
        let application = policy / self.namespaces % APPLICATIONS;
        let next = format!("a{}", (application + 1) % APPLICATIONS);
        let block = policy % 256;
        json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": { "name": format!("policy{policy}"), "namespace": self.namespace(policy) },
            "spec": {
                "podSelector": { "matchLabels": { "app": format!("a{application}") } },
                "ingress": [{
                    "from": [
                        { "podSelector": { "matchLabels": { "app": next } } },
                        { "ipBlock": { "cidr": format!("192.168.{block}.0/24"), "except": [format!("192.168.{block}.64/26")] } },
                    ],
                    "ports": [{ "port": port }, { "port": 8000, "endPort": 8999 }, { "port": 53, "protocol": "UDP" }],
                }],
            },
        })
    }
}
