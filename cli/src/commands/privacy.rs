//! `privacy`: what this account's relay says that it stores and logs, who runs it and where.

use clap::{ArgMatches, Command};
use sealpost_client::{PrivacyItem, PrivacyView, Stop};
use serde_json::json;

use crate::{
    account_folder::AccountFolder,
    arguments::{dressed, flag},
    clean, columns,
    exit::CommandError,
    terminal::Terminal,
    words::Words,
};

/// Between two columns of the table.
const GAP: usize = 2;

pub fn command(words: &Words) -> Command {
    dressed(Command::new("privacy"), words, "privacy-usage", "privacy-about").arg(flag(
        words,
        "reasons",
        "privacy-help-reasons",
    ))
}

pub fn run(matches: &ArgMatches, terminal: &Terminal, folder: &AccountFolder) -> Result<(), CommandError> {
    let account = folder.open(terminal)?;
    let relay = account.profile()?.relay;
    let privacy = account.relay_privacy(&Stop::new())?;
    show_records(terminal, &relay, &privacy);
    let or_unsaid = |text: &str| if text.is_empty() { terminal.words.say("privacy-unsaid") } else { clean::line(text) };
    terminal.tell("privacy-relay", &[("relay", clean::line(&relay).into())]);
    terminal.tell("privacy-operator", &[("operator", or_unsaid(&privacy.operator).into())]);
    terminal.tell("privacy-region", &[("region", or_unsaid(&privacy.region).into())]);
    terminal.say("privacy-head");
    let reasons = matches.get_flag("reasons");
    table(&privacy.items, terminal.width(), reasons, &terminal.words).iter().for_each(|line| terminal.line(line));
    if !reasons {
        terminal.remark(&terminal.words.say("privacy-more"));
    }
    Ok(())
}

fn show_records(terminal: &Terminal, relay: &str, privacy: &PrivacyView) {
    terminal.record(&json!({
        "type": "relay", "relay": relay, "operator": privacy.operator, "region": privacy.region,
    }));
    for item in &privacy.items {
        terminal.record(&json!({
            "type": "stored", "place": item.place, "what": item.what, "why": item.why,
            "legal_basis": item.legal_basis, "readable_by": item.readable_by, "kept": item.kept,
        }));
    }
}

/// What, who can read it, how long; below it, if they are wished, place, reason and legal ground.
fn table(items: &[PrivacyItem], width: usize, reasons: bool, words: &Words) -> Vec<String> {
    let usable = width.saturating_sub(2 * GAP);
    let widths = [usable * 2 / 5, usable * 3 / 10, usable * 3 / 10];
    let heads = ["privacy-column-what", "privacy-column-who", "privacy-column-kept"].map(|key| words.say(key));
    let mut lines = row(&heads.each_ref().map(String::as_str), widths);
    lines.push("─".repeat(width));
    for item in items {
        let (what, who) = (clean::line(&item.what), clean::line(&item.readable_by));
        lines.extend(row(&[&what, &who, &clean::line(&item.kept)], widths));
        if reasons {
            let why = format!("{}: {} ({})", item.place, item.why, item.legal_basis);
            lines.extend(columns::wrap(&clean::line(&why), width - 4).iter().map(|line| format!("    {line}")));
        }
    }
    lines
}

/// The cells beside each other, each wrapped in its column.
fn row(cells: &[&str; 3], widths: [usize; 3]) -> Vec<String> {
    let wrapped: Vec<_> = cells.iter().zip(widths).map(|(cell, width)| columns::wrap(cell, width)).collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    let line = |number: usize| {
        let cells = wrapped.iter().zip(widths);
        let cells: Vec<_> =
            cells.map(|(cell, width)| columns::padded(cell.get(number).map_or("", String::as_str), width)).collect();
        cells.join(&" ".repeat(GAP)).trim_end().to_owned()
    };
    (0..height).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn the_table_fits_every_width_and_loses_no_word() {
        let item = PrivacyItem {
            place: "account.number_token".into(),
            what: "OPRF token of the phone number, not the number".into(),
            why: "one account per number".into(),
            legal_basis: "Art. 6(1)(b)".into(),
            readable_by: "the relay, with the OPRF key by trying numbers".into(),
            kept: "until unlinked, moved or deleted".into(),
        };
        for width in [24, 40, 80, 200] {
            let lines = table(std::slice::from_ref(&item), width, true, &Words::new(Language::German));
            assert!(lines.iter().all(|line| columns::width(line) <= width), "{width}: {lines:?}");
            let all = lines.join(" ");
            assert!(all.contains("OPRF") && all.contains("trying"), "{width}: {all}");
        }
    }
}
