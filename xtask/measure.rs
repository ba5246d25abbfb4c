//! Measures one run of a program: wall time, CPU time and peak memory.
//!
//! The kernel accounts CPU time and peak memory of children that have ended, all of them together. So each run gets a process
//! of its own, this program again, which has no other child and says what its one child took.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::command::output;

/// The hidden job that runs one program and prints a [`Measurement`].
pub const JOB: &str = "run-measured";

/// What one run took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measurement {
    /// From start to end.
    pub wall: Duration,
    /// In user and kernel mode, of all threads.
    pub cpu: Duration,
    /// The most memory it had resident at a time, in bytes.
    pub peak_memory: u64,
}

/// Runs a program several times and takes the median of each figure. Its output is thrown away.
///
/// # Errors
///
/// When the program cannot be run or fails, or the system does not account children.
pub fn measure(program: &Path, arguments: &[&str], runs: usize) -> Outcome<Measurement> {
    let this_program = std::env::current_exe()?;
    let mut measurements = Vec::new();
    for _ in 0..runs {
        let line = output(Command::new(&this_program).arg(JOB).arg(program).args(arguments))?;
        measurements.push(parse(&line).ok_or_else(|| format!("`{line}` is no measurement"))?);
    }
    Ok(Measurement {
        wall: median(measurements.iter().map(|measurement| measurement.wall)).ok_or("no runs")?,
        cpu: median(measurements.iter().map(|measurement| measurement.cpu)).ok_or("no runs")?,
        peak_memory: median(measurements.iter().map(|measurement| measurement.peak_memory)).ok_or("no runs")?,
    })
}

/// The hidden job: runs the program that the arguments name and prints what it took.
///
/// # Errors
///
/// When the program cannot be run or fails, or the system does not account children.
pub fn run_measured(arguments: &[String]) -> Outcome {
    let (program, arguments) = arguments.split_first().ok_or("no program to measure")?;
    let start = Instant::now();
    let status = Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    let wall = start.elapsed();
    if !status.success() {
        let line = format!("{program} {}", arguments.join(" "));
        return Err(format!("`{}` failed: {status}", line.trim_end()).into());
    }
    let (cpu, peak_memory) = ended_children()?;
    print!("{}", written(Measurement { wall, cpu, peak_memory }));
    Ok(())
}

#[cfg(unix)]
fn ended_children() -> Outcome<(Duration, u64)> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeVal;

    fn duration(time: TimeVal) -> Outcome<Duration> {
        let seconds = Duration::from_secs(u64::try_from(time.tv_sec())?);
        Ok(seconds + Duration::from_micros(u64::try_from(time.tv_usec())?))
    }

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    // Linux counts kilobytes, Apple's systems count bytes.
    let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
    Ok((duration(usage.user_time())? + duration(usage.system_time())?, u64::try_from(usage.max_rss())? * unit))
}

#[cfg(not(unix))]
fn ended_children() -> Outcome<(Duration, u64)> {
    Err("this system does not tell what a program took: measure on Linux".into())
}

fn written(measurement: Measurement) -> String {
    let mut line = String::new();
    // Writing to a string cannot fail.
    let _ =
        writeln!(line, "{} {} {}", measurement.wall.as_micros(), measurement.cpu.as_micros(), measurement.peak_memory);
    line
}

fn parse(line: &str) -> Option<Measurement> {
    let mut figures = line.split_whitespace().map(|figure| figure.parse::<u64>().ok());
    let mut next = || figures.next().flatten();
    let measurement =
        Measurement { wall: Duration::from_micros(next()?), cpu: Duration::from_micros(next()?), peak_memory: next()? };
    figures.next().is_none().then_some(measurement)
}

/// The middle one; the lower of the two middle ones when there is no middle.
fn median<T: Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    let middle = values.len().checked_sub(1)? / 2;
    values.into_iter().nth(middle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_and_no_values_have_none() {
        assert_eq!(median([3, 1, 2].into_iter()), Some(2));
        assert_eq!(median([4, 1, 3, 2].into_iter()), Some(2));
        assert_eq!(median(std::iter::empty::<u64>()), None);
    }

    #[test]
    fn a_measurement_survives_being_written() {
        let measurement = Measurement {
            wall: Duration::from_micros(1_234_567),
            cpu: Duration::from_micros(2_000_001),
            peak_memory: 62_914_560,
        };
        assert_eq!(parse(&written(measurement)), Some(measurement));
        assert_eq!(parse("1 2"), None);
        assert_eq!(parse("1 2 3 4"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_fails_has_no_measurement() {
        assert!(run_measured(&["false".to_owned()]).is_err());
        assert!(run_measured(&[]).is_err());
    }
}
