//! One object per kind, namespace and name, as in a cluster.

use crate::diagnostic::Diagnostic;
use crate::object::{Body, Object};
use crate::source::Place;

use super::namespace_of;

/// Sorts objects by kind, namespace and name, and keeps one of each.
///
/// Equal copies are one object. Of copies that differ the last one stands, in order of text and position, as it would if they
/// were applied one after the other; that this is a guess is an error.
pub(super) fn unique(objects: Vec<Object>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Object> {
    let mut objects: Vec<Object> = objects.into_iter().filter(|object| is_named(object, diagnostics)).collect();
    objects.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.origin.cmp(&b.origin)));
    let mut kept: Vec<Object> = Vec::with_capacity(objects.len());
    for object in objects {
        match kept.last_mut().filter(|last| key(last) == key(&object)) {
            Some(last) if last.body == object.body => {}
            Some(last) => {
                let message = "defined more than once with different content: the last definition counts here, and in a \
                               cluster the one that was applied last";
                let place = Place::Field { origin: last.origin.clone(), path: String::new() };
                diagnostics.push(
                    Diagnostic::error("duplicate-object", message)
                        .about(describe(&object))
                        .at(place)
                        .help("remove one of them, or name only the files of one cluster"),
                );
                *last = object;
            }
            None => kept.push(object),
        }
    }
    kept
}

fn is_named(object: &Object, diagnostics: &mut Vec<Diagnostic>) -> bool {
    let metadata = object.body.metadata();
    let is_named = !metadata.name.is_empty() || !metadata.generate_name.is_empty();
    if !is_named {
        let message = format!(
            "this {} has no `metadata.name`: the API server refuses it, and it is left out",
            object.body.kind()
        );
        let place = Place::Field { origin: object.origin.clone(), path: "metadata".to_owned() };
        diagnostics.push(Diagnostic::error("invalid-object", message).at(place));
    }
    is_named
}

type Key<'a> = (&'static str, &'a str, &'a str, Option<&'a crate::source::Origin>);

fn key(object: &Object) -> Key<'_> {
    let metadata = object.body.metadata();
    let namespace = match object.body {
        Body::Namespace(_) | Body::Node(_) => "",
        _ => namespace_of(metadata),
    };
    // Each object that the API server names by itself is another one.
    let generated = metadata.name.is_empty().then_some(&object.origin);
    (
        object.body.kind(),
        namespace,
        if metadata.name.is_empty() { &metadata.generate_name } else { &metadata.name },
        generated,
    )
}

fn describe(object: &Object) -> String {
    match key(object) {
        (kind, "", name, _) => format!("{kind} {name}"),
        (kind, namespace, name, _) => format!("{kind} {namespace}/{name}"),
    }
}
