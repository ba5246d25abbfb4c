//! Whether the API server would accept the metadata of a policy: V1 to V8.

use super::{Check, KEY, Kind, is_dns_label, is_label_key};
use crate::object::{Labels, NetworkPolicy};

/// The bytes that the annotations of an object may have in all.
const MAX_ANNOTATIONS: usize = 262_144;

impl Check {
    /// V1 to V8.
    pub(super) fn metadata(&mut self, policy: &NetworkPolicy) {
        let metadata = &policy.metadata;
        if metadata.name.is_empty() && metadata.generate_name.is_empty() {
            let detail = "name or generateName is required";
            self.refuse("metadata.name", "a name is required", Kind::Required, detail);
        }
        self.name("metadata.name", &metadata.name, &metadata.name);
        // What the API server appends may follow a hyphen.
        let prefix = &metadata.generate_name;
        let complete = prefix.strip_suffix('-').map_or(prefix.to_string(), |prefix| format!("{prefix}a"));
        self.name("metadata.generateName", prefix, &complete);
        let namespace = &metadata.namespace;
        if !namespace.is_empty() && (!is_dns_label(namespace) || namespace.len() > 63) {
            self.refuse(
                "metadata.namespace",
                format!("`{namespace}` is not a lower-case RFC 1123 label of at most 63 characters"),
                Kind::Invalid(&&**namespace),
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
            );
        }
        for (key, value) in metadata.labels.iter() {
            self.label("metadata.labels", key, value);
        }
        self.annotations(&policy.annotations);
        for (index, owner) in policy.owners.iter().enumerate() {
            for (field, value) in owner.required() {
                if value.is_empty() {
                    let path = format!("metadata.ownerReferences[{index}].{field}");
                    self.refuse(path, format!("an owner needs its `{field}`"), Kind::Invalid(&""), "must not be empty");
                }
            }
        }
        for (index, finalizer) in policy.finalizers.iter().enumerate() {
            self.label_key(&format!("metadata.finalizers[{index}]"), finalizer);
        }
    }

    /// V2, V3.
    fn name(&mut self, path: &str, name: &str, complete: &str) {
        if name.is_empty() {
            return;
        }
        if !complete.split('.').all(is_dns_label) {
            let message = format!("`{name}` is not a lower-case RFC 1123 subdomain");
            let detail = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
            self.refuse(path, message, Kind::Invalid(&name), detail);
        }
        if complete.len() > 253 {
            let detail = "must be no more than 253 characters";
            self.refuse(path, "a name has at most 253 characters", Kind::Invalid(&name), detail);
        }
    }

    /// V7: keys as of labels, but in any case.
    fn annotations(&mut self, annotations: &Labels) {
        for (key, _) in annotations.iter() {
            if !is_label_key(&key.to_lowercase()) {
                let message = format!("`{key}` is not an annotation key");
                self.refuse("metadata.annotations", message, Kind::Invalid(&key), KEY);
            }
        }
        let size: usize = annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
        if size > MAX_ANNOTATIONS {
            let message = format!("annotations have at most {MAX_ANNOTATIONS} bytes, and these have {size}");
            let detail = format!("may not be more than {MAX_ANNOTATIONS} bytes");
            self.refuse("metadata.annotations", message, Kind::Invalid(&""), &detail);
        }
    }
}
