//! Synthetic clusters to measure with: as many namespaces and policies as asked for, and the same text every time.
//!
//! A namespace holds 25 deployments whose labels spread over a few teams, tiers and versions, each with a Service. Its
//! policies go through ten shapes in turn (see [`policy`]), so that ten a namespace give it one of each.

mod policy;
mod random;

use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;
use random::Random;

const DEPLOYMENTS_PER_NAMESPACE: usize = 25;

const TEAMS: [&str; 5] = ["amber", "birch", "cedar", "delta", "ember"];
const ENVIRONMENTS: [&str; 3] = ["production", "staging", "development"];
const ZONES: [&str; 7] = ["zone-a", "zone-b", "zone-c", "zone-d", "zone-e", "zone-f", "zone-g"];
const TIERS: [&str; 5] = ["web", "api", "db", "cache", "batch"];
const VERSIONS: [&str; 3] = ["v1", "v2", "v3"];

/// How large a cluster is.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Beside `kube-system`.
    pub namespaces: usize,
    /// Spread over the namespaces in turn.
    pub policies: usize,
}

impl Shape {
    /// The deployments of the namespaces, and CoreDNS.
    pub fn workloads(&self) -> usize {
        self.namespaces * DEPLOYMENTS_PER_NAMESPACE + 1
    }
}

/// The job `cluster`.
///
/// # Errors
///
/// When the arguments are none, or the folder cannot be written.
pub fn write_cluster(arguments: &[String]) -> Outcome {
    let number = |index: usize, otherwise: usize| match arguments.get(index) {
        Some(text) => text.parse().map_err(|_| format!("`{text}` is no number")),
        None => Ok(otherwise),
    };
    let folder =
        arguments.first().filter(|folder| !folder.starts_with('-')).ok_or("`cluster` takes the folder to write to")?;
    let namespaces = number(1, 20)?.max(1);
    let shape = Shape { namespaces, policies: number(2, namespaces * policy::SHAPES)? };
    let size = write(&shape, &PathBuf::from(folder))?;
    println!("{folder}: {} workloads, {} policies, {size} bytes", shape.workloads(), shape.policies);
    Ok(())
}

/// Writes a cluster into a folder, one file a kind of object; returns the size of all.
///
/// # Errors
///
/// When the folder cannot be written.
pub fn write(shape: &Shape, folder: &Path) -> Outcome<u64> {
    fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let mut size = 0;
    for (name, text) in files(shape) {
        let path = folder.join(name);
        fs::write(&path, &text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        size += u64::try_from(text.len())?;
    }
    Ok(size)
}

fn files(shape: &Shape) -> [(&'static str, String); 4] {
    let mut namespaces = namespace("kube-system", &[]);
    let mut workloads = coredns();
    let mut services = String::new();
    for index in 0..shape.namespaces {
        let name = namespace_name(index);
        let team = cycled(&TEAMS, index);
        let labels = [("team", team), ("env", cycled(&ENVIRONMENTS, index)), ("zone", cycled(&ZONES, index))];
        namespaces.push_str(&namespace(&name, &labels));
        for deployment_index in 0..DEPLOYMENTS_PER_NAMESPACE {
            workloads.push_str(&deployment(&name, team, deployment_index));
            services.push_str(&service(&name, deployment_index));
        }
    }
    let mut random = Random::new(0x6e65_7470_6f6c);
    let mut policies = String::new();
    for index in 0..shape.policies {
        let namespace = namespace_name(index % shape.namespaces.max(1));
        policies.push_str(&policy::written(&namespace, index / shape.namespaces.max(1), &mut random));
    }
    [
        ("namespaces.yaml", namespaces),
        ("workloads.yaml", workloads),
        ("services.yaml", services),
        ("policies.yaml", policies),
    ]
}

fn namespace_name(index: usize) -> String {
    format!("space-{index:03}")
}

fn cycled<'a>(words: &[&'a str], index: usize) -> &'a str {
    words.iter().copied().cycle().nth(index % words.len().max(1)).unwrap_or_default()
}

fn namespace(name: &str, labels: &[(&str, &str)]) -> String {
    let mut text = format!(
        "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n  labels:\n    kubernetes.io/metadata.name: {name}\n"
    );
    for (key, value) in labels {
        text.push_str(&format!("    {key}: {value}\n"));
    }
    text
}

fn deployment(namespace: &str, team: &str, index: usize) -> String {
    let (name, tier, version) = (format!("app-{index:02}"), cycled(&TIERS, index), cycled(&VERSIONS, index));
    let port = 8080 + index % 3;
    format!(
        "---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app: {name}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
        tier: {tier}
        ver: {version}
        team: {team}
    spec:
      containers:
        - name: app
          image: registry.example/{name}:1.0.0
          ports:
            - name: http
              containerPort: {port}
              protocol: TCP
            - name: metrics
              containerPort: 9090
              protocol: TCP
"
    )
}

fn service(namespace: &str, index: usize) -> String {
    format!(
        "---
apiVersion: v1
kind: Service
metadata:
  name: app-{index:02}
  namespace: {namespace}
spec:
  selector:
    app: app-{index:02}
  ports:
    - name: http
      port: 80
      targetPort: http
      protocol: TCP
"
    )
}

fn coredns() -> String {
    "---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: coredns
  namespace: kube-system
spec:
  replicas: 2
  selector:
    matchLabels:
      k8s-app: kube-dns
  template:
    metadata:
      labels:
        k8s-app: kube-dns
        tier: infra
    spec:
      containers:
        - name: coredns
          image: registry.example/coredns:1.0.0
          ports:
            - name: dns
              containerPort: 53
              protocol: UDP
            - name: dns-tcp
              containerPort: 53
              protocol: TCP
"
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_has_what_its_shape_says() {
        let shape = Shape { namespaces: 4, policies: 40 };
        let files = files(&shape);
        let count = |kind: &str| files.iter().map(|(_, text)| text.matches(&format!("\nkind: {kind}\n")).count()).sum();
        let expected: [(&str, usize); 4] =
            [("Namespace", 5), ("Deployment", shape.workloads()), ("Service", 100), ("NetworkPolicy", 40)];
        for (kind, number) in expected {
            let found: usize = count(kind);
            assert_eq!(found, number, "{kind}");
        }
    }

    #[test]
    fn the_same_shape_gives_the_same_text() {
        let shape = Shape { namespaces: 3, policies: 31 };
        assert_eq!(files(&shape), files(&shape));
    }

    #[test]
    fn ten_policies_a_namespace_are_one_of_each_shape() {
        let [.., (_, policies)] = files(&Shape { namespaces: 2, policies: 20 });
        for shape in
            ["closed", "dns", "tier", "team", "metrics", "range", "outside", "zones", "other-team", "datagrams"]
        {
            let of_this_shape = policies.lines().filter(|line| line.starts_with("  name: ") && line.ends_with(shape));
            assert!(of_this_shape.count() >= 2, "{shape}");
        }
    }
}
