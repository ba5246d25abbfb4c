//! Much of everything. The sizes are what an unoptimised build reads in a second or two; time and memory have to grow with the
//! size of the text and not faster, and that is what `program::PATIENCE` and the bounds on memory here are about.

use std::fmt::Write;

use crate::manifests::REFUSED;
use crate::program::{Run, Scratch, head};
use crate::{between_good, good, is_left_out, is_no_error, is_passed_over};

const MEGABYTE: usize = 1 << 20;

/// Asserts that a text of that many bytes took no more than `times` its size, beside what every run takes.
#[track_caller]
fn took_at_most(times: usize, bytes: usize, run: &Run) {
    let limit = 30 + times * bytes / MEGABYTE;
    assert!(run.memory <= limit as u64, "{} MiB for {} MiB of text", run.memory, bytes / MEGABYTE);
}

#[test]
fn very_many_empty_documents_are_nothing() {
    is_passed_over(&"---\n".repeat(1_000_000));
}

#[test]
fn very_many_documents_that_are_no_objects_are_passed_over_with_one_note() {
    let run = is_passed_over(&"a: 1\n---\n".repeat(100_000));
    assert_eq!(
        run.err,
        "note: 100000 documents are not Kubernetes objects (no `kind`) and passed over: `input.yaml`\n"
    );
}

#[test]
fn very_many_broken_documents_are_counted_and_not_listed() {
    let text = between_good(&"a: [b\n---\n".repeat(50_000)).0;
    let run = is_left_out(
        "input.yaml",
        &text,
        &["input.yaml:", "error[invalid-document]", "more findings in this file are not listed"],
    );
    assert!(run.err.lines().count() < 200, "{} lines", run.err.lines().count());
    took_at_most(200, text.len(), &run);
}

#[test]
fn what_is_counted_and_not_listed_comes_last() {
    let run = is_left_out("input.yaml", between_good(&"a: [b\n---\n".repeat(200)).0, &["error[invalid-document]"]);
    let last = run.err.lines().last().unwrap();
    assert!(last.contains("150 more findings in this file are not listed"), "{last}");
}

#[test]
fn very_many_findings_take_no_more_time_than_very_many_objects() {
    // Each with a place that has to be found, in one document and in many.
    let pod = |i: usize| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: p{i}, namespace: shop, labels: {{app: stranger}}}}, spec: {{containers: [{{ports: [{{name: a, containerPort: 0}}]}}]}}}}"
        )
    };
    let (pods, policy) = good();
    let documents: String = (0..3_000).map(|i| format!("---\n{}\n", pod(i))).collect();
    let scratch = Scratch::new();
    scratch.write("input.yaml", format!("{pods}{documents}---\n{policy}"));
    scratch
        .netpol(&["reach", "input.yaml", "-o", "csv", "--to", "shop/web"])
        .ends_with(0)
        .says(&["Pod shop/p19: port `a`", "… and 2,980 more of `invalid-container-port`"]);
    let list: Vec<String> = (0..300).map(pod).collect();
    scratch.write(
        "input.yaml",
        format!("{pods}---\napiVersion: v1\nkind: List\nitems: [{}]\n---\n{policy}", list.join(", ")),
    );
    scratch
        .netpol(&["reach", "input.yaml", "-o", "csv", "--to", "shop/web"])
        .ends_with(0)
        .says(&["Pod shop/p19: port `a`", "… and 280 more of `invalid-container-port`"]);
}

#[test]
fn very_many_findings_are_counted_and_not_listed() {
    let pod =
        |i: usize| format!("---\napiVersion: v1\nkind: Pod\nmetadata: {{ name: p{i} }}\nstatus: {{ podIP: x }}\n");
    let scratch = Scratch::new();
    scratch.write("input.yaml", (0..1_000).map(pod).collect::<String>());
    let run = scratch.netpol(&["reach", "input.yaml", "-o", "csv", "--to", "default/p1"]).ends_with(0);
    assert_eq!(run.err.matches("warning[invalid-address]").count(), 20, "{}", head(&run.err));
    assert!(run.err.contains("warning: … and 980 more of `invalid-address`\n"), "{}", head(&run.err));
    // What is rare is not lost among what is not.
    scratch.write("input.yaml", format!("{}---\n{REFUSED}", (0..1_020).map(pod).collect::<String>()));
    let run = scratch.netpol(&["reach", "input.yaml"]).ends_with(2);
    for said in
        ["error[invalid-policy]: NetworkPolicy shop/refused", "warning: … and 1,000 more of `invalid-address`\n"]
    {
        assert!(run.err.contains(said), "{}", head(&run.err));
    }
}

#[test]
fn a_document_that_is_too_large_is_refused_and_its_neighbours_are_read() {
    for large in [
        format!("apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n{}", "    text\n".repeat(33 * MEGABYTE / 9)),
        format!("a: [{}]\n", "b,".repeat(33 * MEGABYTE / 2)),
        format!("a: \"{}\"\n", "x".repeat(33 * MEGABYTE)),
    ] {
        let text = between_good(&large).0;
        let run = is_left_out(
            "input.yaml",
            &text,
            &["input.yaml:", "error[invalid-document]: 33 MiB are too much", "split it"],
        );
        took_at_most(4, text.len(), &run);
    }
}

#[test]
fn one_large_document_of_scalars_is_read() {
    let many = "a, ".repeat(MEGABYTE / 3);
    for large in [
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: x }}\ndata: [{many}]\n"),
        format!("data: [{many}]\napiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: x }}\n"),
        format!("apiVersion: v1\nkind: ConfigMap\ndata: \"{}\"\n", "x".repeat(3 * MEGABYTE)),
    ] {
        let text = between_good(&large).0;
        let run = is_no_error("input.yaml", &text);
        took_at_most(150, text.len(), &run);
    }
}

#[test]
fn many_objects_are_read_in_memory_of_the_order_of_their_text() {
    let (pods, policy) = good();
    let mut documents = String::new();
    let mut items = String::from("apiVersion: v1\nkind: List\nitems:\n");
    let mut lines = String::new();
    let mut index = 0;
    // They get to nobody, so that the answer stays small.
    let idle = "networking.k8s.io/v1";
    while documents.len() < 4 * MEGABYTE {
        index += 1;
        let annotations = "x".repeat(200);
        let _ = write!(
            documents,
            "---\napiVersion: {idle}\nkind: NetworkPolicy\nmetadata:\n  name: p{index}\n  namespace: other\n  annotations: {{ note: {annotations} }}\nspec:\n  podSelector: {{ matchLabels: {{ app: a{index} }} }}\n"
        );
        let _ = write!(
            items,
            "- apiVersion: {idle}\n  kind: NetworkPolicy\n  metadata:\n    name: p{index}\n    namespace: other\n    annotations: {{ note: {annotations} }}\n  spec:\n    podSelector: {{ matchLabels: {{ app: a{index} }} }}\n"
        );
        let _ = writeln!(
            lines,
            "{{\"apiVersion\":\"{idle}\",\"kind\":\"NetworkPolicy\",\"metadata\":{{\"name\":\"p{index}\",\"namespace\":\"other\",\"annotations\":{{\"note\":\"{annotations}\"}}}},\"spec\":{{\"podSelector\":{{\"matchLabels\":{{\"app\":\"a{index}\"}}}}}}}}"
        );
    }
    let one_line = lines.replace('\n', " ");
    for (name, text) in
        [("documents.yaml", documents), ("items.yaml", items), ("lines.json", lines), ("line.json", one_line)]
    {
        let scratch = Scratch::new();
        scratch.write("good.yaml", format!("{pods}---\n{policy}"));
        let size = text.len();
        scratch.write(name, text);
        let run = crate::survives(&scratch, ".");
        println!("{name}: {} MiB for {} MiB", run.memory, size / MEGABYTE);
        took_at_most(30, size, &run);
    }
}
