//! What plain scalars are to kubectl: its words for booleans, and its ways to write numbers.

use super::Scalar;

/// What a scalar is to kubectl, which reads YAML 1.1 as go-yaml does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ScalarValue<'a> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(&'a str),
}

impl Scalar {
    pub(crate) fn value(&self) -> ScalarValue<'_> {
        let text = self.text.as_ref();
        if !self.is_plain {
            return ScalarValue::Text(text);
        }
        match text {
            "" | "~" | "null" | "Null" | "NULL" => ScalarValue::Null,
            "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "y" | "Y" | "on" | "On" | "ON" => {
                ScalarValue::Bool(true)
            }
            "false" | "False" | "FALSE" | "no" | "No" | "NO" | "n" | "N" | "off" | "Off" | "OFF" => {
                ScalarValue::Bool(false)
            }
            _ if self.is_json && text.contains(['.', 'e', 'E']) => {
                text.parse().map_or(ScalarValue::Text(text), ScalarValue::Float)
            }
            _ => number(text).unwrap_or(ScalarValue::Text(text)),
        }
    }
}

fn number(text: &str) -> Option<ScalarValue<'static>> {
    let digits = text.replace('_', "");
    let (is_negative, magnitude) = match digits.strip_prefix('-') {
        Some(magnitude) => (true, magnitude),
        None => (false, digits.strip_prefix('+').unwrap_or(&digits)),
    };
    if !magnitude.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    let radix = |prefixes: [&str; 2], radix| {
        let digits = prefixes.iter().find_map(|prefix| magnitude.strip_prefix(prefix))?;
        u64::from_str_radix(digits, radix).ok()
    };
    let has_leading_zero = magnitude.len() > 1 && magnitude.starts_with('0');
    let decimal = magnitude.parse().ok().filter(|_| !has_leading_zero);
    let unsigned = decimal
        .or_else(|| radix(["0x", "0X"], 16))
        .or_else(|| radix(["0b", "0B"], 2))
        .or_else(|| radix(["0o", "0O"], 8));
    match (unsigned.or_else(|| radix(["0", "0"], 8)), is_negative) {
        (Some(number), false) => Some(ScalarValue::Unsigned(number)),
        (Some(number), true) => 0i64.checked_sub_unsigned(number).map(ScalarValue::Signed),
        (None, _) => {
            let float: f64 = digits.parse().ok().filter(|float: &f64| float.is_finite())?;
            // As JSON writes it, a float without a fraction is an integer.
            let is_whole = float.fract() == 0.0 && float.abs() < 1e15;
            #[allow(clippy::cast_possible_truncation, reason = "whole and small")]
            Some(if is_whole { ScalarValue::Signed(float as i64) } else { ScalarValue::Float(float) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `sigs.k8s.io/yaml` makes of them.
    #[test]
    fn plain_scalars_are_what_kubectl_reads_and_quoted_ones_are_text() {
        let value = |text: &str, is_plain| {
            let scalar = Scalar { text: text.into(), is_plain, is_json: false };
            format!("{:?}", scalar.value())
        };
        for (text, expected) in [
            ("", "Null"),
            ("~", "Null"),
            ("True", "Bool(true)"),
            ("tRue", "Text(\"tRue\")"),
            ("yes", "Bool(true)"),
            ("n", "Bool(false)"),
            ("80", "Unsigned(80)"),
            ("-1", "Signed(-1)"),
            ("+5", "Unsigned(5)"),
            ("010", "Unsigned(8)"),
            ("08", "Signed(8)"),
            ("0o17", "Unsigned(15)"),
            ("0x1F", "Unsigned(31)"),
            ("0b11", "Unsigned(3)"),
            ("1_000", "Unsigned(1000)"),
            ("1e3", "Signed(1000)"),
            ("80.5", "Float(80.5)"),
            (".5", "Float(0.5)"),
            ("1e", "Text(\"1e\")"),
            ("12:30:45", "Text(\"12:30:45\")"),
            ("2020-01-01", "Text(\"2020-01-01\")"),
            ("010.0.0.0/8", "Text(\"010.0.0.0/8\")"),
            ("infinity", "Text(\"infinity\")"),
            ("99999999999999999999999", "Float(1e23)"),
        ] {
            assert_eq!(value(text, true), expected, "{text}");
            assert_eq!(value(text, false), format!("Text({text:?})"));
        }
    }
}
