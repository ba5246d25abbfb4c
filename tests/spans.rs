//! Where a field of an object is written: bytes, lines and columns, whatever form the text has.

use netpol::object::Object;
use netpol::source::{Place, Sources};

/// Text, field path, what is to be shown, and its line, column in characters and column in UTF-16 code units.
type Row = (&'static str, &'static str, &'static str, &'static str, (u32, u32, u32));

/// The object that a row asks about is the last of its text.
const ROWS: &[Row] = &[
    ("block style", "kind: Pod\napiVersion: v1\nmetadata:\n  name: web\n", "metadata.name", "web", (4, 9, 9)),
    (
        "a key stands for a mapping",
        "kind: Pod\napiVersion: v1\nmetadata:\n  name: web\n",
        "metadata",
        "metadata",
        (3, 1, 1),
    ),
    (
        "a field that is not there",
        "kind: Pod\napiVersion: v1\nmetadata:\n  name: web\n",
        "metadata.labels.x",
        "metadata",
        (3, 1, 1),
    ),
    ("CRLF", "kind: Pod\r\napiVersion: v1\r\nmetadata:\r\n  name: web\r\n", "metadata.name", "web", (4, 9, 9)),
    ("a byte order mark", "\u{feff}kind: Pod\napiVersion: v1\nmetadata: { name: web }\n", "kind", "Pod", (1, 7, 7)),
    (
        "a byte order mark, on a later line",
        "\u{feff}kind: Pod\napiVersion: v1\nmetadata: { name: web }\n",
        "metadata.name",
        "web",
        (3, 19, 19),
    ),
    (
        "tabs between tokens",
        "kind:\tPod\napiVersion:\tv1\nmetadata:\t{ name:\tweb }\t# tab\n",
        "metadata.name",
        "web",
        (3, 19, 19),
    ),
    (
        "letters of two bytes",
        "kind: Pod\napiVersion: v1\nmetadata: { annotations: { a: über }, name: web }\n",
        "metadata.name",
        "web",
        (3, 45, 45),
    ),
    (
        "letters beyond the basic plane",
        "kind: Pod\napiVersion: v1\nmetadata: { annotations: { a: 🦀🦀 }, name: web }\n",
        "metadata.name",
        "web",
        (3, 43, 45),
    ),
    (
        "flow style over lines",
        "{ kind: Pod,\n  apiVersion: v1,\n  metadata: {\n    name: web } }\n",
        "metadata.name",
        "web",
        (4, 11, 11),
    ),
    (
        "double quotes",
        "kind: Pod\napiVersion: v1\nmetadata:\n  \"name\": \"web\"\n",
        "metadata.name",
        "\"web\"",
        (4, 11, 11),
    ),
    ("single quotes", "kind: Pod\napiVersion: v1\nmetadata:\n  'name': 'web'\n", "metadata.name", "'web'", (4, 11, 11)),
    (
        "a key with an escape",
        "kind: Pod\napiVersion: v1\nmetadata:\n  \"n\\u0061me\": web\n",
        "metadata.name",
        "web",
        (4, 16, 16),
    ),
    (
        "an anchor",
        "kind: Pod\napiVersion: v1\nmetadata:\n  labels: { app: &app web }\n  name: *app\n",
        "metadata.labels.app",
        "web",
        (4, 23, 23),
    ),
    (
        "an alias shows where it points",
        "kind: Pod\napiVersion: v1\nmetadata:\n  labels: { app: &app web }\n  name: *app\n",
        "metadata.name",
        "web",
        (4, 23, 23),
    ),
    (
        "a merge key",
        "kind: Pod\napiVersion: v1\nmetadata:\n  <<: { name: web }\n  labels: {}\n",
        "metadata.name",
        "web",
        (4, 15, 15),
    ),
    (
        "a literal block",
        "kind: Pod\napiVersion: v1\nmetadata:\n  annotations:\n    a: |\n      name: no\n      # no comment\n  name: web\n",
        "metadata.name",
        "web",
        (8, 9, 9),
    ),
    (
        "a folded block",
        "kind: Pod\napiVersion: v1\nmetadata:\n  annotations:\n    a: >-\n      one\n\n      two\n  name: web\n",
        "metadata.name",
        "web",
        (9, 9, 9),
    ),
    (
        "comments and empty lines",
        "# first\n\nkind: Pod # kind\n# between\napiVersion: v1\n\nmetadata:\n  # before\n  name: web # after\n",
        "metadata.name",
        "web",
        (9, 9, 9),
    ),
    (
        "the second document",
        "kind: Pod\napiVersion: v1\nmetadata: { name: other }\n---\nkind: Pod\napiVersion: v1\nmetadata: { name: web }\n",
        "metadata.name",
        "web",
        (7, 19, 19),
    ),
    (
        "a document with a header",
        "%YAML 1.2\n---\nkind: Pod\napiVersion: v1\nmetadata: { name: web }\n...\n",
        "metadata.name",
        "web",
        (5, 19, 19),
    ),
    (
        "a document on the line of its mark",
        "--- { kind: Pod, apiVersion: v1, metadata: { name: web } }\n",
        "metadata.name",
        "web",
        (1, 52, 52),
    ),
    (
        "CRLF and documents",
        "kind: Pod\r\napiVersion: v1\r\nmetadata: { name: other }\r\n---\r\nkind: Pod\r\napiVersion: v1\r\nmetadata: { name: web }\r\n",
        "metadata.name",
        "web",
        (7, 19, 19),
    ),
    (
        "a list of objects",
        "kind: List\napiVersion: v1\nitems:\n- kind: Pod\n  apiVersion: v1\n  metadata: { name: other }\n- kind: Pod\n  apiVersion: v1\n  metadata: { name: web }\n",
        "metadata.name",
        "web",
        (9, 21, 21),
    ),
    (
        "an indented list of objects",
        "kind: List\napiVersion: v1\nitems:\n  - kind: Pod\n    apiVersion: v1\n    metadata:\n      name: web\n",
        "metadata.name",
        "web",
        (7, 13, 13),
    ),
    (
        "a list in flow style",
        "{ kind: List, apiVersion: v1, items: [{ kind: Pod, apiVersion: v1, metadata: { name: web } }] }\n",
        "metadata.name",
        "web",
        (1, 86, 86),
    ),
    (
        "a bare list",
        "- kind: Pod\n  apiVersion: v1\n  metadata: { name: other }\n- kind: Pod\n  apiVersion: v1\n  metadata: { name: web }\n",
        "metadata.name",
        "web",
        (6, 21, 21),
    ),
    (
        "JSON in YAML",
        "---\n{\"kind\": \"Pod\", \"apiVersion\": \"v1\",\n \"metadata\": {\"name\": \"web\"}}\n",
        "metadata.name",
        "\"web\"",
        (3, 23, 23),
    ),
    (
        "an item of a list",
        "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\nmetadata: { name: a }\nspec:\n  policyTypes:\n    - Ingress\n    - Egress\n",
        "spec.policyTypes[1]",
        "Egress",
        (7, 7, 7),
    ),
    (
        "an item without indentation",
        "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\nmetadata: { name: a }\nspec:\n  policyTypes:\n  - Ingress\n  - Egress\n",
        "spec.policyTypes[0]",
        "Ingress",
        (6, 5, 5),
    ),
    (
        "an item that is a mapping",
        "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\nmetadata: { name: a }\nspec:\n  ingress:\n  - from:\n    - podSelector: {}\n    - ipBlock: { cidr: 10.0.0.0/8 }\n",
        "spec.ingress[0].from[1].ipBlock.cidr",
        "10.0.0.0/8",
        (8, 24, 24),
    ),
    (
        "a label with a dot and a slash",
        "kind: Pod\napiVersion: v1\nmetadata: { name: a, labels: { app.kubernetes.io/name: web } }\n",
        "metadata.labels",
        "labels",
        (3, 22, 22),
    ),
];

const JSON_ROWS: &[Row] = &[
    (
        "JSON",
        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"web\"}}",
        "metadata.name",
        "\"web\"",
        (1, 52, 52),
    ),
    (
        "JSON over lines with tabs",
        "{\n\t\"kind\": \"Pod\",\n\t\"apiVersion\": \"v1\",\n\t\"metadata\": {\n\t\t\"name\": \"web\"\n\t}\n}\n",
        "metadata.name",
        "\"web\"",
        (5, 11, 11),
    ),
    (
        "JSON beyond the basic plane",
        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"annotations\":{\"a\":\"🦀\"},\"name\":\"web\"}}",
        "metadata.name",
        "\"web\"",
        (1, 76, 77),
    ),
    (
        "a JSON list",
        "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\"}},\n{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"web\"}}]}",
        "metadata.name",
        "\"web\"",
        (2, 52, 52),
    ),
    (
        "JSON lines",
        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\"}}\n{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"web\"}}\n",
        "metadata.name",
        "\"web\"",
        (2, 52, 52),
    ),
];

#[test]
fn a_field_is_shown_where_it_is_written() {
    let rows = ROWS.iter().map(|row| ("input.yaml", row)).chain(JSON_ROWS.iter().map(|row| ("input.json", row)));
    let mut wrong = Vec::new();
    for (path, (name, text, field, shown, (line, column, column_utf16))) in rows {
        let mut sources = Sources::default();
        sources.add("before.yaml", "# another text\n");
        sources.add(path, *text);
        let loaded = netpol::load(&sources);
        let object: &Object = loaded.objects.last().unwrap_or_else(|| panic!("{name}: {:?}", loaded.diagnostics));
        let region = sources.region(&Place::Field { origin: object.origin.clone(), path: (*field).to_owned() });
        let written = &text[region.bytes.start as usize..region.bytes.end as usize];
        let start = (region.start.line, region.start.column, region.start.column_utf16);
        let units = |text: &str| u32::try_from(text.encode_utf16().count()).unwrap();
        let end = (region.end.line, region.end.column_utf16);
        let expected_end = (*line, column_utf16 + units(shown));
        if (written, start, end) != (*shown, (*line, *column, *column_utf16), expected_end) {
            wrong.push(format!("{name}: `{written}` at {start:?} to {end:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
