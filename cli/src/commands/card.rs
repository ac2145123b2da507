//! `card`: one's own contact card, as a link or drawn as a QR code.

use clap::{ArgMatches, Command};
use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};
use serde_json::json;

use crate::{
    account_folder::{AccountFolder, VaultKind},
    arguments::{dressed, flag},
    exit::{CommandError, Exit},
    terminal::Terminal,
    words::Words,
};

pub fn command(words: &Words) -> Command {
    dressed(Command::new("card"), words, "card-usage", "card-about").arg(flag(words, "qr", "card-help-qr"))
}

pub fn run(matches: &ArgMatches, terminal: &Terminal, folder: &AccountFolder) -> Result<(), CommandError> {
    let account = folder.open(terminal)?;
    let link = account.card(folder)?;
    if folder.vault_kind() == VaultKind::Keyring {
        terminal.remark(&terminal.words.say("card-nobody-asked"));
    }
    terminal.record(&json!({"type": "card", "link": link}));
    if matches.get_flag("qr") {
        terminal.line(&drawn(&link, terminal.has_colours())?);
    }
    terminal.line(&link);
    terminal.remark(&terminal.words.say("card-next"));
    Ok(())
}

/// Half blocks, two modules to a character. With colours it is black on white whatever the terminal's are; without,
/// light modules are drawn, as terminals are mostly dark.
fn drawn(link: &str, colours: bool) -> Result<String, CommandError> {
    let code = QrCode::with_error_correction_level(link, EcLevel::L);
    let code = code.map_err(|_| CommandError::new("card_too_large", Exit::Failure))?;
    if !colours {
        let renderer = &mut code.render::<Dense1x2>();
        return Ok(renderer.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build());
    }
    let image = code.render::<Dense1x2>().build();
    let lines = image.lines().map(|line| format!("\u{1b}[38;5;16;48;5;231m{line}\u{1b}[0m"));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_fits_a_terminal_of_eighty_columns() {
        let link = format!("SEALPOST:{}", "A".repeat(220));
        let image = drawn(&link, false).expect("it fits");
        assert!(image.lines().all(|line| line.chars().count() <= 80));
    }

    #[test]
    fn the_quiet_zone_is_light_on_a_dark_terminal() {
        let image = drawn("SEALPOST:ABC", false).expect("it fits");
        assert!(image.lines().next().expect("a line").chars().all(|character| character == '█'));
    }

    #[test]
    fn a_text_that_no_code_can_hold_is_refused() {
        assert!(drawn(&"A".repeat(5_000), false).is_err());
    }
}
