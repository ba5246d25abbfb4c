//! Reads texts into objects: YAML with any number of documents, JSON with any number of values, and lists of objects in both.
//!
//! Nothing in a text stops the run: what cannot be read becomes a diagnostic and its neighbours are read all the same. Time and
//! memory are bounded by the size of the text, which is cut into [`Piece`]s that can be read one by one or in parallel.

mod aliases;
mod dialect;
mod json;
mod misnamed;
mod nesting;
mod passed_over;
mod read;
mod recover;
mod split;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::object::Object;
use crate::source::{Place, Source, SourceId, Sources};

pub use read::Reading;
pub(crate) use read::without_positions;

/// The largest document that is read as one, in bytes: parsers need up to a hundred times as much memory, and the API server takes
/// no object of more than 3 MiB. A list is cut into its items first.
const MAX_DOCUMENT: usize = 4 << 20;

/// The largest text, in bytes: offsets are 32 bits wide.
pub const MAX_TEXT: usize = 1 << 30;

/// Documents that are read together have at most this many bytes.
const PIECE: usize = 16 << 10;

/// The most findings that are kept of one text.
const MAX_FINDINGS: usize = 50;

/// What the texts hold.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The objects that netpol reads, in the order of the input.
    pub objects: Vec<Object>,
    /// What could not be read, and what was passed over.
    pub diagnostics: Vec<Diagnostic>,
}

/// A part of a text that is read by itself.
#[derive(Debug)]
pub struct Piece {
    source: SourceId,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// Small documents are read together: a text can have a million of them.
    Documents(Vec<split::Document>),
    /// Not read: too large.
    TooLarge,
}

/// Reads texts into objects.
pub fn load(sources: &Sources) -> Loaded {
    gather(sources, pieces(sources).iter().map(|piece| piece.read(sources)))
}

/// Cuts the texts into pieces, for callers that read in parallel: `gather` wants the readings in the same order.
pub fn pieces(sources: &Sources) -> Vec<Piece> {
    sources.iter().flat_map(|(id, source)| pieces_of(id, source)).collect()
}

/// Cuts one text into pieces.
pub(crate) fn pieces_of(id: SourceId, source: &Source) -> Vec<Piece> {
    if source.text.len() > MAX_TEXT {
        vec![Piece { source: id, form: Form::TooLarge }]
    } else if source.is_readable {
        let mut pieces: Vec<Vec<split::Document>> = Vec::new();
        let mut size = PIECE;
        for document in split::split(&source.path, &source.text) {
            let length = document.range.len();
            match pieces.last_mut().filter(|_| size + length <= PIECE) {
                Some(piece) => {
                    size += length;
                    piece.push(document);
                }
                None => {
                    size = length;
                    pieces.push(vec![document]);
                }
            }
        }
        pieces.into_iter().map(|documents| Piece { source: id, form: Form::Documents(documents) }).collect()
    } else {
        Vec::new()
    }
}

/// The bytes of the document that a byte of a text is in, or at the end of; none, at that byte, between documents.
pub fn document_at(source: &Source, offset: usize) -> Range<usize> {
    let documents = split::split(&source.path, &source.text).into_iter().map(|document| document.range);
    let mut backwards = documents.rev().filter(|range| range.start <= offset && offset <= range.end);
    backwards.next().unwrap_or(offset..offset)
}

/// Where the objects of a text are, as far as that shows without parsing it: a list is cut into its items where it can be. What is
/// too large to be read is left out.
pub(crate) fn object_ranges(source: &Source) -> impl Iterator<Item = Range<usize>> {
    let documents = split::split(&source.path, &source.text).into_iter();
    documents
        .flat_map(|document| if document.items.is_empty() { vec![document.range] } else { document.items })
        .filter(|range| range.len() <= MAX_DOCUMENT)
}

impl Piece {
    /// The size of the piece, in bytes.
    #[allow(clippy::len_without_is_empty, reason = "none is")]
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Documents(documents) => documents.iter().map(|document| document.range.len()).sum(),
            Form::TooLarge => 0,
        }
    }

    /// Cuts a long list into pieces of some `size` items each; anything else stays one piece.
    pub fn split_list(self, size: usize) -> Vec<Piece> {
        match &self.form {
            Form::Documents(documents)
                if let [document] = documents.as_slice()
                    && document.items.len() > size =>
            {
                let part = |items: &[Range<usize>]| {
                    let (range, decoder) = (document.range.clone(), document.decoder.clone());
                    let document = split::Document { range, items: items.to_vec(), decoder, ..*document };
                    Piece { source: self.source, form: Form::Documents(vec![document]) }
                };
                document.items.chunks(size.max(1)).map(part).collect()
            }
            _ => vec![self],
        }
    }

    /// Reads the piece.
    pub fn read(&self, sources: &Sources) -> Reading {
        let text = sources.get(self.source).map_or("", |source| &source.text);
        match &self.form {
            Form::Documents(documents) => {
                let mut reading = Reading::default();
                for document in documents {
                    reading.append(read::document(self.source, text, document), MAX_FINDINGS);
                }
                reading
            }
            Form::TooLarge => {
                read::refused(self.source, format!("the text is larger than {} MiB, and is left out", MAX_TEXT >> 20))
            }
        }
    }
}

/// Puts the readings of all pieces together.
pub fn gather(sources: &Sources, readings: impl IntoIterator<Item = Reading>) -> Loaded {
    let mut loaded = Loaded::default();
    let mut passed_over = passed_over::PassedOver::default();
    let mut findings: BTreeMap<SourceId, Vec<Diagnostic>> = BTreeMap::new();
    let mut unlisted: BTreeMap<SourceId, usize> = BTreeMap::new();
    for reading in readings {
        loaded.objects.extend(reading.objects);
        passed_over.add(reading.passed_over, reading.not_objects);
        for (origin, api_version, kind) in reading.misnamed {
            let finding = misnamed::finding(sources, &origin, &api_version, &kind);
            findings.entry(origin.source).or_default().push(finding);
        }
        if let Some((source, _)) = reading.findings.first() {
            *unlisted.entry(*source).or_default() += reading.unlisted;
        }
        for (source, finding) in reading.findings {
            findings.entry(source).or_default().push(finding);
        }
    }
    for (source, mut findings) in findings {
        let text = sources.get(source).map_or("", |source| &source.text);
        let unlisted = unlisted.get(&source).copied().unwrap_or(0);
        // A folder holds other people's files too: one that cannot have been a manifest is no loss.
        if findings.iter().all(|finding| finding.slug == "invalid-document") && !text.contains("kind") {
            passed_over.add(Vec::new(), vec![source; findings.len() + unlisted]);
            continue;
        }
        let more = findings.len().saturating_sub(MAX_FINDINGS) + unlisted;
        findings.truncate(MAX_FINDINGS);
        loaded.diagnostics.append(&mut findings);
        if more > 0 {
            let message = format!("{more} more findings in this file are not listed");
            let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
            let place = Place::Span { source, start: end, end };
            loaded.diagnostics.push(Diagnostic::error("unlisted-findings", message).at(place));
        }
    }
    loaded.diagnostics.extend(passed_over.summarise(sources));
    loaded
}

/// Why bytes are not text.
#[derive(Debug, PartialEq, Eq)]
pub struct NotText {
    /// The reason.
    pub message: String,
    /// The text before the first byte that is none.
    pub before: String,
}

impl From<String> for NotText {
    fn from(message: String) -> NotText {
        NotText { message, before: String::new() }
    }
}

/// The text in a file's bytes. A byte order mark stays, so that offsets are the file's.
///
/// # Errors
///
/// Says why the bytes are not text: binary data, another encoding, or too much of it.
pub fn text_of(bytes: Vec<u8>) -> Result<String, NotText> {
    let refuse = |message: &str| Err(NotText::from(message.to_owned()));
    if bytes.len() > MAX_TEXT {
        return Err(format!("it is larger than {} MiB", MAX_TEXT >> 20).into());
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return refuse("it is UTF-16: save it as UTF-8");
    }
    if bytes.contains(&0) {
        return refuse("it is binary");
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let mut bytes = error.into_bytes();
        bytes.truncate(valid);
        NotText {
            message: format!("it is not UTF-8: byte {valid} does not belong there"),
            before: String::from_utf8(bytes).unwrap_or_default(),
        }
    })
}
