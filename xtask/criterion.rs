//! Reads what criterion's benchmarks found.
//!
//! Criterion leaves a folder a benchmark, with the benchmark's name in `new/benchmark.json` and its times in
//! `new/estimates.json`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::Outcome;

/// What one benchmark found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// `group/function/value`, as criterion names it.
    pub name: String,
    /// The median, in nanoseconds.
    pub median: f64,
}

/// Every finding below a folder, by name.
///
/// # Errors
///
/// When a file cannot be read, or is not as criterion writes it.
pub fn findings(folder: &Path) -> Outcome<Vec<Finding>> {
    let mut found = Vec::new();
    collect(folder, &mut found)?;
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

fn collect(folder: &Path, found: &mut Vec<Finding>) -> Outcome {
    let new = folder.join("new");
    if new.join("estimates.json").is_file() {
        found.push(finding(&new)?);
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(|error| format!("cannot list {}: {error}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
        }
    }
    Ok(())
}

fn finding(folder: &Path) -> Outcome<Finding> {
    let name = json(&folder.join("benchmark.json"))?;
    let name = name.get("full_id").and_then(Value::as_str);
    let estimates = json(&folder.join("estimates.json"))?;
    let median = estimates.pointer("/median/point_estimate").and_then(Value::as_f64);
    match (name, median) {
        (Some(name), Some(median)) => Ok(Finding { name: name.to_owned(), median }),
        _ => Err(format!("{} is not as criterion writes it", folder.display()).into()),
    }
}

fn json(path: &Path) -> Outcome<Value> {
    let text = fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_read_by_name_from_every_depth() {
        let folder = std::env::temp_dir().join(format!("netpol-xtask-{}", std::process::id()));
        for (place, name, median) in [("verdict", "verdict", "81.5"), ("compile/501", "compile/501", "2000000.0")] {
            let new = folder.join(place).join("new");
            fs::create_dir_all(&new).unwrap();
            fs::write(new.join("benchmark.json"), format!(r#"{{"full_id":"{name}"}}"#)).unwrap();
            fs::write(new.join("estimates.json"), format!(r#"{{"median":{{"point_estimate":{median}}}}}"#)).unwrap();
        }
        fs::create_dir_all(folder.join("report")).unwrap();
        let found = findings(&folder);
        fs::remove_dir_all(&folder).unwrap();
        let expected = [("compile/501", 2e6), ("verdict", 81.5)];
        assert_eq!(found.unwrap(), expected.map(|(name, median)| Finding { name: name.to_owned(), median }));
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        assert!(findings(Path::new("not/there")).is_err());
    }
}
