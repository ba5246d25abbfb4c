//! Decodes one document, YAML or JSON, into objects in a single pass.
//!
//! The type of `spec` depends on `apiVersion` and `kind`. Where both come first, as they do nearly always, `spec` is decoded
//! straight into its type and errors carry their position. Where they do not, the decoder gives up, and the document is decoded again
//! from a tree, which hands them out first.

use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::key::Key;
use super::meta::StrictMetadata;
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

/// Decodes a document.
#[derive(Debug, Clone, Default)]
pub(crate) struct ObjectDecoder {
    /// What an item of a typed list is when it does not say so itself.
    item_type: Option<(String, String)>,
    /// Whether `apiVersion` and `kind` come before all other fields, if they are there.
    is_type_first: bool,
}

impl ObjectDecoder {
    /// For the items of a list object of that type.
    pub(crate) fn for_items_of(api_version: &str, list_kind: &str) -> ObjectDecoder {
        let item_kind = list_kind.strip_suffix("List").filter(|kind| !kind.is_empty());
        let item_type = item_kind.map(|kind| (api_version.to_owned(), kind.to_owned()));
        ObjectDecoder { item_type, is_type_first: false }
    }

    /// For documents that hand out `apiVersion` and `kind` first.
    pub(crate) fn type_first(self) -> ObjectDecoder {
        ObjectDecoder { is_type_first: true, ..self }
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
        let mut fields = Fields { decoder: self, ..Fields::default() };
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
        fields.finish().ok_or_else(|| de::Error::custom(NOT_OF_KIND))
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

/// Why a decoder gives up whose document may hand out its type last, or has fields that its type has not.
const NOT_OF_KIND: &str = "the fields are not those of the object's kind, or come before it";

/// The fields of an object, as far as they have been read.
#[derive(Default)]
struct Fields {
    decoder: ObjectDecoder,
    api_version: Option<Text>,
    kind: Option<Text>,
    metadata: Metadata,
    policy_metadata: StrictMetadata,
    spec: Spec,
    status: Status,
    items: Option<Vec<Decoded>>,
    /// What the fields so far were read as.
    read_as: Option<Target>,
    /// Whether there is a field beside those of every object.
    has_others: bool,
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
    /// `apiVersion` and `kind`, as far as they are known.
    fn object_type(&self) -> (Option<&str>, Option<&str>) {
        let (api_version, kind) = self.decoder.item_type().unzip();
        (self.api_version.as_deref().or(api_version), self.kind.as_deref().or(kind))
    }

    /// What the object is. Without `kind` it is none, or a list if it has items.
    fn target(&self) -> Option<Target> {
        match self.object_type() {
            (Some(api_version), Some(kind)) => Some(Target::of(api_version, kind)),
            (None, Some(kind)) if self.decoder.is_type_first => Some(Target::of("", kind)),
            (_, None) if self.decoder.is_type_first => Some(Target::Foreign),
            _ => None,
        }
    }

    /// The decoded object; `None` if its fields were read as something else than it says at its end, or are none of its own.
    fn finish(self) -> Option<Decoded> {
        if let Some(items) = self.items {
            return Some(Decoded::List { items, is_bare: false });
        }
        let (api_version, kind) = self.object_type();
        let api_version = api_version.unwrap_or_default();
        // With a version and fields of an object, it is one whose kind was forgotten or misspelt.
        let Some(kind) = kind.or((!api_version.is_empty() && self.read_as.is_some()).then_some("")) else {
            return Some(Decoded::NotAnObject);
        };
        let target = Target::of(api_version, kind);
        // A policy with `ingress` beside `spec` would do something else than it says: strict decoding refuses it.
        let is_strict = target == Target::NetworkPolicy && self.has_others;
        if is_strict || self.read_as.is_some_and(|read_as| read_as != target) {
            return None;
        }
        if target == Target::Foreign {
            return Some(Decoded::Foreign { api_version: api_version.to_owned(), kind: kind.to_owned() });
        }
        let metadata = self.metadata;
        let body = match (target, self.spec, self.status) {
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
                let metadata = self.policy_metadata.metadata();
                let StrictMetadata { annotations, owner_references: owners, finalizers, .. } = self.policy_metadata;
                Body::NetworkPolicy(NetworkPolicy { metadata, annotations, owners, finalizers, spec })
            }
            (Target::Foreign, _, _) => return None,
        };
        Some(Decoded::Object(body))
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
            Key::Items => {
                let is_list = match fields.object_type() {
                    (Some(_), Some(kind)) => kind.ends_with("List"),
                    (_, kind) if fields.decoder.is_type_first => kind.is_none_or(|kind| kind.ends_with("List")),
                    _ => return Err(de::Error::custom(NOT_OF_KIND)),
                };
                if is_list {
                    let (api_version, kind) = fields.object_type();
                    let decoder =
                        ObjectDecoder::for_items_of(api_version.unwrap_or_default(), kind.unwrap_or_default());
                    let decoder = ObjectDecoder { is_type_first: fields.decoder.is_type_first, ..decoder };
                    fields.items = Some(deserializer.deserialize_option(Items(decoder))?);
                } else {
                    IgnoredAny::deserialize(deserializer)?;
                }
            }
            Key::Other => {
                fields.has_others = true;
                IgnoredAny::deserialize(deserializer)?;
            }
            Key::Metadata | Key::Spec | Key::Status => {
                let target = fields.target().ok_or_else(|| de::Error::custom(NOT_OF_KIND))?;
                fields.read_as = Some(target);
                fields.read(target, self.key, deserializer)?;
            }
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
            (Target::NetworkPolicy, Key::Metadata) => self.policy_metadata = null_as_default(deserializer)?,
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
