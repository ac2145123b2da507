//! `register`: makes the account known to a relay, by phone number, by invitation or, where it is open, without either.

use clap::{ArgGroup, ArgMatches, Command};
use sealpost_client::{Account, Error, Profile, RelayView, Stop, Way};
use serde_json::json;

use crate::{
    account_folder::AccountFolder,
    arguments::{dressed, flag, option, text},
    clean,
    exit::{CommandError, Exit},
    session::{self, Deadline},
    show,
    terminal::Terminal,
    words::Words,
};

/// How long the first visit at the relay may take: it publishes the key packages.
const FIRST_VISIT_SECONDS: u64 = 20;

pub fn command(words: &Words) -> Command {
    dressed(Command::new("register"), words, "register-usage", "register-about")
        .arg(option(words, "relay", "value-address", "register-help-relay"))
        .arg(option(words, "pin", "value-pin", "register-help-pin").requires("relay").conflicts_with("invitation"))
        .arg(option(words, "phone", "value-number", "register-help-phone").requires("relay"))
        .arg(option(words, "code", "value-code", "register-help-code").requires("phone"))
        .arg(option(words, "invitation", "value-text", "register-help-invitation").conflicts_with("relay"))
        .arg(flag(words, "open", "register-help-open").requires("relay"))
        .group(ArgGroup::new("way").args(["phone", "invitation", "open"]).required(true))
}

pub fn run(matches: &ArgMatches, terminal: &Terminal, folder: &AccountFolder) -> Result<(), CommandError> {
    let relay = text(matches, "relay").unwrap_or_default();
    let pin = text(matches, "pin").map(parse_pin).transpose()?;
    let account = folder.open(terminal)?;
    let stop = Stop::new();
    // Who runs the relay is said before anything is handed to it.
    introduce(
        terminal,
        match text(matches, "invitation") {
            Some(invitation) => account.inviting_relay(invitation, &stop)?,
            None => account.relay_info(relay, pin, &stop)?,
        },
    );
    let profile = if let Some(number) = text(matches, "phone") {
        let registration = ByNumber { account: &account, terminal, relay, pin, number, stop: &stop };
        registration.run(text(matches, "code"))?
    } else {
        let way = match text(matches, "invitation") {
            Some(invitation) => Way::Invitation { text: invitation.to_owned() },
            None => Way::Open,
        };
        account.register(relay, pin, way, &stop)?
    };
    terminal.record(&show::profile_record(&profile));
    terminal.tell("register-done", &[("id", profile.id.into()), ("relay", clean::line(&profile.relay).into())]);
    if profile.number_linked {
        terminal.say("register-number-kept");
    }
    session::settle(&account, Deadline::after_seconds(FIRST_VISIT_SECONDS))?;
    terminal.say("register-next");
    Ok(())
}

fn introduce(terminal: &Terminal, info: RelayView) {
    terminal.record(&json!({
        "type": "relay", "operator": info.operator, "region": info.region,
        "phone": info.phone, "invitation": info.invitation, "open": info.open,
    }));
    let operator = clean::line(&info.operator);
    let region = clean::line(&info.region);
    if !operator.is_empty() {
        terminal.tell("register-relay", &[("operator", operator.into()), ("region", region.into())]);
    }
}

/// A registration by phone number: asks for a code by SMS, then for the code.
struct ByNumber<'a> {
    account: &'a Account,
    terminal: &'a Terminal,
    relay: &'a str,
    pin: Option<[u8; 32]>,
    number: &'a str,
    stop: &'a Stop,
}

impl ByNumber<'_> {
    fn run(&self, code: Option<&str>) -> Result<Profile, CommandError> {
        if let Some(code) = code {
            return Ok(self.try_code(code)?);
        }
        let language = self.terminal.words.language().code();
        let sent = self.account.request_code(self.relay, self.pin, self.number, language, self.stop)?;
        self.terminal.record(&json!({
            "type": "code_sent", "expires_in_seconds": sent.expires_in_seconds,
            "resend_after_seconds": sent.resend_after_seconds,
        }));
        let minutes = sent.expires_in_seconds.div_ceil(60);
        self.terminal.tell("register-code-sent", &[("minutes", minutes.into())]);
        loop {
            let asked = self.terminal.ask(&self.terminal.words.say("ask-code"))?;
            let Some(code) = asked else {
                return Err(CommandError::new("code_missing", Exit::NeedsUser));
            };
            match self.try_code(&code) {
                Err(wrong @ Error::CodeWrong { tries_left: 1.. }) => self.terminal.error(&wrong.into()),
                ended => return Ok(ended?),
            }
        }
    }

    fn try_code(&self, code: &str) -> Result<Profile, Error> {
        let code = code.chars().filter(|character| !character.is_whitespace()).collect();
        let way = Way::Phone { number: self.number.to_owned(), code };
        self.account.register(self.relay, self.pin, way, self.stop)
    }
}

/// Reads 64 hexadecimal digits, colons and spaces between them allowed.
fn parse_pin(text: &str) -> Result<[u8; 32], CommandError> {
    let digits: String = text.chars().filter(|character| !matches!(character, ':' | ' ')).collect();
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).unwrap_or_default();
    <[u8; 32]>::try_from(bytes).map_err(|_| CommandError::new("invalid_pin", Exit::Usage))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_with_and_without_colons() {
        assert_eq!(parse_pin(&"0A".repeat(32)), Ok([10; 32]));
        assert_eq!(parse_pin(&vec!["0a"; 32].join(":")), Ok([10; 32]));
    }

    #[test]
    fn a_short_or_foreign_pin_is_a_usage_error() {
        for pin in ["", "0a", "zz", &"0a".repeat(33)] {
            assert_eq!(parse_pin(pin).expect_err("no pin").exit, Exit::Usage);
        }
    }
}
