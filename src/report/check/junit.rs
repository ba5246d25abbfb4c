//! JUnit's XML: a suite per file, a failed case per finding. Notes are cases that pass.

use std::io::{Error, Write};

use netpol::diagnostic::Severity;
use quick_xml::Writer;
use quick_xml::events::BytesText;

use super::{Finding, Findings};

pub(super) fn text(findings: &Findings<'_>) -> std::io::Result<String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    let failed = |findings: &[Finding<'_>]| findings.iter().filter(|finding| is_failure(finding)).count().to_string();
    let all = findings.findings.as_slice();
    writer
        .create_element("testsuites")
        .with_attribute(("name", "netpol check"))
        .with_attribute(("tests", all.len().to_string().as_str()))
        .with_attribute(("failures", failed(all).as_str()))
        .write_inner_content(|writer| {
            for suite in all.chunk_by(|a, b| a.path() == b.path()) {
                let name = suite.first().map_or("", |finding| finding.path());
                writer
                    .create_element("testsuite")
                    .with_attribute(("name", if name.is_empty() { "input" } else { name }))
                    .with_attribute(("tests", suite.len().to_string().as_str()))
                    .with_attribute(("failures", failed(suite).as_str()))
                    .write_inner_content(|writer| suite.iter().try_for_each(|finding| case(writer, finding)))?;
            }
            Ok(())
        })?;
    let xml = String::from_utf8(writer.into_inner()).map_err(Error::other)?;
    Ok(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{xml}\n"))
}

fn is_failure(finding: &Finding<'_>) -> bool {
    finding.diagnostic.severity != Severity::Note
}

fn case<W: Write>(writer: &mut Writer<W>, finding: &Finding<'_>) -> std::io::Result<()> {
    let line = finding.place.as_ref().map(|place| format!(":{}", place.region.start.line)).unwrap_or_default();
    let name = format!("{}{line}", finding.diagnostic.slug);
    let case = writer
        .create_element("testcase")
        .with_attribute(("name", name.as_str()))
        .with_attribute(("classname", finding.path()));
    if !is_failure(finding) {
        return case.write_empty().map(|_| ());
    }
    let message = fit(&finding.message());
    let text = fit(&finding.message_and_help());
    case.write_inner_content(|writer| {
        writer
            .create_element("failure")
            .with_attribute(("type", finding.diagnostic.severity.name()))
            .with_attribute(("message", message.as_str()))
            .write_text_content(BytesText::new(&text))
            .map(|_| ())
    })
    .map(|_| ())
}

/// Text without the characters that XML cannot have.
fn fit(text: &str) -> String {
    text.split('\n').map(|line| crate::plain::plain(line).into_owned()).collect::<Vec<_>>().join("\n")
}
