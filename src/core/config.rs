//! `netpol.yaml`: how bad a project finds what, and how it reads what NetworkPolicy leaves undefined.

use std::collections::{BTreeMap, BTreeSet};

use fast_glob::glob_match;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::Rule;
use crate::load::without_positions;
use crate::options::{Cidrs, Enforcement, EngineOptions, HostNetwork, IpBlocks};
use crate::source::Sources;
use crate::tree::{Scalars, Tree};

/// A configuration, checked.
#[derive(Debug, Default)]
pub struct Config {
    /// The engine's options that it sets.
    pub options: OptionsConfig,
    rules: BTreeMap<String, Level>,
    overrides: Vec<Override>,
}

/// What is wrong with a configuration.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// What is wrong, and what to write instead.
    pub message: String,
    /// Line and column, from 1, where they are known.
    pub position: Option<(usize, usize)>,
}

/// How bad findings of a rule are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Off,
    Note,
    Warning,
    Error,
}

/// The engine's options as a configuration sets them; those that are missing stay as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct OptionsConfig {
    /// D1.
    pub ip_blocks: Option<IpBlocks>,
    /// D2.
    pub host_network: Option<HostNetwork>,
    /// D3.
    pub own_node_egress: Option<Enforcement>,
    /// D4.
    pub service_hairpin: Option<Enforcement>,
    /// D8.
    pub cidrs: Option<Cidrs>,
}

impl OptionsConfig {
    /// These options where they are set, and `other`'s where they are not.
    pub fn or(self, other: OptionsConfig) -> OptionsConfig {
        OptionsConfig {
            ip_blocks: self.ip_blocks.or(other.ip_blocks),
            host_network: self.host_network.or(other.host_network),
            own_node_egress: self.own_node_egress.or(other.own_node_egress),
            service_hairpin: self.service_hairpin.or(other.service_hairpin),
            cidrs: self.cidrs.or(other.cidrs),
        }
    }

    /// These options where they are set, and the defaults where they are not.
    pub fn engine_options(self) -> EngineOptions {
        EngineOptions {
            ip_blocks: self.ip_blocks.unwrap_or_default(),
            host_network: self.host_network.unwrap_or_default(),
            own_node_egress: self.own_node_egress.unwrap_or_default(),
            service_hairpin: self.service_hairpin.unwrap_or_default(),
            cidrs: self.cidrs.unwrap_or_default(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    deny_unknown_fields,
    default,
    expecting = "a mapping with `options`, `rules` or `overrides`"
)]
struct Written {
    options: OptionsConfig,
    rules: BTreeMap<String, Level>,
    overrides: Vec<Override>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with `paths` and `rules`")]
struct Override {
    paths: Vec<String>,
    rules: BTreeMap<String, Level>,
}

impl Config {
    /// Reads a configuration. An empty one sets nothing.
    ///
    /// # Errors
    ///
    /// It has a field, a value, a rule or a pattern that it cannot have.
    pub fn parse(text: &str) -> Result<Config, ConfigError> {
        serde_yaml::from_str::<IgnoredAny>(text).map_err(|error| ConfigError {
            message: without_positions(&error.to_string()),
            position: error.location().map(|location| (location.line(), location.column())),
        })?;
        let tree = Tree::parse(text);
        let Written { options, rules, overrides } = decode(text, &tree)?;
        check_rules(text, &tree, "rules")?;
        for (index, written) in overrides.iter().enumerate() {
            check_rules(text, &tree, &format!("overrides[{index}].rules"))?;
            check_patterns(text, &tree, index, &written.paths)?;
        }
        Ok(Config { options, rules, overrides })
    }

    /// Gives findings the severity that the configuration wants, and leaves out those that it does not want.
    pub fn apply(&self, sources: &Sources, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        diagnostics.into_iter().filter_map(|diagnostic| self.apply_to(sources, diagnostic)).collect()
    }

    /// Gives a finding the severity that the configuration wants; `None` if it does not want it.
    pub fn apply_to(&self, sources: &Sources, mut diagnostic: Diagnostic) -> Option<Diagnostic> {
        diagnostic.severity = match self.level(sources, &diagnostic) {
            None => diagnostic.severity,
            Some(Level::Off) => return None,
            Some(Level::Note) => Severity::Note,
            Some(Level::Warning) => Severity::Warning,
            Some(Level::Error) => Severity::Error,
        };
        Some(diagnostic)
    }

    /// The last override for the finding's file that names its rule, or what holds everywhere.
    fn level(&self, sources: &Sources, diagnostic: &Diagnostic) -> Option<Level> {
        let path = diagnostic.place.as_ref().and_then(|place| sources.get(place.source())).map(|source| {
            let path = source.path.as_str();
            path.strip_prefix("./").unwrap_or(path)
        });
        let is_about = |written: &&Override| {
            written.rules.contains_key(diagnostic.slug)
                && path.is_some_and(|path| written.paths.iter().any(|pattern| glob_match(pattern, path)))
        };
        let rules = self.overrides.iter().rev().find(is_about).map_or(&self.rules, |written| &written.rules);
        rules.get(diagnostic.slug).copied()
    }
}

fn decode(text: &str, tree: &Tree) -> Result<Written, ConfigError> {
    let Some(root) = tree.root() else { return Ok(Written::default()) };
    // Nothing in a configuration is a number or a boolean: `off` is a severity.
    let values = tree.values(root, Scalars::Texts);
    let written = values.root().decode::<Option<Written>>().map_err(|error| {
        let path = values.path(error.at());
        let message = if path.is_empty() { error.to_string() } else { format!("{path}: {error}") };
        ConfigError { message, position: values.start(error.at()).and_then(|start| position(text, start)) }
    })?;
    Ok(written.unwrap_or_default())
}

/// Refuses a slug that no rule has, and one that is there twice: which of them counts, only the parser knows.
fn check_rules(text: &str, tree: &Tree, path: &str) -> Result<(), ConfigError> {
    let entries = tree.get("", path).map(|rules| tree.entries(rules)).unwrap_or_default();
    let mut seen = BTreeSet::new();
    for entry in entries {
        let message = match Rule::find(&entry.key) {
            None => Rule::unknown(&entry.key),
            Some(rule) if !seen.insert(rule.slug) => format!("`{}` is there twice", rule.slug),
            Some(_) => continue,
        };
        return Err(ConfigError { message, position: position(text, entry.key_span.start) });
    }
    Ok(())
}

/// Refuses a bracket that is never closed: such a pattern matches nothing.
fn check_patterns(text: &str, tree: &Tree, index: usize, patterns: &[String]) -> Result<(), ConfigError> {
    let is_open = |pattern: &String| {
        let count = |bracket: char| pattern.chars().filter(|c| *c == bracket).count();
        count('[') != count(']') || count('{') != count('}')
    };
    let Some(number) = patterns.iter().position(is_open) else { return Ok(()) };
    let pattern = patterns.get(number).map_or("", String::as_str);
    let span = tree.find("", &format!("overrides[{index}].paths[{number}]"));
    let message = format!("the pattern `{pattern}` has a bracket without its other half");
    Err(ConfigError { message, position: span.and_then(|span| position(text, span.start)) })
}

/// Line and column of a byte.
fn position(text: &str, offset: u32) -> Option<(usize, usize)> {
    let before = text.get(..offset as usize)?;
    let line = before.rsplit('\n').next().unwrap_or_default();
    Some((before.matches('\n').count() + 1, line.chars().count() + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Place;

    #[test]
    fn the_last_override_for_a_path_decides_before_what_holds_everywhere() {
        let config = Config::parse(
            "rules: { open-egress: warning, ignored-rules: off }\n\
             overrides:\n\
             - { paths: ['legacy/**'], rules: { open-egress: off } }\n\
             - { paths: ['legacy/new/*.yaml'], rules: { open-egress: error } }\n",
        )
        .unwrap();
        let mut sources = Sources::default();
        let mut severity = |path: &str, slug| {
            let place = Place::Source(sources.add(path, ""));
            let kept = config.apply(&sources, vec![Diagnostic::note(slug, "").at(place)]);
            kept.first().map(|finding| finding.severity)
        };
        assert_eq!(severity("./k8s/a.yaml", "open-egress"), Some(Severity::Warning));
        assert_eq!(severity("legacy/a.yaml", "open-egress"), None);
        assert_eq!(severity("./legacy/new/a.yaml", "open-egress"), Some(Severity::Error));
        assert_eq!(severity("legacy/new/a.yaml", "ignored-rules"), None);
        assert_eq!(severity("legacy/new/a.yaml", "passed-over"), Some(Severity::Note));
    }

    #[test]
    fn what_a_configuration_cannot_have_is_refused() {
        for (text, says) in [
            ("rules: { open-egres: off }", "there is no rule `open-egres`: did you mean `open-egress`?"),
            ("rules: { open-egress: fatal }", "unknown variant `fatal`"),
            ("rule: {}", "unknown field `rule`"),
            ("options: { ip-blocks: all }", "unknown variant `all`"),
            ("overrides: [{ paths: ['a['], rules: {} }]", "the pattern `a[` has a bracket"),
            ("overrides: [{ paths: [], rules: { x: off } }]", "there is no rule `x`"),
            ("rules: { open-egress: off, open-egress: note }", "`open-egress` is there twice"),
            ("- rules", "expected a mapping with `options`"),
        ] {
            let error = Config::parse(text).unwrap_err();
            assert!(error.message.contains(says), "{text}: {}", error.message);
            assert!(!error.message.contains(" at line "), "the position is told apart: {}", error.message);
        }
        let position = |text| Config::parse(text).unwrap_err().position;
        assert_eq!(position("rules:\n  # größe\n  open-egres: off\n"), Some((3, 3)));
        assert_eq!(position("overrides:\n- { paths: [b, 'a['], rules: {} }\n"), Some((2, 16)));
        let unknown = Config::parse("options: { cidrs: ~, x: y }").unwrap_err();
        assert!(unknown.message.starts_with("options: unknown field `x`"), "{}", unknown.message);
        assert_eq!(unknown.position, Some((1, 22)));
        assert_eq!(Config::parse("# nothing\n").unwrap().options, OptionsConfig::default());
    }
}
