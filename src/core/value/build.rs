//! Reads YAML and JSON into values.
//!
//! The parser is the libraries' own; this is the only type that they decode. Whatever parses is read, with what no type can have as
//! `Unread`: what a value may be is the types' question.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::{Node, Values};

/// Collections within collections that are read: as many as `serde_json` follows. `serde_yaml` follows one more, and both skip any
/// number.
const DEPTH: u8 = 127;

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
/// It is no YAML, more than one document, or has a key that is no scalar.
pub(crate) fn of_yaml(text: &str) -> Result<Values<'_>, serde_yaml::Error> {
    let mut values = Values::default();
    Build::root(&mut values).deserialize(serde_yaml::Deserializer::from_str(text)).map(|()| values)
}

/// Reads one value, and what it holds.
struct Build<'v, 'de> {
    values: &'v mut Values<'de>,
    /// How many collections it may hold within one another.
    depth: u8,
    read: Read,
}

/// What types read of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    Nothing,
    /// It, if it is no collection.
    Scalar,
    /// The fields that types have, and each item of a list.
    Fields,
    /// Every key, with the text that it has.
    Texts,
}

impl<'v, 'de> Build<'v, 'de> {
    fn root(values: &'v mut Values<'de>) -> Build<'v, 'de> {
        Build { values, depth: DEPTH, read: Read::Fields }
    }

    fn push<E>(self, node: Node<'de>) -> Result<(), E> {
        self.values.push(node);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Build<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.read == Read::Nothing || self.depth == 0 || self.values.is_full() {
            self.values.push(if self.depth == 0 { Node::TooDeep } else { Node::Unread });
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
        if self.read == Read::Scalar {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return self.push(Node::Unread);
        }
        let at = self.values.next();
        self.values.push(Node::Sequence { end: 0 });
        while items.next_element_seed(Build { values: self.values, depth: self.depth - 1, ..self })?.is_some() {}
        self.values.close(at);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.read == Read::Scalar {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return self.push(Node::Unread);
        }
        let at = self.values.next();
        self.values.push(Node::Mapping { end: 0 });
        while let Some(read) = map.next_key_seed(BuildKey { values: self.values, within: self.read })? {
            map.next_value_seed(Build { values: self.values, depth: self.depth - 1, read })?;
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

/// Reads a key, and says what is read of its value.
struct BuildKey<'v, 'de> {
    values: &'v mut Values<'de>,
    within: Read,
}

impl<'de> BuildKey<'_, 'de> {
    fn push<E>(self, text: &str, node: Node<'de>) -> Result<Read, E> {
        // Without quotes these are booleans, which are spelt otherwise as keys.
        let is_text = !matches!(text, "True" | "TRUE" | "False" | "FALSE");
        self.values.push(if is_text { node } else { Node::NoKey });
        Ok(if self.within == Read::Texts { Read::Scalar } else { field(text) })
    }
}

impl<'de> DeserializeSeed<'de> for BuildKey<'_, 'de> {
    type Value = Read;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Read, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for BuildKey<'_, 'de> {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Read, E> {
        self.push(text, Node::Owned(text.into()))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Read, E> {
        self.push(text, Node::Borrowed(text))
    }
}

/// What types read of a field. They refuse what was left out here, and the document is then read with positions, slowly: a field that
/// is missing here costs time, not answers.
#[rustfmt::skip]
fn field(name: &str) -> Read {
    match name {
        "annotations" | "labels" | "matchLabels" | "selector" => Read::Texts,
        "addresses" | "clusterIPs" | "containers" | "egress" | "except" | "finalizers" | "from" | "hostIPs" | "ingress"
        | "initContainers" | "ipBlock" | "items" | "jobTemplate" | "matchExpressions" | "metadata" | "namespaceSelector"
        | "ownerReferences" | "podIPs" | "podSelector" | "policyTypes" | "ports" | "spec" | "status" | "template" | "to"
        | "values" => Read::Fields,
        "address" | "apiVersion" | "blockOwnerDeletion" | "cidr" | "clusterIP" | "containerPort" | "controller"
        | "creationTimestamp" | "deletionGracePeriodSeconds" | "deletionTimestamp" | "endPort" | "externalTrafficPolicy"
        | "generateName" | "generation" | "hostIP" | "hostNetwork" | "ip" | "key" | "kind" | "name" | "namespace" | "nodeName"
        | "operator" | "phase" | "podIP" | "port" | "protocol" | "resourceVersion" | "restartPolicy" | "selfLink"
        | "serviceAccount" | "serviceAccountName" | "targetPort" | "type" | "uid" => Read::Scalar,
        _ => Read::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, forward_to_deserialize_any};

    use super::*;
    use crate::object;

    /// Refuses every value, and keeps the fields that were asked for.
    struct Names<'a>(&'a mut Vec<&'static str>);

    impl<'de> Deserializer<'de> for Names<'_> {
        type Error = serde::de::value::Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(Error::custom("no value"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Self::Error> {
            self.0.extend(fields);
            Err(Error::custom("no value"))
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    macro_rules! fields_of {
        ($($name:ident),* $(,)?) => {{
            let mut fields = Vec::new();
            $(drop(object::$name::deserialize(Names(&mut fields)));)*
            fields
        }};
    }

    #[test]
    fn every_field_of_every_type_is_read() {
        let fields = fields_of!(
            Metadata,
            StrictMetadata,
            OwnerReference,
            StrictOwnerReference,
            LabelSelector,
            SelectorRequirement,
            NetworkPolicySpec,
            NetworkPolicyPeer,
            IpBlock,
            NetworkPolicyPort,
            NodeStatus,
            Address,
            PodStatus,
            PodIp,
            PodSpec,
            Container,
            ContainerPort,
            WorkloadSpec,
            JobTemplate,
            PodTemplate,
            ServiceSpec,
            ServicePort,
        );
        assert!(fields.len() > 60);
        // Those of rules are the only ones of types that are private to their module.
        for name in fields.into_iter().chain(["from", "to"]).filter(|name| *name != "managedFields") {
            assert_ne!(field(name), Read::Nothing, "{name}");
        }
    }

    fn count(text: &str) -> usize {
        of_json(text).unwrap().nodes.len()
    }

    #[test]
    fn what_no_type_reads_is_not_kept() {
        assert_eq!(count(r#"{"spec": {"volumes": [1, 2, {"name": "a"}], "hostNetwork": true}}"#), 7);
        assert_eq!(count(r#"{"labels": {"volumes": "a", "spec": {"name": "b"}}}"#), 7);
        assert_eq!(count(r#"{"nodeName": {"name": "b"}}"#), 3);
    }
}
