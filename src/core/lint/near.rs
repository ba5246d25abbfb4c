//! Words that are another word misspelt, and not another word on purpose.

/// The one word that `written` is a misspelling of.
///
/// One letter may be wrong, missing, doubled or in its neighbour's place, and case may differ. Digits and short parts of names
/// (`db-1`, `team-a`) tell things apart on purpose.
pub(super) fn nearest<'a>(written: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut near = words.into_iter().filter(|word| is_misspelling(written, word));
    let first = near.next()?;
    near.next().is_none().then_some(first)
}

fn is_misspelling(written: &str, word: &str) -> bool {
    if written == word {
        return false;
    }
    if written.eq_ignore_ascii_case(word) {
        return true;
    }
    let (a, b) = (written.as_bytes(), word.as_bytes());
    let start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    is_one_edit(a.get(start..).unwrap_or_default(), b.get(start..).unwrap_or_default())
        && [a, b].into_iter().all(|text| {
            let is_digit = text.get(start).is_some_and(u8::is_ascii_digit);
            !is_digit && letters_around(text, start) >= 4
        })
}

/// Whether two texts that begin differently differ in one letter, or in the order of two.
fn is_one_edit(a: &[u8], b: &[u8]) -> bool {
    let is_swapped = matches!((a, b), ([a1, a2, a3 @ ..], [b1, b2, b3 @ ..]) if (a1, a2) == (b2, b1) && a3 == b3);
    let is_same = |from_a, from_b| matches!((a.get(from_a..), b.get(from_b..)), (Some(a), Some(b)) if a == b);
    is_swapped || is_same(1, 1) || is_same(0, 1) || is_same(1, 0)
}

/// The length of the run of letters at a place.
fn letters_around(text: &[u8], place: usize) -> usize {
    let (before, after) = text.split_at_checked(place).unwrap_or((text, &[]));
    let is_letter = |byte: &&u8| byte.is_ascii_alphabetic();
    before.iter().rev().take_while(is_letter).count() + after.iter().take_while(is_letter).count()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn one_wrong_letter_is_a_misspelling() {
        for (written, word) in
            [("fronted", "frontend"), ("monitorng", "monitoring"), ("Web", "web"), ("wbe-api", "web-api")]
        {
            let expected = (written != "wbe-api").then_some(word);
            assert_eq!(nearest(written, [word, "other"]), expected, "{written}");
        }
    }

    #[test]
    fn digits_and_short_parts_tell_things_apart() {
        for (written, word) in
            [("app-1", "app-2"), ("team-a", "team-b"), ("db", "dc"), ("v1", "v11"), ("shop", "shop-2")]
        {
            assert_eq!(nearest(written, [word]), None, "{written}");
        }
    }

    #[test]
    fn two_words_that_are_near_are_none() {
        assert_eq!(nearest("fronted", ["frontend", "fronten"]), None);
    }
}
