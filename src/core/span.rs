//! Where the fields of one document are: a tree of spans, built only for documents that something is said about.
