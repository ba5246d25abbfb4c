//! Reads YAML and JSON into values.
//!
//! The parser is the libraries' own; this is the only type that they decode. Whatever parses is read, with what no type can have as
//! `Unread`: what a value may be is the types' question.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::{Node, Values};

/// Collections within collections that are read. `serde_json` and `serde_yaml` follow a few more, and skip any number.
const DEPTH: u8 = 120;

/// Reads a JSON value.
///
/// # Errors
///
/// It is no JSON.
pub(crate) fn of_json(text: &str) -> Result<Values<'_>, serde_json::Error> {
    let mut values = Values::default();
    let mut json = serde_json::Deserializer::from_str(text);
    Build::root(&mut values).deserialize(&mut json)?;
    json.end().map(|()| values)
}

/// Reads a YAML document.
///
/// # Errors
///
/// It is no YAML, or more than one document.
pub(crate) fn of_yaml(text: &str) -> Result<Values<'_>, serde_yaml::Error> {
    let mut values = Values::default();
    Build::root(&mut values).deserialize(serde_yaml::Deserializer::from_str(text)).map(|()| values)
}

/// Reads one value, and what it holds.
struct Build<'v, 'de> {
    values: &'v mut Values<'de>,
    /// How many collections it may hold within one another.
    depth: u8,
    /// Whether a type reads what it holds, if it is a collection.
    is_read: bool,
}

impl<'v, 'de> Build<'v, 'de> {
    fn root(values: &'v mut Values<'de>) -> Build<'v, 'de> {
        Build { values, depth: DEPTH, is_read: true }
    }

    fn push<E>(self, node: Node<'de>) -> Result<(), E> {
        self.values.push(node);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Build<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth == 0 || self.values.is_full() {
            let node = if self.depth == 0 { Node::TooDeep } else { Node::Unread };
            self.values.push(node);
            return deserializer.deserialize_ignored_any(IgnoredAny).map(|_| ());
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Build<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.push(Node::Null)
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.push(Node::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.push(Node::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.push(Node::Signed(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.push(Node::Unsigned(value))
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<(), E> {
        self.push(Node::Unread)
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<(), E> {
        self.push(Node::Unread)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.push(Node::Float(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.push(Node::Owned(text.into()))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<(), E> {
        self.push(Node::Borrowed(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if !self.is_read {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return self.push(Node::Unread);
        }
        let at = self.values.next();
        self.values.push(Node::Sequence { end: 0 });
        while items.next_element_seed(Build { values: self.values, depth: self.depth - 1, is_read: true })?.is_some() {}
        self.values.close(at);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if !self.is_read {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return self.push(Node::Unread);
        }
        let at = self.values.next();
        self.values.push(Node::Mapping { end: 0 });
        while let Some(is_read) = map.next_key_seed(BuildKey { values: self.values })? {
            map.next_value_seed(Build { values: self.values, depth: self.depth - 1, is_read })?;
        }
        self.values.close(at);
        Ok(())
    }

    /// A value with a tag.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        let (IgnoredAny, value) = tagged.variant()?;
        value.newtype_variant::<IgnoredAny>()?;
        self.push(Node::Unread)
    }
}

/// Reads a key, and says whether a type reads a collection under it. YAML allows any value as a key.
struct BuildKey<'v, 'de> {
    values: &'v mut Values<'de>,
}

impl<'de> BuildKey<'_, 'de> {
    fn push<E>(self, node: Node<'de>, is_read: bool) -> Result<bool, E> {
        self.values.push(node);
        Ok(is_read)
    }
}

impl<'de> DeserializeSeed<'de> for BuildKey<'_, 'de> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for BuildKey<'_, 'de> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        self.push(Node::Owned(text.into()), is_read(text))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<bool, E> {
        self.push(Node::Borrowed(text), is_read(text))
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        self.push(Node::NoKey, false)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<bool, E> {
        self.push(Node::NoKey, false)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<bool, E> {
        self.push(Node::NoKey, false)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<bool, E> {
        self.push(Node::NoKey, false)
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<bool, E> {
        self.push(Node::NoKey, false)
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<bool, E> {
        self.push(Node::NoKey, false)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<bool, E> {
        self.push(Node::NoKey, false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        self.push(Node::NoKey, false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.push(Node::NoKey, false)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<bool, A::Error> {
        let (IgnoredAny, value) = tagged.variant()?;
        value.newtype_variant::<IgnoredAny>()?;
        self.push(Node::NoKey, false)
    }
}

/// Whether a type reads a collection under that key. Types refuse what was left out here, and the document is then read with
/// positions, slowly: a field that is missing here costs time, not answers.
fn is_read(key: &str) -> bool {
    matches!(
        key,
        "items"
            | "metadata"
            | "spec"
            | "status"
            | "annotations"
            | "labels"
            | "finalizers"
            | "ownerReferences"
            | "matchLabels"
            | "matchExpressions"
            | "values"
            | "podSelector"
            | "namespaceSelector"
            | "ipBlock"
            | "except"
            | "ingress"
            | "egress"
            | "from"
            | "to"
            | "ports"
            | "policyTypes"
            | "template"
            | "jobTemplate"
            | "containers"
            | "initContainers"
            | "selector"
            | "clusterIPs"
            | "addresses"
            | "podIPs"
            | "hostIPs"
    )
}
