//! Decodes one document into objects.
//!
//! The type of `spec` depends on `apiVersion` and `kind`, so these are read first, wherever they are written.

use std::sync::Arc;

use serde::de::{self, Deserialize};

use super::meta::StrictMetadata;
use super::text::Text;
use super::{Body, Namespace, NetworkPolicy, Node, Pod, Service, Workload, WorkloadKind, WorkloadSpec};
use crate::value::{Error, Value};

/// What one document, or one item of a list, turned out to be.
#[derive(Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "nearly every document is an object")]
pub(crate) enum Decoded {
    /// An object that netpol reads.
    Object(Body),
    /// `kind: List`, `kind: <Kind>List`, or (`is_bare`) a document that is itself a list.
    List { items: Vec<Decoded>, is_bare: bool },
    /// A Kubernetes object of another kind or version.
    Foreign { api_version: String, kind: String },
    /// A document without `kind`: not a Kubernetes object.
    NotAnObject,
}

/// Decodes a document.
#[derive(Debug, Clone, Default)]
pub(crate) struct ObjectDecoder {
    /// What an item of a typed list is when it does not say so itself.
    item_type: Option<(String, String)>,
}

impl ObjectDecoder {
    /// For the items of a list object of that type.
    pub(crate) fn for_items_of(api_version: &str, list_kind: &str) -> ObjectDecoder {
        let item_kind = list_kind.strip_suffix("List").filter(|kind| !kind.is_empty());
        let item_type = item_kind.map(|kind| (api_version.to_owned(), kind.to_owned()));
        ObjectDecoder { item_type }
    }

    /// `apiVersion` and `kind` of items that do not say so themselves.
    pub(crate) fn item_type(&self) -> Option<(&str, &str)> {
        self.item_type.as_ref().map(|(api_version, kind)| (api_version.as_str(), kind.as_str()))
    }

    /// Decodes a document, or an item of a list.
    ///
    /// # Errors
    ///
    /// It is an object whose fields are not of their types.
    pub(crate) fn decode(&self, value: Value<'_>) -> Result<Decoded, Error> {
        value.refuse_unread()?;
        if let Some(items) = value.items() {
            return Ok(Decoded::List { items: self.decode_all(items)?, is_bare: true });
        }
        match value.entries() {
            Some(entries) => Fields::of(entries)?.decode(self),
            None => Ok(Decoded::NotAnObject),
        }
    }

    fn decode_all<'a>(&self, items: impl Iterator<Item = Value<'a>>) -> Result<Vec<Decoded>, Error> {
        items.map(|item| self.decode(item)).collect()
    }

    /// The items of a list object; null is an empty list.
    fn decode_items(&self, list: Value<'_>) -> Result<Vec<Decoded>, Error> {
        if list.is_null() {
            return Ok(Vec::new());
        }
        let items = list.items().ok_or_else(|| list.refuse(&"a list of objects"))?;
        self.decode_all(items)
    }
}

/// The fields of an object, as they are written.
#[derive(Default)]
struct Fields<'a> {
    api_version: Option<Value<'a>>,
    kind: Option<Value<'a>>,
    metadata: Option<Value<'a>>,
    spec: Option<Value<'a>>,
    status: Option<Value<'a>>,
    items: Option<Value<'a>>,
    /// Whether there is a field beside these.
    has_others: bool,
}

impl<'a> Fields<'a> {
    fn of(entries: impl Iterator<Item = (Value<'a>, Value<'a>)>) -> Result<Fields<'a>, Error> {
        let mut fields = Fields::default();
        for (key, value) in entries {
            let name = key.text().unwrap_or_default();
            let field = match name {
                "apiVersion" => &mut fields.api_version,
                "kind" => &mut fields.kind,
                "metadata" => &mut fields.metadata,
                "spec" => &mut fields.spec,
                "status" => &mut fields.status,
                "items" => &mut fields.items,
                _ => {
                    fields.has_others = true;
                    continue;
                }
            };
            if field.replace(value).is_some() {
                return Err(de::Error::custom(format_args!("duplicate key `{name}`")));
            }
        }
        Ok(fields)
    }

    fn decode(&self, decoder: &ObjectDecoder) -> Result<Decoded, Error> {
        // API: a version that is null is an empty one, a kind that is null is none.
        let own_version: Option<Text> = self.api_version.map(|version| field(Some(version))).transpose()?;
        let own_kind: Option<Text> = field(self.kind)?;
        let (item_version, item_kind) = decoder.item_type().unzip();
        let api_version = own_version.as_deref().or(item_version).unwrap_or_default();
        let kind = own_kind.as_deref().or(item_kind);
        if let Some(items) = self.items
            && kind.is_none_or(|kind| kind.ends_with("List"))
        {
            let decoder = ObjectDecoder::for_items_of(api_version, kind.unwrap_or_default());
            return Ok(Decoded::List { items: decoder.decode_items(items)?, is_bare: false });
        }
        // With a version and fields of an object, it is one whose kind was forgotten or misspelt.
        let is_object = self.metadata.or(self.spec).or(self.status).is_some();
        let Some(kind) = kind.or((!api_version.is_empty() && is_object).then_some("")) else {
            return Ok(Decoded::NotAnObject);
        };
        Ok(match self.body(api_version, kind)? {
            Some(body) => Decoded::Object(body),
            None => Decoded::Foreign { api_version: api_version.to_owned(), kind: kind.to_owned() },
        })
    }

    /// The object, if it is of a kind that netpol reads.
    fn body(&self, api_version: &str, kind: &str) -> Result<Option<Body>, Error> {
        Ok(Some(match (api_version, kind) {
            ("v1", "Namespace") => Body::Namespace(Namespace { metadata: field(self.metadata)? }),
            ("v1", "Node") => Body::Node(Node { metadata: field(self.metadata)?, status: field(self.status)? }),
            ("v1", "Pod") => {
                let (metadata, spec) = (field(self.metadata)?, field(self.spec)?);
                Body::Pod(Arc::new(Pod { metadata, spec, status: field(self.status)? }))
            }
            ("v1", "Service") => {
                Body::Service(Arc::new(Service { metadata: field(self.metadata)?, spec: field(self.spec)? }))
            }
            ("networking.k8s.io/v1", "NetworkPolicy") => Body::NetworkPolicy(Arc::new(self.network_policy()?)),
            _ => {
                let Some(kind) = WorkloadKind::of(api_version, kind) else { return Ok(None) };
                let (metadata, mut spec): (_, WorkloadSpec) = (field(self.metadata)?, field(self.spec)?);
                if let Some(job) = spec.job_template.take() {
                    spec.template = job.spec.template;
                }
                Body::Workload(Arc::new(Workload { kind, metadata, spec }))
            }
        }))
    }

    /// A policy with `ingress` beside `spec` would do something else than it says: strict decoding refuses it.
    fn network_policy(&self) -> Result<NetworkPolicy, Error> {
        let strict: StrictMetadata = field(self.metadata)?;
        let spec = field(self.spec)?;
        if self.has_others {
            return Err(de::Error::custom("there are fields that no NetworkPolicy has"));
        }
        let metadata = strict.metadata();
        let StrictMetadata { annotations, owner_references: owners, finalizers, .. } = strict;
        Ok(NetworkPolicy { metadata, annotations, owners, finalizers, spec })
    }
}

/// API: null and absent decode to the zero value.
fn field<'a, T: Default + Deserialize<'a>>(value: Option<Value<'a>>) -> Result<T, Error> {
    Ok(value.map(Value::decode::<Option<T>>).transpose()?.flatten().unwrap_or_default())
}
