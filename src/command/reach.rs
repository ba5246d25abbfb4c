//! `netpol reach`.

use netpol::reach::{ReachQuery, check};
use netpol_report::reach::{self, Format, Grouping};

use crate::args::{Filter, GroupBy, Reach, ReachFormat};
use crate::context::Context;
use crate::host::{Output, delivered};
use crate::input;
use crate::{Failure, Status};

pub fn run(command: &Reach, context: &Context<'_>) -> Result<Status, Failure> {
    let input = input::read(&command.paths, context)?;
    let query = ReachQuery { include_self: command.include_self, ..query(&command.filter) };
    check(&query, &[&input.engine])?;
    let connectivity = input.engine.reach(&query);
    let format = match command.output {
        ReachFormat::Table => Format::Table,
        ReachFormat::List => Format::List,
        ReachFormat::Matrix => Format::Matrix,
        ReachFormat::Json => Format::Json,
        ReachFormat::Csv => Format::Csv,
        ReachFormat::Md => Format::Markdown,
        ReachFormat::Dot => Format::Dot,
    };
    let grouping = match command.group {
        GroupBy::Auto => Grouping::Auto,
        GroupBy::Workload => Grouping::Workload,
        GroupBy::Namespace => Grouping::Namespace,
    };
    delivered(reach::write(&connectivity, format, grouping, &context.output_style(), &mut Output(context.host)))?;
    // The process ends here, and the system frees its memory faster than one by one.
    std::mem::forget(input);
    Ok(Status::Success)
}

/// The part of an answer that a filter asks for.
pub fn query(filter: &Filter) -> ReachQuery {
    ReachQuery {
        sources: filter.from.clone(),
        destinations: filter.to.clone(),
        namespaces: filter.namespace.clone(),
        ports: filter.port.clone(),
        protocols: filter.protocol.clone(),
        family: filter.family.map(Into::into),
        include_nodes: filter.include_nodes,
        ..ReachQuery::default()
    }
}
