//! The table of kinds and their fields, with what each field means: one for messages, hover and completion alike.
//!
//! It words what the decoder refuses; what is refused is the decoder's decision (`object/decode.rs`). Policies are complete, since
//! the API server's strict decoding refuses unknown fields and a misspelt one changes what a policy means; of the kinds that make
//! pods only the fields are here that decide about traffic.

use crate::object::WorkloadKind;

/// A mapping with known fields.
#[derive(Debug)]
pub struct Type {
    /// Its name in the API, such as `NetworkPolicyPeer`.
    pub name: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
    /// Whether these are all.
    pub is_complete: bool,
}

/// A field of a type.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What may stand there.
    pub shape: Shape,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

/// What may stand in a place. Null may stand everywhere, and is nothing.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A port's number or name.
    IntOrString,
    /// A mapping from strings to strings.
    StringMap,
    /// A list.
    List(&'static Shape),
    /// A mapping with these fields.
    Object(&'static Type),
    /// Anything: nobody looks at it here.
    Anything,
}

impl Type {
    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// The fields of an object, by its type; `None` for kinds that netpol does not read.
pub fn object_type(api_version: &str, kind: &str) -> Option<&'static Type> {
    match (api_version, kind) {
        ("networking.k8s.io/v1", "NetworkPolicy") => Some(&NETWORK_POLICY),
        ("v1", "Pod") => Some(&POD),
        ("v1", "Service") => Some(&SERVICE),
        ("v1", "Node") => Some(&NODE),
        ("v1", "Namespace") => Some(&NAMESPACE),
        _ => match WorkloadKind::of(api_version, kind)? {
            WorkloadKind::CronJob => Some(&CRON_JOB),
            _ => Some(&WORKLOAD),
        },
    }
}

/// A type and the types of all that it holds, each once.
pub fn types_of(root: &'static Type) -> Vec<&'static Type> {
    fn held(shape: Shape) -> Option<&'static Type> {
        match shape {
            Shape::Object(object_type) => Some(object_type),
            Shape::List(item) => held(*item),
            _ => None,
        }
    }
    let mut types = vec![root];
    let mut next = 0;
    while let Some(object_type) = types.get(next).copied() {
        next += 1;
        for held in object_type.fields.iter().filter_map(|field| held(field.shape)) {
            if !types.iter().any(|known| std::ptr::eq(*known, held)) {
                types.push(held);
            }
        }
    }
    types
}

/// What every object has.
pub fn any_object() -> &'static Type {
    &NAMESPACE
}

const fn field(name: &'static str, shape: Shape, meaning: &'static str) -> Field {
    Field { name, shape, meaning }
}

static PORT_SHAPE: Shape = Shape::Object(&PORT);
const PORTS: Field = field(
    "ports",
    Shape::List(&PORT_SHAPE),
    "Ports, any of which is allowed; missing or empty means every port of every protocol.",
);
const API_VERSION: Field =
    field("apiVersion", Shape::String, "The group and version of the API that the object belongs to.");
const KIND: Field = field("kind", Shape::String, "What the object is.");
const METADATA_FIELD: Field = field("metadata", Shape::Object(&METADATA), "Name, namespace and labels of the object.");

macro_rules! types {
    ($($id:ident = $name:literal, $is_complete:literal, [$($field:expr),* $(,)?];)*) => {
        $(static $id: Type = Type { name: $name, fields: &[$($field),*], is_complete: $is_complete };)*
    };
}

types! {
    NETWORK_POLICY = "NetworkPolicy", true, [
        API_VERSION, KIND, METADATA_FIELD,
        field("spec", Shape::Object(&NETWORK_POLICY_SPEC), "Which pods are isolated, and what may pass all the same."),
        field("status", Shape::Anything, "What older clusters report; nothing reads it."),
    ];
    NETWORK_POLICY_SPEC = "NetworkPolicySpec", true, [
        field("podSelector", Shape::Object(&LABEL_SELECTOR),
            "The pods of this namespace that the policy applies to; `{}` is all of them."),
        field("policyTypes", Shape::List(&Shape::String),
            "The directions that the policy isolates: Ingress, Egress or both. When it is missing: Ingress, and Egress if there are egress rules."),
        field("ingress", Shape::List(&Shape::Object(&INGRESS_RULE)),
            "Who may connect to the selected pods; traffic that no rule allows is denied."),
        field("egress", Shape::List(&Shape::Object(&EGRESS_RULE)),
            "Where the selected pods may connect to; traffic that no rule allows is denied."),
    ];
    INGRESS_RULE = "NetworkPolicyIngressRule", true, [
        field("from", Shape::List(&Shape::Object(&PEER)), "Sources, any of which is allowed; missing or empty means everyone."),
        PORTS,
    ];
    EGRESS_RULE = "NetworkPolicyEgressRule", true, [
        field("to", Shape::List(&Shape::Object(&PEER)), "Destinations, any of which is allowed; missing or empty means everyone."),
        PORTS,
    ];
    PEER = "NetworkPolicyPeer", true, [
        field("podSelector", Shape::Object(&LABEL_SELECTOR),
            "Pods by their labels: of the policy's own namespace, or of the namespaces that `namespaceSelector` beside it selects."),
        field("namespaceSelector", Shape::Object(&LABEL_SELECTOR),
            "Namespaces by their labels; without `podSelector` beside it all of their pods."),
        field("ipBlock", Shape::Object(&IP_BLOCK), "Addresses by CIDR, meant for those outside the cluster; stands alone."),
    ];
    IP_BLOCK = "IPBlock", true, [
        field("cidr", Shape::String, "The range, such as `10.0.0.0/8` or `2001:db8::/32`."),
        field("except", Shape::List(&Shape::String), "Ranges inside `cidr` that this block leaves out."),
    ];
    PORT = "NetworkPolicyPort", true, [
        field("protocol", Shape::String, "TCP, UDP or SCTP; TCP when it is missing."),
        field("port", Shape::IntOrString,
            "The port of the pod, by number or by the name of a container port; every port when it is missing."),
        field("endPort", Shape::Integer, "The last port of a range that begins at `port`."),
    ];
    LABEL_SELECTOR = "LabelSelector", true, [
        field("matchLabels", Shape::StringMap, "Labels that must all be there with these values."),
        field("matchExpressions", Shape::List(&Shape::Object(&REQUIREMENT)), "Requirements that must all hold."),
    ];
    REQUIREMENT = "LabelSelectorRequirement", true, [
        field("key", Shape::String, "The key of the label."),
        field("operator", Shape::String, "In, NotIn, Exists or DoesNotExist."),
        field("values", Shape::List(&Shape::String), "The values for In and NotIn."),
    ];
    METADATA = "ObjectMeta", true, [
        field("name", Shape::String, "The name, unique for its kind and namespace."),
        field("generateName", Shape::String, "The beginning of a name that the API server completes."),
        field("namespace", Shape::String, "The namespace; `default` when it is missing."),
        field("labels", Shape::StringMap, "Labels, which selectors look at."),
        field("annotations", Shape::StringMap, "Notes, which no selector looks at."),
        field("ownerReferences", Shape::List(&Shape::Object(&OWNER_REFERENCE)), "The objects that made this one."),
        field("finalizers", Shape::List(&Shape::String), "Who has something to do before the object can go."),
        field("managedFields", Shape::Anything, "Who set which field; the API server writes it."),
        field("creationTimestamp", Shape::String, "When the object was made; the API server writes it."),
        field("deletionTimestamp", Shape::String, "When the object is to go; the API server writes it."),
        field("deletionGracePeriodSeconds", Shape::Integer, "How long the object has to end; the API server writes it."),
        field("generation", Shape::Integer, "How often what is wanted has changed; the API server writes it."),
        field("resourceVersion", Shape::String, "The version of the object; the API server writes it."),
        field("selfLink", Shape::String, "Of no use any more."),
        field("uid", Shape::String, "Names the object for all time; the API server writes it."),
    ];
    OWNER_REFERENCE = "OwnerReference", true, [
        field("apiVersion", Shape::String, "The group and version of the owner."),
        field("kind", Shape::String, "The owner's kind."),
        field("name", Shape::String, "The owner's name."),
        field("uid", Shape::String, "The owner's uid."),
        field("controller", Shape::Boolean, "Whether this owner manages the object."),
        field("blockOwnerDeletion", Shape::Boolean, "Whether the owner cannot go before this object."),
    ];
    NAMESPACE = "Namespace", false, [API_VERSION, KIND, METADATA_FIELD];
    NODE = "Node", false, [
        API_VERSION, KIND, METADATA_FIELD,
        field("status", Shape::Object(&NODE_STATUS), "What the node reports."),
    ];
    NODE_STATUS = "NodeStatus", false, [
        field("addresses", Shape::List(&Shape::Object(&NODE_ADDRESS)), "The node's addresses and host names."),
    ];
    NODE_ADDRESS = "NodeAddress", false, [field("address", Shape::String, "An IP address or a host name.")];
    POD = "Pod", false, [
        API_VERSION, KIND, METADATA_FIELD,
        field("spec", Shape::Object(&POD_SPEC), "What runs in the pod."),
        field("status", Shape::Object(&POD_STATUS), "What the cluster reports of it."),
    ];
    POD_STATUS = "PodStatus", false, [
        field("phase", Shape::String, "Pending, Running, Succeeded, Failed or Unknown."),
        field("podIP", Shape::String, "The pod's address."),
        field("podIPs", Shape::List(&Shape::Object(&IP)), "The pod's addresses, one of each family."),
        field("hostIP", Shape::String, "The address of its node."),
        field("hostIPs", Shape::List(&Shape::Object(&IP)), "The addresses of its node."),
    ];
    IP = "PodIP", false, [field("ip", Shape::String, "The address.")];
    POD_SPEC = "PodSpec", false, [
        field("nodeName", Shape::String, "The node that the pod runs on."),
        field("hostNetwork", Shape::Boolean, "Whether the pod uses its node's network: then no policy selects it."),
        field("serviceAccountName", Shape::String, "The ServiceAccount of the pod."),
        field("serviceAccount", Shape::String, "The older name of `serviceAccountName`."),
        field("containers", Shape::List(&Shape::Object(&CONTAINER)), "The containers."),
        field("initContainers", Shape::List(&Shape::Object(&CONTAINER)), "The containers that run first."),
    ];
    CONTAINER = "Container", false, [
        field("ports", Shape::List(&Shape::Object(&CONTAINER_PORT)), "Ports of the container, whose names policies can use."),
        field("restartPolicy", Shape::String, "`Always` makes an init container one that stays."),
    ];
    CONTAINER_PORT = "ContainerPort", false, [
        field("name", Shape::String, "The name by which policies and Services can mean the port."),
        field("containerPort", Shape::Integer, "The number of the port."),
        field("protocol", Shape::String, "TCP, UDP or SCTP; TCP when it is missing."),
    ];
    WORKLOAD = "Workload", false, [
        API_VERSION, KIND, METADATA_FIELD,
        field("spec", Shape::Object(&WORKLOAD_SPEC), "The pods to make."),
    ];
    WORKLOAD_SPEC = "WorkloadSpec", false, [
        field("template", Shape::Object(&POD_TEMPLATE), "What each pod is made from."),
    ];
    CRON_JOB = "CronJob", false, [
        API_VERSION, KIND, METADATA_FIELD,
        field("spec", Shape::Object(&CRON_JOB_SPEC), "The jobs to make."),
    ];
    CRON_JOB_SPEC = "CronJobSpec", false, [
        field("jobTemplate", Shape::Object(&JOB_TEMPLATE), "What each job is made from."),
    ];
    JOB_TEMPLATE = "JobTemplateSpec", false, [field("spec", Shape::Object(&WORKLOAD_SPEC), "The pods to make.")];
    POD_TEMPLATE = "PodTemplateSpec", false, [
        METADATA_FIELD,
        field("spec", Shape::Object(&POD_SPEC), "What runs in each pod."),
    ];
    SERVICE = "Service", false, [
        API_VERSION, KIND, METADATA_FIELD,
        field("spec", Shape::Object(&SERVICE_SPEC), "Which pods answer, and on which ports."),
    ];
    SERVICE_SPEC = "ServiceSpec", false, [
        field("selector", Shape::StringMap, "Labels of the pods that answer."),
        field("ports", Shape::List(&Shape::Object(&SERVICE_PORT)), "The ports of the Service."),
        field("clusterIP", Shape::String, "The address of the Service; `None` makes it headless."),
        field("clusterIPs", Shape::List(&Shape::String), "The addresses of the Service, one of each family."),
        field("type", Shape::String, "ClusterIP, NodePort, LoadBalancer or ExternalName."),
        field("externalTrafficPolicy", Shape::String,
            "For clients outside: Cluster, the default, may pass them on under a node's address; Local keeps theirs."),
    ];
    SERVICE_PORT = "ServicePort", false, [
        field("name", Shape::String, "The name of the port."),
        field("protocol", Shape::String, "TCP, UDP or SCTP; TCP when it is missing."),
        field("port", Shape::Integer, "The port that clients connect to."),
        field("targetPort", Shape::IntOrString, "The port of the pods, which is what policies see; the same as `port` when it is missing."),
    ];
}
