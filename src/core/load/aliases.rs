//! Refuses documents whose aliases multiply what there is to read.

use granit_parser::{Event, Parser};

/// Aliases may add this much to a document however small it is, in nodes and in bytes of text.
const FREE: u64 = 1 << 20;

/// Beyond that, they may not make it more than this many times what is written.
const FACTOR: u64 = 4;

/// Whether reading a document would mean reading far more than is written, since aliases stand for large parts of it.
///
/// The size of a part is its nodes and the bytes of its scalars. Documents without aliases, which are nearly all, are not parsed.
pub(super) fn multiply_too_much(text: &str) -> bool {
    let has_aliases = text.contains('&') && text.contains('*');
    if !has_aliases {
        return false;
    }
    let limit = u64::try_from(text.len()).unwrap_or(u64::MAX).saturating_mul(FACTOR).saturating_add(FREE);
    // By anchor, the size of what it names; the collections that are open, with their anchor and size so far.
    let mut sizes: Vec<u64> = Vec::new();
    let mut open: Vec<(usize, u64)> = vec![(0, 0)];
    for event in Parser::new_from_str(text) {
        let Ok((event, _)) = event else { break };
        let (anchor, size) = match event {
            Event::Scalar(text, _, anchor, _) => (anchor, 1 + u64::try_from(text.len()).unwrap_or(u64::MAX)),
            Event::Alias(anchor) => (0, sizes.get(anchor).copied().unwrap_or(1)),
            Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _) => {
                open.push((anchor, 1));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(finished) => finished,
                None => break,
            },
            _ => continue,
        };
        if anchor > 0 {
            if sizes.len() <= anchor {
                sizes.resize(anchor + 1, 1);
            }
            if let Some(slot) = sizes.get_mut(anchor) {
                *slot = size;
            }
        }
        let Some((_, total)) = open.last_mut() else { break };
        *total = total.saturating_add(size);
        if *total > limit {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_that_multiply_are_refused_and_those_that_share_are_not() {
        let many = format!("a: &a [{}]\nb: [{}]\n", "x, ".repeat(5_000), "*a, ".repeat(5_000));
        assert!(multiply_too_much(&many));
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(200_000), "*a, ".repeat(1_000));
        assert!(multiply_too_much(&long));
        let nested: String = (1..30).map(|level| format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1)).collect();
        assert!(multiply_too_much(&format!("a0: &a0 [x]\n{nested}")));
        assert!(!multiply_too_much(&format!("a: &a {{app: web}}\nb: [{}]\n", "*a, ".repeat(1_000))));
        assert!(!multiply_too_much("a: 'fish & chips'\nb: 2 * 3\n"));
    }
}
