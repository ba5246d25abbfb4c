//! Text that is no YAML, and YAML that is no manifest.

use crate::program::Scratch;
use crate::{between_good, is_left_out, is_no_error, is_passed_over, is_refused, survives};

#[test]
fn a_document_that_is_no_yaml_is_left_out_and_its_neighbours_are_read() {
    for (bad, line, column) in [
        ("a: [b\n", 2, 1),
        ("a: b: c\n", 1, 5),
        ("a: \"b\n", 2, 1),
        ("a: 'b\n  c\n", 3, 1),
        ("a: b\n c: d\n", 2, 3),
        ("kind: Pod\n\tmetadata: {}\n", 2, 1),
        ("a: @b\n", 1, 4),
        ("a: *nowhere\n", 1, 4),
        ("a: &x [b, *y]\n", 1, 11),
        ("{{- if .Values.enabled }}\nkind: Pod\n{{- end }}\n", 1, 3),
        ("apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n", 4, 9),
        ("kind: Pod\nmetadata:\n  labels:\n    {{- include \"labels\" . | nindent 4 }}\n", 4, 7),
        ("<<<<<<< HEAD\nkind: Pod\n=======\nkind: Job\n>>>>>>> branch\n", 2, 5),
        ("<html>\n<body class=\"a: b\">\n", 2, 15),
    ] {
        println!("{bad}");
        is_refused(bad, line, column, &["error[invalid-"]);
    }
}

#[test]
fn a_file_that_ends_in_the_middle_keeps_what_came_before() {
    let (text, _) = between_good("");
    let cut = text.len() - "{ port: 80 }]\n".len();
    // The policy is what is cut off.
    let scratch = Scratch::new();
    scratch.write("cut.yaml", &text[..cut]);
    scratch.netpol(&["reach", "cut.yaml"]).ends_with(2).says(&["cut.yaml:", "error[invalid-document]"]);
    let run = scratch.netpol(&["reach", "cut.yaml", "--lenient", "-o", "csv"]).ends_with(0);
    assert!(run.out.contains("shop/client[Pod],shop/web[Pod],TCP,1-65535\n"), "{}", run.out);
}

#[test]
fn a_parsers_own_line_numbers_are_not_told() {
    let lenient = is_left_out("input.yaml", between_good("\n\na: [b\n").0, &["error[invalid-document]"]);
    assert!(!lenient.err.contains("at line"), "{}", lenient.err);
}

#[test]
fn a_message_about_a_document_says_what_follows() {
    is_left_out("input.yaml", between_good("a: [b\n").0, &["error[invalid-document]", "this document is left out"]);
}

#[test]
fn a_helm_template_is_called_one() {
    for template in [
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n",
        "{{- if .Values.enabled }}\nkind: Pod\n{{- end }}\n",
    ] {
        is_left_out("input.yaml", between_good(template).0, &["input.yaml:", "error[invalid-", "helm template"]);
    }
}

#[test]
fn tabs_are_called_what_they_are() {
    let tabs = "kind: Pod\nmetadata:\n\tname: x\n";
    is_left_out("input.yaml", between_good(tabs).0, &["error[invalid-document]", "YAML does not allow tabs"]);
}

#[test]
fn a_merge_conflict_is_called_one() {
    let conflict = "<<<<<<< HEAD\nkind: Pod\n=======\nkind: Job\n>>>>>>> branch\n";
    is_left_out("input.yaml", between_good(conflict).0, &["error[invalid-document]", "merge conflict"]);
}

#[test]
fn documents_without_content_are_nothing() {
    for empty in ["", "\n", "# a comment\n", "---\n", "...\n", "---\n---\n# x\n---\n", "%YAML 1.2\n---\n", "---\r\n"] {
        is_passed_over(empty);
        let scratch = Scratch::new();
        scratch.write("empty.yaml", empty);
        let run = scratch.netpol(&["reach", "empty.yaml"]).ends_with(2);
        assert_eq!(run.err, "error: no Kubernetes objects that decide about traffic in `empty.yaml`\n");
    }
}

#[test]
fn other_peoples_files_in_a_folder_are_passed_over_with_a_note() {
    let scratch = Scratch::new();
    scratch.write("k8s/all.yaml", between_good("").0);
    for (name, content) in [
        ("docker-compose.yml", "services:\n  web:\n    image: nginx\n    ports: ['80:80']\n"),
        ("ci.yml", "name: ci\non: [push]\njobs: {a: {runs-on: x}}\n"),
        ("kustomization.yaml", "resources: [all.yaml]\n"),
        ("kustomization-2.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\n"),
        ("Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\n"),
        ("package.json", "{\"name\": \"x\", \"version\": \"1.0.0\"}"),
        ("mkdocs.yml", "site_name: x\nextensions:\n  - a: !!python/name:material.extensions.emoji.twemoji\n"),
        ("stack.yaml", "Resources:\n  A: {Type: X, Properties: {B: !Ref C, D: !GetAtt [a, b]}}\n"),
        ("playbook.yml", "- hosts: all\n  tasks: [{name: x, when: \"{{ y }}\"}]\n"),
        ("openapi.json", "{\"openapi\": \"3.0.0\", \"paths\": {}}"),
        ("numbers.yaml", "1\n---\n2.5\n---\ntrue\n---\n~\n---\n- a\n- 1\n---\n? [a]\n: b\n"),
        ("twice.yaml", "a: 1\na: 2\n"),
        ("config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: b, a: c, d: \"---\"}\n"),
        ("crd.yaml", "apiVersion: example.com/v1\nkind: NetworkThing\nspec: [1, 2]\nmetadata: 5\nitems: x\n"),
    ] {
        scratch.write(format!("k8s/{name}"), content);
    }
    let run = scratch.netpol(&["reach", "k8s", "-o", "csv"]).ends_with(0);
    assert!(run.err.lines().all(|line| line.starts_with("note: ")), "{}", run.err);
    assert!(run.err.contains("documents are not Kubernetes objects (no `kind`) and passed over"), "{}", run.err);
    assert!(run.err.contains("1 Kustomization (kustomize.config.k8s.io/v1beta1)"), "{}", run.err);
    survives(&scratch, "k8s");
}

#[test]
fn a_broken_file_that_cannot_have_been_a_manifest_is_no_error() {
    let scratch = Scratch::new();
    scratch.write("k8s/all.yaml", between_good("").0);
    scratch.write("k8s/tsconfig.json", "{ // comment\n  \"compilerOptions\": {} }");
    scratch.netpol(&["reach", "k8s", "-o", "csv"]).ends_with(0);
}

#[test]
fn anchors_and_aliases_mean_what_yaml_says() {
    let same_again = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: &m { name: aliased, namespace: shop }
spec:
  podSelector: &stranger { matchLabels: &labels { app: stranger } }
  ingress:
    - from: [{ podSelector: *stranger }, { podSelector: { matchLabels: *labels } }]
      ports: &ports [{ port: 1234 }]
    - from: [{ podSelector: { matchLabels: { app: web } } }]
      ports: *ports
";
    let run = is_passed_over(same_again);
    assert!(run.out.contains("shop/web[Pod],shop/stranger[Pod],TCP,1234\n"), "{}", run.out);
    assert!(!run.out.contains("shop/client[Pod],shop/stranger[Pod]"), "{}", run.out);
}

#[test]
fn an_anchor_of_one_document_is_not_known_in_the_next() {
    let (text, first) = between_good("metadata: *m\n");
    let text = text.replacen("metadata: {", "metadata: &m {", 1);
    is_left_out("input.yaml", text, &[&format!("input.yaml:{first}:11: error[invalid-document]: unknown anchor")]);
}

#[test]
fn merge_keys_mean_what_kubectl_says() {
    let merged = "\
apiVersion: v1
kind: Pod
metadata:
  name: merged
  namespace: shop
  labels: { <<: { app: stranger, tier: back }, tier: front }
";
    is_passed_over(merged);
}

#[test]
fn keys_that_are_booleans_are_spelt_as_kubectl_spells_them() {
    let scratch = Scratch::new();
    for (written, key) in [("\"True\"", "True"), ("True", "true")] {
        for asked in ["True", "true"] {
            let text = format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{ name: a, namespace: s, labels: {{ {written}: x }} }}\n---\n\
                 apiVersion: v1\nkind: Pod\nmetadata: {{ name: b, namespace: s }}\n---\n\
                 apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{ name: p, namespace: s }}\n\
                 spec: {{ podSelector: {{ matchLabels: {{ \"{asked}\": x }} }}, policyTypes: [Ingress] }}\n"
            );
            scratch.write("input.yaml", text);
            let run = scratch.netpol(&["eval", "input.yaml", "--from", "s/b", "--to", "s/a", "--port", "80"]);
            run.ends_with(i32::from(asked == key));
        }
    }
}

#[test]
fn documents_may_begin_behind_their_marker_and_hold_markers_in_text() {
    let (pods, policy) = crate::good();
    let text = format!("# first\n{pods}--- # a comment\n{policy}... \n---\na: |\n  ---\n  b\n---x: 1\n");
    is_no_error("input.yaml", text);
}

#[test]
fn words_and_numbers_are_what_kubectl_takes_them_for() {
    // A boolean is no label value, whatever the author meant.
    let pod =
        |fields: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {{ name: odd, namespace: shop, {fields} }}\n");
    for word in ["yes", "y", "No", "off"] {
        let says = format!("metadata.labels.ha: must be a string, and is the boolean {word}");
        is_refused(
            &pod(&format!("labels: {{ ha: {word} }}")),
            3,
            55,
            &[&says, &format!("put it in quotes: \"{word}\"")],
        );
    }
    is_passed_over(&pod("labels: { ha: \"yes\" }"));
    let scratch = Scratch::new();
    scratch.write("input.yaml", between_good(&format!("{}spec: {{ hostNetwork: yes }}\n", pod(""))).0);
    let run =
        scratch.netpol(&["eval", "input.yaml", "--from", "shop/web", "--to", "shop/odd", "--port", "80"]).ends_with(0);
    assert!(run.out.contains("node's network"), "{}", run.out);
    let policy = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: octal, namespace: shop }
spec:
  podSelector: { matchLabels: { app: stranger } }
  ingress: [{ ports: [{ port: 010 }, { port: 0x50 }, { port: 1_000 }] }]
";
    let run = is_passed_over(policy);
    assert!(run.out.contains("shop/client[Pod],shop/stranger[Pod],TCP,\"8,80,1000\"\n"), "{}", run.out);
}
