//! The one decoder of all types.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::{Node, Value, Within};

/// Why a value is not of its type.
#[derive(Debug)]
pub(crate) struct Error(Box<Reason>);

#[derive(Debug)]
struct Reason {
    message: String,
    /// The innermost value that was being decoded.
    at: Option<usize>,
}

impl Error {
    /// The value, or key, that is wrong.
    pub fn at(&self) -> usize {
        self.0.at.unwrap_or_default()
    }

    /// Whether there are too many collections within one another.
    pub fn is_of_depth(&self) -> bool {
        self.0.message == TOO_DEEP
    }

    fn within(mut self, value: Value<'_>) -> Error {
        self.0.at = self.0.at.or(Some(value.at));
        self
    }
}

impl de::Error for Error {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Error {
        Error(Box::new(Reason { message: message.to_string(), at: None }))
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

/// The words of `serde_json`.
const TOO_DEEP: &str = "recursion limit exceeded";

const UNREAD: &str = "this value is none that the field may have";

impl<'a> Value<'a> {
    /// Decodes the value.
    pub fn decode<T: Deserialize<'a>>(self) -> Result<T, Error> {
        T::deserialize(self).map_err(|error| error.within(self))
    }

    /// Refuses what has no meaning to any type.
    pub fn refuse_unread(self) -> Result<(), Error> {
        match self.node() {
            Some(Node::Unread) => Err(de::Error::custom(UNREAD)),
            Some(Node::TooDeep) => Err(de::Error::custom(TOO_DEEP)),
            _ => Ok(()),
        }
    }

    /// Refuses a value that is no collection of the kind that its type wants.
    #[cold]
    pub fn refuse(self, expected: &dyn de::Expected) -> Error {
        let found = match self.node() {
            None | Some(Node::Null | Node::NoKey) => Unexpected::Unit,
            Some(Node::Bool(value)) => Unexpected::Bool(*value),
            Some(Node::Unsigned(value)) => Unexpected::Unsigned(*value),
            Some(Node::Signed(value)) => Unexpected::Signed(*value),
            Some(Node::Float(value)) => Unexpected::Float(*value),
            Some(Node::Borrowed(text)) => Unexpected::Str(text),
            Some(Node::Owned(text)) => Unexpected::Str(text),
            Some(Node::Sequence { .. }) => Unexpected::Seq,
            Some(Node::Mapping { .. }) => Unexpected::Map,
            Some(Node::Unread) => return de::Error::custom(UNREAD),
            Some(Node::TooDeep) => return de::Error::custom(TOO_DEEP),
        };
        de::Error::invalid_type(found, expected)
    }
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node() {
            None | Some(Node::Null | Node::NoKey) => visitor.visit_unit(),
            Some(Node::Bool(value)) => visitor.visit_bool(*value),
            Some(Node::Unsigned(value)) => visitor.visit_u64(*value),
            Some(Node::Signed(value)) => visitor.visit_i64(*value),
            Some(Node::Float(value)) => visitor.visit_f64(*value),
            Some(Node::Borrowed(text)) => visitor.visit_str(text),
            Some(Node::Owned(text)) => visitor.visit_str(text),
            Some(Node::Sequence { end }) => visitor.visit_seq(self.within(*end)),
            Some(Node::Mapping { end }) => visitor.visit_map(Entries { values: self.within(*end) }),
            Some(Node::Unread | Node::TooDeep) => Err(self.refuse(&visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node() {
            None | Some(Node::Null) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// A struct is a mapping: the code that serde derives would also take a list, as the values of the fields in their order.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.node() {
            Some(Node::Mapping { end }) => visitor.visit_map(Entries { values: self.within(*end) }),
            _ => Err(self.refuse(&visitor)),
        }
    }

    /// Nothing is an empty mapping.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node() {
            Some(Node::Null) => visitor.visit_map(Entries { values: self.within(0) }),
            _ => self.deserialize_any(visitor),
        }
    }

    /// Nothing is an empty list.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node() {
            Some(Node::Null) => visitor.visit_seq(self.within(0)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.text() {
            Some(text) => visitor.visit_enum(StrDeserializer::new(text)),
            None => Err(self.refuse(&visitor)),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.text().unwrap_or_default())
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct
    }
}

impl<'de> SeqAccess<'de> for Within<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        match self.next() {
            Some(value) => seed.deserialize(value).map(Some).map_err(|error| error.within(value)),
            None => Ok(None),
        }
    }
}

/// The keys and values of a mapping, in turn.
struct Entries<'a> {
    values: Within<'a>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.values.next_element_seed(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let value = self.values.next().ok_or_else(|| <Error as de::Error>::custom("there is no value"))?;
        seed.deserialize(value).map_err(|error| error.within(value))
    }
}
