//! What somebody probably meant who wrote something else.

/// The name that is like what was written, if one is; upper and lower case are alike.
pub fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&written, &name.to_lowercase());
    let (distance, name) = names.into_iter().map(|name| (distance(name), name)).min()?;
    (distance <= 1 + written.len() / 4).then_some(name)
}
