//! One object per kind, namespace and name, as in a cluster.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::object::{Body, Metadata, Object};
use crate::source::{Origin, Place};

use super::{name_of, namespace_of};

/// Sorts objects by kind, namespace and name, and keeps one of each.
///
/// Equal copies are one object. Of copies that differ the last one stands, in order of text and position, as it would if they
/// were applied one after the other; that this is a guess is an error.
pub(super) fn unique(objects: Vec<Object>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Object> {
    let mut objects: Vec<Object> = objects.into_iter().filter(|object| is_named(object, diagnostics)).collect();
    objects.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.origin.cmp(&b.origin)));
    number_generated(&mut objects);
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

/// Tells objects apart to which the API server is to give the rest of their names: the second one of `job-` is `job-#2`.
///
/// Sorted by what they hold, so that the order of the input does not show.
fn number_generated(objects: &mut [Object]) {
    for group in objects.chunk_by_mut(|a, b| is_generated(a) && is_generated(b) && names(a) == names(b)) {
        if group.len() > 1 {
            group.sort_by_cached_key(|object| format!("{:?}", object.body));
        }
        for (index, object) in group.iter_mut().enumerate().skip(1) {
            let name = &mut metadata_mut(&mut object.body).generate_name;
            *name = format!("{}#{}", &**name, index + 1).as_str().into();
        }
    }
}

fn metadata_mut(body: &mut Body) -> &mut Metadata {
    match body {
        Body::Namespace(object) => &mut object.metadata,
        Body::Node(object) => &mut object.metadata,
        Body::Pod(object) => &mut Arc::make_mut(object).metadata,
        Body::Workload(object) => &mut Arc::make_mut(object).metadata,
        Body::Service(object) => &mut Arc::make_mut(object).metadata,
        Body::NetworkPolicy(object) => &mut Arc::make_mut(object).metadata,
    }
}

fn is_generated(object: &Object) -> bool {
    object.body.metadata().name.is_empty()
}

/// Kind, namespace and name.
pub(crate) type Names<'a> = (&'static str, &'a str, &'a str);

pub(crate) fn names(object: &Object) -> Names<'_> {
    let metadata = object.body.metadata();
    let namespace = match object.body {
        Body::Namespace(_) | Body::Node(_) => "",
        _ => namespace_of(metadata),
    };
    (object.body.kind(), namespace, name_of(metadata))
}

/// Each object that the API server names by itself is another one.
fn key(object: &Object) -> (Names<'_>, Option<&Origin>) {
    (names(object), is_generated(object).then_some(&object.origin))
}

fn describe(object: &Object) -> String {
    match names(object) {
        (kind, "", name) => format!("{kind} {name}"),
        (kind, namespace, name) => format!("{kind} {namespace}/{name}"),
    }
}
