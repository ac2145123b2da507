//! Figures as people read them.

/// Bytes, to three digits.
pub fn bytes(count: u64) -> String {
    let mut size = count as f64;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if size < 1_000.0 {
            return match unit {
                "bytes" => format!("{count} bytes"),
                _ if size < 10.0 => format!("{size:.2} {unit}"),
                _ if size < 100.0 => format!("{size:.1} {unit}"),
                _ => format!("{size:.0} {unit}"),
            };
        }
        size /= 1_000.0;
    }
    format!("{size:.2} TB")
}

/// How many of something, which `noun` names where it is one.
pub fn count(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// How long something is ago, in its largest unit that is two or more.
pub fn ago(seconds: u64) -> String {
    let units = [(86_400, "days"), (3_600, "hours"), (60, "minutes")];
    let unit = units.into_iter().find(|(unit, _)| seconds >= 2 * unit);
    let (unit, name) = unit.unwrap_or((1, "seconds"));
    format!("{} {name} ago", seconds / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_have_their_unit() {
        assert_eq!([999, 1_000, 114_688, 10_531_844_096].map(bytes), ["999 bytes", "1.00 kB", "115 kB", "10.5 GB"]);
        assert_eq!(bytes(2_500_000_000_000), "2.50 TB");
        assert_eq!([0, 1, 2].map(|accounts| count(accounts, "account")), ["0 accounts", "1 account", "2 accounts"]);
        assert_eq!(
            [5, 119, 120, 7_200, 172_800].map(ago),
            ["5 seconds ago", "119 seconds ago", "2 minutes ago", "2 hours ago", "2 days ago"]
        );
    }
}
