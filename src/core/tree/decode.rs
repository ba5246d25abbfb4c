//! Decodes nodes of a tree into types: what the fast decoders refuse gets a second chance here, item by item of a list, with the
//! words that kubectl takes for booleans and with merged fields.

use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::{Content, Entry, NodeId, Scalar, Tree};

/// A node that can be decoded.
#[derive(Clone, Copy)]
pub(crate) struct Located<'a> {
    pub tree: &'a Tree,
    pub node: NodeId,
}

/// What a scalar is by the core schema of YAML 1.2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ScalarValue<'a> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(&'a str),
}

impl Scalar {
    pub(crate) fn value(&self) -> ScalarValue<'_> {
        let text = self.text.as_ref();
        if !self.is_plain {
            return ScalarValue::Text(text);
        }
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return ScalarValue::Null,
            "true" | "True" | "TRUE" => return ScalarValue::Bool(true),
            "false" | "False" | "FALSE" => return ScalarValue::Bool(false),
            _ => {}
        }
        if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
            return ScalarValue::Text(text);
        }
        let radix =
            |prefix, radix| text.strip_prefix(prefix).and_then(|digits| u64::from_str_radix(digits, radix).ok());
        let unsigned = text.parse().ok().or_else(|| radix("0x", 16)).or_else(|| radix("0o", 8));
        unsigned
            .map(ScalarValue::Unsigned)
            .or_else(|| text.parse().ok().map(ScalarValue::Signed))
            .or_else(|| text.parse().ok().filter(|float: &f64| float.is_finite()).map(ScalarValue::Float))
            .unwrap_or(ScalarValue::Text(text))
    }

    /// The word as YAML 1.1, which kubectl reads, takes it.
    pub(crate) fn as_bool(&self) -> Option<bool> {
        match (self.is_plain, self.text.as_ref()) {
            (true, "yes" | "Yes" | "YES" | "on" | "On" | "ON") => Some(true),
            (true, "no" | "No" | "NO" | "off" | "Off" | "OFF") => Some(false),
            _ => None,
        }
    }
}

impl<'de> Deserializer<'de> for Located<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.tree.node(self.node).map(|node| &node.content) {
            None => visitor.visit_unit(),
            Some(Content::Scalar(scalar)) => match scalar.value() {
                ScalarValue::Null => visitor.visit_unit(),
                ScalarValue::Bool(value) => visitor.visit_bool(value),
                ScalarValue::Unsigned(value) => visitor.visit_u64(value),
                ScalarValue::Signed(value) => visitor.visit_i64(value),
                ScalarValue::Float(value) => visitor.visit_f64(value),
                ScalarValue::Text(text) => visitor.visit_str(text),
            },
            Some(Content::Mapping(entries)) => {
                // What an object is comes first, wherever it is written.
                let is_type = |entry: &&Entry| matches!(entry.key.as_ref(), "apiVersion" | "kind");
                let fields = entries.iter().filter(is_type).chain(entries.iter().filter(|entry| !is_type(entry)));
                let fields = fields.map(|entry| (entry.key.as_ref(), Located { node: entry.value, ..self }));
                visitor.visit_map(MapDeserializer::new(fields))
            }
            Some(Content::Sequence(items)) => {
                visitor.visit_seq(SeqDeserializer::new(items.iter().map(|node| Located { node: *node, ..self })))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.tree.node(self.node).map(|node| &node.content) {
            Some(Content::Scalar(scalar)) if scalar.value() == ScalarValue::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.tree.node(self.node).map(|node| &node.content) {
            Some(Content::Scalar(scalar)) if let Some(value) = scalar.as_bool() => visitor.visit_bool(value),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Located<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_what_the_core_schema_says_and_quoted_ones_are_text() {
        let value = |text: &str, is_plain| {
            let scalar = Scalar { text: text.into(), is_plain };
            format!("{:?}", scalar.value())
        };
        for (text, expected) in [
            ("", "Null"),
            ("~", "Null"),
            ("True", "Bool(true)"),
            ("yes", "Text(\"yes\")"),
            ("80", "Unsigned(80)"),
            ("-1", "Signed(-1)"),
            ("0x1F", "Unsigned(31)"),
            ("80.5", "Float(80.5)"),
            ("10.0.0.0/8", "Text(\"10.0.0.0/8\")"),
            ("infinity", "Text(\"infinity\")"),
            ("99999999999999999999999", "Float(1e23)"),
        ] {
            assert_eq!(value(text, true), expected, "{text}");
            assert_eq!(value(text, false), format!("Text({text:?})"));
        }
    }
}
