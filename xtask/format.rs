//! How figures are written in tables: three digits that count, and a unit.

use std::time::Duration;

/// A time, from nanoseconds to seconds.
pub fn time(duration: Duration) -> String {
    nanoseconds(duration.as_secs_f64() * 1e9)
}

/// A time that is given in nanoseconds, and may be less than one.
pub fn nanoseconds(time: f64) -> String {
    if time < 1e3 {
        format!("{} ns", three_digits(time))
    } else if time < 1e6 {
        format!("{} µs", three_digits(time / 1e3))
    } else if time < 1e9 {
        format!("{} ms", three_digits(time / 1e6))
    } else {
        format!("{} s", three_digits(time / 1e9))
    }
}

/// An amount of memory or text, in megabytes.
pub fn megabytes(bytes: u64) -> String {
    // Exact up to 2^53 bytes.
    format!("{} MB", three_digits(bytes as f64 / 1e6))
}

/// A number with thousands apart.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut written = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

fn three_digits(number: f64) -> String {
    let places = if number < 9.995 {
        2
    } else if number < 99.95 {
        1
    } else {
        0
    };
    format!("{number:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_a_unit() {
        assert_eq!(time(Duration::from_millis(84)), "84.0 ms");
        assert_eq!(time(Duration::from_micros(1_234_567)), "1.23 s");
        assert_eq!(time(Duration::from_secs(700)), "700 s");
        assert_eq!(nanoseconds(4.7), "4.70 ns");
        assert_eq!(nanoseconds(9_999.0), "10.0 µs");
    }

    #[test]
    fn amounts_are_megabytes() {
        assert_eq!(megabytes(62_914_560), "62.9 MB");
    }

    #[test]
    fn thousands_are_apart() {
        assert_eq!(count(0), "0");
        assert_eq!(count(501), "501");
        assert_eq!(count(5_001), "5,001");
        assert_eq!(count(1_000_000), "1,000,000");
    }
}
