//! What an edit adds, written in the style of what is there: block or flow, with quotes or without.

/// A piece of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Number(u16),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

impl Value {
    pub fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    pub fn map<const N: usize>(fields: [(&str, Value); N]) -> Value {
        Value::Map(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// In one line: `{ to: [{ podSelector: {} }] }`, or as JSON.
    pub fn flow(&self, is_json: bool) -> String {
        let text = |text: &str| if is_json { format!("\"{text}\"") } else { scalar(text) };
        match self {
            Value::Text(value) => text(value),
            Value::Number(number) => number.to_string(),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(|item| item.flow(is_json)).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Map(fields) => {
                let fields = fields.iter().map(|(key, value)| format!("{}: {}", text(key), value.flow(is_json)));
                let fields = fields.collect::<Vec<_>>().join(", ");
                if is_json || fields.is_empty() { format!("{{{fields}}}") } else { format!("{{ {fields} }}") }
            }
        }
    }

    /// In block style, line by line; the first line goes on where it is put.
    pub fn block(&self) -> Vec<String> {
        match self {
            Value::List(items) if !items.is_empty() => items.iter().flat_map(Value::item).collect(),
            Value::Map(fields) if !fields.is_empty() => fields.iter().flat_map(field).collect(),
            _ => vec![self.flow(false)],
        }
    }

    /// As an item of a list in block style.
    pub fn item(&self) -> Vec<String> {
        let mut mark = "- ";
        let lines = self.block().into_iter();
        lines.map(|line| format!("{}{line}", std::mem::replace(&mut mark, "  "))).collect()
    }
}

fn field((key, value): &(String, Value)) -> Vec<String> {
    let is_nested = match value {
        Value::List(items) => !items.is_empty(),
        Value::Map(fields) => !fields.is_empty(),
        _ => false,
    };
    let key = scalar(key);
    if !is_nested {
        return vec![format!("{key}: {}", value.flow(false))];
    }
    let mut lines = vec![format!("{key}:")];
    lines.extend(value.block().into_iter().map(|line| format!("  {line}")));
    lines
}

/// A scalar without quotes, unless it could be read as something else than text. Names, labels and fields have no quotes in them.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { format!("\"{text}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_in_every_style() {
        let peer = Value::map([("podSelector", Value::map([])), ("x", Value::map([("yes", Value::text("1"))]))]);
        let rule = Value::map([("to", Value::List(vec![peer])), ("port", Value::Number(53))]);
        assert_eq!(rule.flow(false), "{ to: [{ podSelector: {}, x: { \"yes\": \"1\" } }], port: 53 }");
        assert_eq!(rule.flow(true), r#"{"to": [{"podSelector": {}, "x": {"yes": "1"}}], "port": 53}"#);
        let lines = ["- to:", "    - podSelector: {}", "      x:", "        \"yes\": \"1\"", "  port: 53"];
        assert_eq!(rule.item(), lines);
    }
}
