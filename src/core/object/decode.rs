//! Decodes one document, YAML or JSON, into objects in a single pass.
//!
//! The type of `spec` depends on `apiVersion` and `kind`. Where both come first, as they do nearly always, `spec` is decoded
//! straight into its type and errors carry their position; fields that come earlier are kept as values until the kind is known.

use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::key::Key;
use super::text::{Text, null_as_default};
use super::{
    Body, Metadata, Namespace, NetworkPolicy, NetworkPolicySpec, Node, NodeStatus, Pod, PodSpec, PodStatus, Service,
    ServiceSpec, Workload, WorkloadKind, WorkloadSpec,
};

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

/// Decodes a document. `item_type` is what an item of a typed list is when it does not say so itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct ObjectDecoder {
    item_type: Option<(String, String)>,
}

impl ObjectDecoder {
    /// For the items of a list object of that type.
    pub(crate) fn for_items_of(api_version: &str, list_kind: &str) -> ObjectDecoder {
        let item_kind = list_kind.strip_suffix("List").filter(|kind| !kind.is_empty());
        ObjectDecoder { item_type: item_kind.map(|kind| (api_version.to_owned(), kind.to_owned())) }
    }

    /// `apiVersion` and `kind` of items that do not say so themselves.
    pub(crate) fn item_type(&self) -> Option<(&str, &str)> {
        self.item_type.as_ref().map(|(api_version, kind)| (api_version.as_str(), kind.as_str()))
    }
}

impl<'de> DeserializeSeed<'de> for ObjectDecoder {
    type Value = Decoded;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Decoded, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ObjectDecoder {
    type Value = Decoded;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Kubernetes object (a mapping with `apiVersion` and `kind`)")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Decoded, A::Error> {
        let mut fields = Fields { item_type: self.item_type, ..Fields::default() };
        let mut seen: Vec<Key> = Vec::new();
        while let Some(key) = map.next_key::<Key>()? {
            if seen.contains(&key) {
                return Err(de::Error::custom(format_args!("duplicate key `{}`", key.name())));
            }
            if key != Key::Other {
                seen.push(key);
            }
            map.next_value_seed(Field { fields: &mut fields, key })?;
        }
        fields.finish().map_err(de::Error::custom)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Decoded, E> {
        Ok(Decoded::NotAnObject)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Decoded, E> {
        Ok(Decoded::NotAnObject)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Decoded, E> {
        Ok(Decoded::NotAnObject)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Decoded, E> {
        Ok(Decoded::NotAnObject)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Decoded, E> {
        Ok(Decoded::NotAnObject)
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Decoded, E> {
        Ok(Decoded::NotAnObject)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Decoded, A::Error> {
        let mut decoded = Vec::new();
        while let Some(item) = items.next_element_seed(self.clone())? {
            decoded.push(item);
        }
        Ok(Decoded::List { items: decoded, is_bare: true })
    }
}

/// What `apiVersion` and `kind` say that `spec` and `status` are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Namespace,
    Node,
    Pod,
    Workload(WorkloadKind),
    Service,
    NetworkPolicy,
    Foreign,
}

impl Target {
    fn of(api_version: &str, kind: &str) -> Target {
        match (api_version, kind) {
            ("v1", "Namespace") => Target::Namespace,
            ("v1", "Node") => Target::Node,
            ("v1", "Pod") => Target::Pod,
            ("v1", "Service") => Target::Service,
            ("networking.k8s.io/v1", "NetworkPolicy") => Target::NetworkPolicy,
            _ => WorkloadKind::of(api_version, kind).map_or(Target::Foreign, Target::Workload),
        }
    }
}

/// The fields of an object, as far as they have been read.
#[derive(Default)]
struct Fields {
    item_type: Option<(String, String)>,
    api_version: Option<Text>,
    kind: Option<Text>,
    metadata: Metadata,
    spec: Spec,
    status: Status,
    items: Option<Vec<Decoded>>,
    /// Fields that came before `apiVersion` and `kind` did.
    pending: Vec<(Key, Value)>,
}

#[derive(Default)]
enum Spec {
    #[default]
    None,
    Pod(Box<PodSpec>),
    Workload(Box<WorkloadSpec>),
    Service(ServiceSpec),
    NetworkPolicy(NetworkPolicySpec),
}

#[derive(Default)]
enum Status {
    #[default]
    None,
    Pod(PodStatus),
    Node(NodeStatus),
}

impl Fields {
    fn target(&self) -> Option<Target> {
        Some(Target::of(self.api_version.as_deref()?, self.kind.as_deref()?))
    }

    fn finish(mut self) -> Result<Decoded, String> {
        if self.kind.is_none() && self.item_type.is_none() && self.pending.iter().any(|(key, _)| *key == Key::Items) {
            self.kind = Some(Text::from("List"));
        }
        if let Some((api_version, kind)) = self.item_type.take() {
            self.api_version.get_or_insert_with(|| Text::from(api_version.as_str()));
            self.kind.get_or_insert_with(|| Text::from(kind.as_str()));
        }
        let Some(kind) = self.kind.clone() else { return Ok(Decoded::NotAnObject) };
        let api_version = self.api_version.get_or_insert_with(Text::default).clone();
        for (key, value) in std::mem::take(&mut self.pending) {
            let name = key.name();
            Field { fields: &mut self, key }.deserialize(value).map_err(|error| format!("{name}: {error}"))?;
        }
        if let Some(items) = self.items.take() {
            return Ok(Decoded::List { items, is_bare: false });
        }
        let metadata = self.metadata;
        let body = match (Target::of(&api_version, &kind), self.spec, self.status) {
            (Target::Namespace, _, _) => Body::Namespace(Namespace { metadata }),
            (Target::Node, _, status) => {
                let status = if let Status::Node(status) = status { status } else { NodeStatus::default() };
                Body::Node(Node { metadata, status })
            }
            (Target::Pod, spec, status) => {
                let spec = if let Spec::Pod(spec) = spec { *spec } else { PodSpec::default() };
                let status = if let Status::Pod(status) = status { status } else { PodStatus::default() };
                Body::Pod(Box::new(Pod { metadata, spec, status }))
            }
            (Target::Workload(kind), spec, _) => {
                let mut spec = if let Spec::Workload(spec) = spec { *spec } else { WorkloadSpec::default() };
                if let Some(job) = spec.job_template.take() {
                    spec.template = job.spec.template;
                }
                Body::Workload(Box::new(Workload { kind, metadata, spec }))
            }
            (Target::Service, spec, _) => {
                let spec = if let Spec::Service(spec) = spec { spec } else { ServiceSpec::default() };
                Body::Service(Service { metadata, spec })
            }
            (Target::NetworkPolicy, spec, _) => {
                let spec = if let Spec::NetworkPolicy(spec) = spec { spec } else { NetworkPolicySpec::default() };
                Body::NetworkPolicy(NetworkPolicy { metadata, spec })
            }
            (Target::Foreign, _, _) => {
                return Ok(Decoded::Foreign { api_version: api_version.to_string(), kind: kind.to_string() });
            }
        };
        Ok(Decoded::Object(body))
    }
}

/// Reads the value of one field into `fields`.
struct Field<'a> {
    fields: &'a mut Fields,
    key: Key,
}

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let fields = self.fields;
        match self.key {
            Key::ApiVersion => fields.api_version = Some(null_as_default(deserializer)?),
            Key::Kind => fields.kind = Option::<Text>::deserialize(deserializer)?,
            Key::Items => match (fields.api_version.as_deref(), fields.kind.as_deref()) {
                (Some(api_version), Some(kind)) if kind.ends_with("List") => {
                    let decoder = ObjectDecoder::for_items_of(api_version, kind);
                    fields.items = Some(deserializer.deserialize_option(Items(decoder))?);
                }
                (Some(_), Some(_)) => {
                    IgnoredAny::deserialize(deserializer)?;
                }
                _ => fields.pending.push((self.key, Value::deserialize(deserializer)?)),
            },
            Key::Other => {
                IgnoredAny::deserialize(deserializer)?;
            }
            Key::Metadata | Key::Spec | Key::Status => match fields.target() {
                None => fields.pending.push((self.key, Value::deserialize(deserializer)?)),
                Some(target) => fields.read(target, self.key, deserializer)?,
            },
        }
        Ok(())
    }
}

impl Fields {
    fn read<'de, D: Deserializer<'de>>(&mut self, target: Target, key: Key, deserializer: D) -> Result<(), D::Error> {
        match (target, key) {
            (Target::Foreign, _) => {
                IgnoredAny::deserialize(deserializer)?;
            }
            (_, Key::Metadata) => self.metadata = null_as_default(deserializer)?,
            (Target::Pod, Key::Spec) => self.spec = Spec::Pod(null_as_default(deserializer)?),
            (Target::Pod, Key::Status) => self.status = Status::Pod(null_as_default(deserializer)?),
            (Target::Node, Key::Status) => self.status = Status::Node(null_as_default(deserializer)?),
            (Target::Workload(_), Key::Spec) => self.spec = Spec::Workload(null_as_default(deserializer)?),
            (Target::Service, Key::Spec) => self.spec = Spec::Service(null_as_default(deserializer)?),
            (Target::NetworkPolicy, Key::Spec) => self.spec = Spec::NetworkPolicy(null_as_default(deserializer)?),
            _ => {
                IgnoredAny::deserialize(deserializer)?;
            }
        }
        Ok(())
    }
}

/// The items of a list; null is an empty list.
struct Items(ObjectDecoder);

impl<'de> Visitor<'de> for Items {
    type Value = Vec<Decoded>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_none<E: de::Error>(self) -> Result<Vec<Decoded>, E> {
        Ok(Vec::new())
    }

    fn visit_unit<E: de::Error>(self) -> Result<Vec<Decoded>, E> {
        Ok(Vec::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Decoded>, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<Decoded>, A::Error> {
        let mut decoded = Vec::new();
        while let Some(item) = items.next_element_seed(self.0.clone())? {
            decoded.push(item);
        }
        Ok(decoded)
    }
}
