//! Metadata, labels and label selectors as the API types write them.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize as DeserializeDerive, Serialize};

use super::text::{Text, list, null_as_default};

/// API: ObjectMeta, the fields that decide something.
#[derive(Debug, Clone, Default, PartialEq, DeserializeDerive)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub struct Metadata {
    /// `metadata.name`; empty when it is missing.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
    /// `metadata.generateName`: the name's beginning, when the API server is to choose the rest.
    #[serde(deserialize_with = "null_as_default")]
    pub generate_name: Text,
    /// `metadata.namespace`; empty when it is missing.
    #[serde(deserialize_with = "null_as_default")]
    pub namespace: Text,
    /// `metadata.labels`.
    #[serde(deserialize_with = "null_as_default")]
    pub labels: Labels,
    /// `metadata.ownerReferences`.
    #[serde(deserialize_with = "list")]
    pub owner_references: Vec<OwnerReference>,
}

/// API: OwnerReference.
#[derive(Debug, Clone, Default, PartialEq, DeserializeDerive)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub struct OwnerReference {
    /// `kind` of the owner.
    #[serde(deserialize_with = "null_as_default")]
    pub kind: Text,
    /// `name` of the owner.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
    /// `controller`: true on the one owner that manages the object.
    #[serde(deserialize_with = "null_as_default")]
    pub controller: bool,
}

/// API: ObjectMeta with all of its fields, since strict decoding refuses others; for policies.
#[derive(Debug, Default, DeserializeDerive)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields, expecting = "a mapping")]
#[allow(dead_code, reason = "some fields are there so that they are known and of their type")]
pub(crate) struct StrictMetadata {
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
    #[serde(deserialize_with = "null_as_default")]
    pub generate_name: Text,
    #[serde(deserialize_with = "null_as_default")]
    pub namespace: Text,
    #[serde(deserialize_with = "null_as_default")]
    pub labels: Labels,
    #[serde(deserialize_with = "null_as_default")]
    pub annotations: Labels,
    #[serde(deserialize_with = "list")]
    pub owner_references: Vec<StrictOwnerReference>,
    #[serde(deserialize_with = "list")]
    pub finalizers: Vec<Text>,
    managed_fields: Option<IgnoredAny>,
    creation_timestamp: Option<Text>,
    deletion_timestamp: Option<Text>,
    deletion_grace_period_seconds: Option<i64>,
    generation: Option<i64>,
    resource_version: Option<Text>,
    self_link: Option<Text>,
    uid: Option<Text>,
}

impl StrictMetadata {
    /// The fields that decide something, as of any object.
    pub fn metadata(&self) -> Metadata {
        let owner = |owner: &StrictOwnerReference| OwnerReference {
            kind: owner.kind.clone(),
            name: owner.name.clone(),
            controller: owner.controller,
        };
        Metadata {
            name: self.name.clone(),
            generate_name: self.generate_name.clone(),
            namespace: self.namespace.clone(),
            labels: self.labels.clone(),
            owner_references: self.owner_references.iter().map(owner).collect(),
        }
    }
}

/// API: OwnerReference with all of its fields.
#[derive(Debug, Clone, Default, PartialEq, DeserializeDerive)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields, expecting = "a mapping")]
pub struct StrictOwnerReference {
    #[serde(deserialize_with = "null_as_default")]
    api_version: Text,
    #[serde(deserialize_with = "null_as_default")]
    kind: Text,
    #[serde(deserialize_with = "null_as_default")]
    name: Text,
    #[serde(deserialize_with = "null_as_default")]
    uid: Text,
    #[serde(deserialize_with = "null_as_default")]
    controller: bool,
    #[serde(deserialize_with = "null_as_default")]
    block_owner_deletion: bool,
}

impl StrictOwnerReference {
    /// The fields that must not be empty, and what they hold.
    pub(crate) fn required(&self) -> [(&'static str, &str); 4] {
        [("apiVersion", &self.api_version), ("kind", &self.kind), ("name", &self.name), ("uid", &self.uid)]
    }
}

/// A set of labels, sorted by key, each key once. Clones share it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Labels(Arc<Vec<(Box<str>, Box<str>)>>);

impl Labels {
    /// The value of `key`, if the key is present. A present key may have an empty value (L4).
    pub fn get(&self, key: &str) -> Option<&str> {
        let index = self.0.binary_search_by(|(candidate, _)| candidate.as_ref().cmp(key)).ok()?;
        self.0.get(index).map(|(_, value)| value.as_ref())
    }

    /// Sets `key` to `value`, replacing an earlier value.
    pub fn insert(&mut self, key: &str, value: &str) {
        let labels = Arc::make_mut(&mut self.0);
        match labels.binary_search_by(|(candidate, _)| candidate.as_ref().cmp(key)) {
            Ok(index) => {
                if let Some(entry) = labels.get_mut(index) {
                    entry.1 = value.into();
                }
            }
            Err(index) => labels.insert(index, (key.into(), value.into())),
        }
    }

    /// The pairs, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value.as_ref()))
    }

    /// Whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: AsRef<str>, V: AsRef<str>> FromIterator<(K, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Labels {
        let mut labels = Labels::default();
        for (key, value) in pairs {
            labels.insert(key.as_ref(), value.as_ref());
        }
        labels
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value)) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            write!(f, "{separator}{key}={value}")?;
        }
        Ok(())
    }
}

impl Serialize for Labels {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Labels, D::Error> {
        struct LabelsVisitor;

        impl<'de> Visitor<'de> for LabelsVisitor {
            type Value = Labels;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping from label keys to string values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
                let mut pairs: Vec<(Box<str>, Box<str>)> = Vec::with_capacity(map.size_hint().unwrap_or(0));
                while let Some(key) = map.next_key::<Text>()? {
                    // API: a null value decodes to the empty string.
                    let value = map.next_value::<Option<Text>>()?.unwrap_or_default();
                    pairs.push((key.into(), value.into()));
                }
                pairs.sort_unstable();
                for pair in pairs.windows(2) {
                    if let [(first, _), (second, _)] = pair
                        && first == second
                    {
                        return Err(de::Error::custom(format_args!("duplicate key `{first}`")));
                    }
                }
                Ok(Labels(Arc::new(pairs)))
            }
        }

        deserializer.deserialize_map(LabelsVisitor)
    }
}

/// API: LabelSelector. Empty selects everything (L1); its parts are AND'ed (L2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, DeserializeDerive)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields, expecting = "a mapping")]
pub struct LabelSelector {
    /// `matchLabels`: each key must have exactly this value.
    #[serde(deserialize_with = "null_as_default")]
    pub match_labels: Labels,
    /// `matchExpressions`.
    #[serde(deserialize_with = "list")]
    pub match_expressions: Vec<SelectorRequirement>,
}

/// API: LabelSelectorRequirement. The operator stays text: an unknown one is a finding (V24), not a broken document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, DeserializeDerive)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields, expecting = "a mapping")]
pub struct SelectorRequirement {
    /// `key`.
    #[serde(deserialize_with = "null_as_default")]
    pub key: Text,
    /// `operator`: In, NotIn, Exists or DoesNotExist.
    #[serde(deserialize_with = "null_as_default")]
    pub operator: Text,
    /// `values`.
    #[serde(deserialize_with = "list")]
    pub values: Vec<Text>,
}
