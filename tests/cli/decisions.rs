//! For each decision of docs/semantics.md: whether a verdict can hang on it, and that the explanation says so where it does.

use serde_json::Value;

use crate::program::Scratch;

/// Whether verdicts hang on a decision.
enum Hangs {
    /// They cannot.
    Never(&'static str),
    /// They can: manifests, a flow, and per setting the arguments, the verdict and what is said (nothing where it is empty).
    Can { manifests: String, flow: &'static str, settings: Vec<(&'static [&'static str], &'static str, &'static str)> },
}

fn pod(name: &str, rest: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{ name: {name}, namespace: shop, labels: {{ app: {name} }} }}\n{rest}\n"
    )
}

fn deployment(name: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: {name}, namespace: shop }}\n\
         spec: {{ template: {{ metadata: {{ labels: {{ app: {name} }} }} }} }}\n"
    )
}

/// A policy for `app: web` in `shop`.
fn policy(spec: &str) -> String {
    let subject = "podSelector: { matchLabels: { app: web } }";
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{ name: web, namespace: shop }}\n\
         spec: {{ {subject}, {spec} }}\n"
    )
}

const SHOP: &str = "---\napiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n";
const SERVICE: &str = "---\napiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\n\
                       spec: { selector: { app: web }, ports: [{ port: 80 }] }\n";
const CLOSED: &str = "policyTypes: [Ingress]";
const FROM_TEN: &str = "ingress: [{ from: [{ ipBlock: { cidr: 10.0.0.0/8 } }] }]";

#[test]
fn an_explanation_says_where_a_verdict_hangs_on_a_decision() {
    for (id, hangs) in table() {
        let Hangs::Can { manifests, flow, settings } = hangs else { continue };
        for (arguments, verdict, says) in settings {
            let answer = ask(&manifests, flow, arguments);
            let context = format!("{id} with {arguments:?}: {answer}");
            assert_eq!(answer["verdict"], verdict, "{context}");
            let caveats = answer["caveats"].as_array().cloned().unwrap_or_default();
            let said: Vec<&str> = caveats
                .iter()
                .filter(|caveat| caveat["decision"] == id)
                .map(|caveat| caveat["message"].as_str().expect("a message"))
                .collect();
            let expected: &[&str] = if says.is_empty() { &[] } else { &[says] };
            assert_eq!(said, expected, "{context}");
        }
    }
}

#[test]
fn every_decision_is_in_the_table() {
    let ids: Vec<String> = (1..=15).map(|number| format!("D{number}")).collect();
    let mut known: Vec<&str> = table().iter().map(|(id, _)| *id).collect();
    known.dedup();
    assert_eq!(known, ids);
    for id in known {
        let rows = table().into_iter().filter(|(other, _)| *other == id);
        let is_settled = rows.into_iter().any(|(_, hangs)| match hangs {
            Hangs::Never(why) => !why.is_empty(),
            Hangs::Can { settings, .. } => settings.iter().any(|(.., says)| !says.is_empty()),
        });
        assert!(is_settled, "{id}");
    }
}

fn ask(manifests: &str, flow: &str, arguments: &[&str]) -> Value {
    let scratch = Scratch::new();
    scratch.write("in.yaml", manifests);
    scratch.write("flow.txt", flow);
    let run = scratch.netpol(&[&["eval", "in.yaml", "--flows", "flow.txt", "-o", "json"], arguments].concat());
    assert_eq!(run.status, 0, "{}", run.err);
    serde_json::from_str(&run.out).expect("one object")
}

#[allow(clippy::too_many_lines, reason = "a table")]
fn table() -> Vec<(&'static str, Hangs)> {
    let can = |manifests: &[&str], flow, settings: &[(&'static [&'static str], &'static str, &'static str)]| {
        Hangs::Can { manifests: manifests.concat(), flow, settings: settings.to_vec() }
    };
    let client = pod("client", "status: { podIP: 10.0.0.9 }");
    let web = pod("web", "status: { podIP: 10.0.0.1 }");
    let on_the_node = pod("web", "spec: { hostNetwork: true, nodeName: node }\nstatus: { hostIP: 192.168.0.1 }");
    let off_the_node = pod("web", "spec: { nodeName: node }\nstatus: { hostIP: 192.168.0.1, podIP: 10.0.0.1 }");
    let two_https = pod(
        "web",
        "spec: { containers: [{ ports: [{ name: http, containerPort: 80 }] }, { ports: [{ name: http, containerPort: 81 }] }] }",
    );
    let odd = policy("ingress: [{ from: [{ ipBlock: { cidr: 10.0.1.5/24 } }] }]");
    let by_team = policy("ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: red } } }] }]");
    let by_team_not = policy(
        "ingress: [{ from: [{ namespaceSelector: { matchExpressions: [{ key: team, operator: NotIn, values: [red] }] } }] }]",
    );
    let by_name = policy(
        "ingress: [{ from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: default } } }] }]",
    );
    let homeless = "---\napiVersion: v1\nkind: Pod\nmetadata: { name: client }\n";
    vec![
        (
            "D1",
            can(
                &[SHOP, &client, &web, &policy(FROM_TEN)],
                "shop/client -> shop/web:80",
                &[
                    (&[], "allow", "implementations differ here (D1): --ip-blocks external denies this flow"),
                    (
                        &["--ip-blocks=external"],
                        "deny",
                        "implementations differ here (D1): --ip-blocks any allows this flow",
                    ),
                ],
            ),
        ),
        (
            "D2",
            can(
                &[SHOP, &on_the_node, &policy(CLOSED)],
                "10.9.9.9 -> shop/web:80",
                &[
                    (&[], "allow", "implementations differ here (D2): --host-network pod denies this flow"),
                    (
                        &["--host-network=pod"],
                        "deny",
                        "implementations differ here (D2): --host-network node allows this flow",
                    ),
                ],
            ),
        ),
        (
            "D3",
            can(
                &[SHOP, &off_the_node, &policy("policyTypes: [Egress]")],
                "shop/web -> 192.168.0.1:80",
                &[
                    (&[], "deny", "implementations differ here (D3): --own-node-egress allow allows this flow"),
                    (
                        &["--own-node-egress=allow"],
                        "allow",
                        "implementations differ here (D3): --own-node-egress police denies this flow",
                    ),
                ],
            ),
        ),
        (
            "D4",
            can(
                &[SHOP, &web, SERVICE, &policy(CLOSED)],
                "shop/web -> service/shop/web:80",
                &[
                    (&[], "deny", "implementations differ here (D4): --service-hairpin allow allows this flow"),
                    (
                        &["--service-hairpin=allow"],
                        "allow",
                        "implementations differ here (D4): --service-hairpin police denies this flow",
                    ),
                ],
            ),
        ),
        (
            "D4",
            can(
                &[SHOP, &deployment("web"), SERVICE, &policy(CLOSED)],
                "shop/web -> service/shop/web:80",
                &[
                    (
                        &[],
                        "deny",
                        "both ends are the same workload: where the Service picks the very pod that connects, implementations \
                         differ (D4), and --service-hairpin allow would let it pass",
                    ),
                    (
                        &["--service-hairpin=allow"],
                        "deny",
                        "both ends are the same workload: where the Service picks the very pod that connects, implementations \
                         differ (D4), and --service-hairpin allow lets it pass",
                    ),
                ],
            ),
        ),
        ("D5", Hangs::Never("only TCP, UDP and SCTP can be asked about")),
        ("D6", Hangs::Never("there is one tier as yet")),
        ("D7", Hangs::Never("NetworkPolicies have no priority")),
        (
            "D8",
            can(
                &[SHOP, &web, &odd],
                "10.9.9.9 -> shop/web:80",
                &[
                    (&["--lenient"], "allow", "API servers differ here (D8): --cidrs legacy denies this flow"),
                    (&["--cidrs=legacy"], "deny", "API servers differ here (D8): --cidrs strict allows this flow"),
                ],
            ),
        ),
        (
            "D9",
            can(
                &[SHOP, &deployment("client"), &web, &policy(FROM_TEN)],
                "shop/client -> shop/web:80",
                &[(
                    &[],
                    "deny",
                    "the address of the source is not in the manifests (D9): some address would allow this flow",
                )],
            ),
        ),
        (
            "D9",
            can(
                &[
                    SHOP,
                    &deployment("client"),
                    &deployment("web"),
                    &policy(FROM_TEN),
                    "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: client, namespace: shop }\n\
                     spec: { podSelector: { matchLabels: { app: client } }, egress: [{ to: [{ ipBlock: { cidr: 10.0.0.0/8 } }] }] }\n",
                ],
                "shop/client -> shop/web:80",
                &[
                    (
                        &[],
                        "deny",
                        "the addresses of both ends are not in the manifests (D9): some addresses would allow this flow",
                    ),
                    (&["--family=ipv6"], "deny", ""),
                ],
            ),
        ),
        ("D9", can(&[SHOP, &client, &web, &policy(FROM_TEN)], "shop/client -> shop/web:80", &[(&[], "allow", "")])),
        (
            "D10",
            can(
                &[SHOP, &client, &two_https, &policy("ingress: [{ ports: [{ port: http }] }]")],
                "shop/client -> shop/web:81",
                &[(
                    &[],
                    "allow",
                    "several ports of the destination are named `http` (D10): implementations that know one of them may deny this flow",
                )],
            ),
        ),
        (
            "D11",
            can(
                &[&client, &web, &by_team],
                "shop/client -> shop/web:80",
                &[(
                    &[],
                    "deny",
                    "no Namespace object for `shop` is in the manifests (D11): other labels there could allow this flow",
                )],
            ),
        ),
        (
            "D11",
            can(
                &[&client, &web, &by_team_not],
                "shop/client -> shop/web:80",
                &[(
                    &[],
                    "allow",
                    "no Namespace object for `shop` is in the manifests (D11): other labels there could deny this flow",
                )],
            ),
        ),
        ("D11", can(&[SHOP, &client, &web, &by_team], "shop/client -> shop/web:80", &[(&[], "deny", "")])),
        ("D11", can(&[&client, &web, &by_name], "shop/client -> shop/web:80", &[(&[], "deny", "")])),
        (
            "D12",
            can(
                &[SHOP, homeless, &web, &by_name],
                "default/client -> shop/web:80",
                &[(
                    &[],
                    "allow",
                    "objects that name no namespace are taken to be in `default` (D12): another namespace would deny this flow",
                )],
            ),
        ),
        ("D12", can(&[SHOP, &client, &web, &by_name], "shop/client -> shop/web:80", &[(&[], "deny", "")])),
        ("D13", Hangs::Never("how a denied packet is dropped is no verdict")),
        ("D14", Hangs::Never("verdicts are about new connections")),
        ("D15", Hangs::Never("texts of messages decide nothing")),
    ]
}
