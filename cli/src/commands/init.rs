//! `init`: makes an account on this device. Keys and ID are drawn here; nothing leaves the machine.

use clap::{ArgMatches, Command};

use crate::{
    account_folder::{AccountFolder, VaultKind},
    arguments::{dressed, option, text},
    clean,
    exit::CommandError,
    show,
    terminal::Terminal,
    words::Words,
};

pub fn command(words: &Words) -> Command {
    dressed(Command::new("init"), words, "init-usage", "init-about")
        .arg(option(words, "name", "value-name", "init-help-name"))
        .arg(option(words, "vault", "value-vault", "init-help-vault").value_parser(["keyring", "passphrase"]))
}

pub fn run(matches: &ArgMatches, terminal: &Terminal, folder: &AccountFolder) -> Result<(), CommandError> {
    let name = match text(matches, "name") {
        Some(name) => name.to_owned(),
        None => terminal.ask(&terminal.words.say("ask-name"))?.unwrap_or_default(),
    };
    let kind = text(matches, "vault").map(|vault| match vault {
        "keyring" => VaultKind::Keyring,
        _ => VaultKind::Passphrase,
    });
    let (account, kind) = folder.create(terminal, kind, &name)?;
    let profile = account.profile()?;
    let mut record = show::profile_record(&profile);
    record["vault"] = kind.code().into();
    terminal.record(&record);
    terminal.tell("init-done", &[("id", profile.id.into())]);
    let path = clean::line(&folder.path().display().to_string());
    match kind {
        VaultKind::Keyring => terminal.tell("init-keyring", &[("folder", path.into())]),
        VaultKind::Passphrase => terminal.tell("init-passphrase", &[("folder", path.into())]),
    }
    terminal.say("init-next");
    Ok(())
}
