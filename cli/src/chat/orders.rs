//! What an entered line orders of the account: the same in the plain chat and on the full screen.

use sealpost_client::{Account, Error, Message};

use super::entry::{Entry, GroupEntry};
use crate::{
    exit::{CommandError, Exit},
    people,
};

/// Carries it out, and gives the message that was sent, if one was. What only shows something is left to the caller.
/// Without a number one's own newest message is meant, among the `recent` last ones.
///
/// # Errors
/// What the account refuses; a line that is no command.
pub fn carry_out(
    account: &Account,
    conversation: &str,
    entry: &Entry,
    recent: u32,
) -> Result<Option<Message>, CommandError> {
    match entry {
        Entry::Text(text) => return Ok(Some(account.send_text(conversation, text, None)?)),
        Entry::Reply { position, text } => {
            let answered = account.message(conversation, *position)?;
            return Ok(Some(account.send_text(conversation, text, Some(&answered.id))?));
        }
        Entry::Edit { position, text } => {
            account.edit(conversation, &own(account, conversation, *position, recent)?.id, text)?;
        }
        Entry::Delete { position } => {
            account.delete(conversation, &own(account, conversation, *position, recent)?.id)?;
        }
        Entry::React { position, emoji } => {
            let message = account.message(conversation, *position)?;
            account.react(conversation, &message.id, &message.author, emoji)?;
        }
        Entry::Typing => account.typing(conversation)?,
        Entry::Group(entry) => change(account, conversation, entry)?,
        Entry::Unknown(entry) => return Err(CommandError::new("chat_command", Exit::Usage).with("entry", entry)),
        Entry::Nothing | Entry::Members | Entry::Help | Entry::Quit => {}
    }
    Ok(None)
}

/// What is ordered of the group; what comes of it is shown when it has come about.
fn change(account: &Account, group: &str, entry: &GroupEntry) -> Result<(), CommandError> {
    match entry {
        GroupEntry::Add { who } => account.add_members(group, &[people::find(account, who)?.id])?,
        GroupEntry::Remove { who } => account.remove_members(group, &[people::find_member(account, group, who)?])?,
        GroupEntry::Rename { name } => account.rename_group(group, name)?,
        GroupEntry::Admin { who } => account.set_admin(group, &people::find_member(account, group, who)?, true)?,
        GroupEntry::Accept => account.accept_invitation(group)?,
        GroupEntry::Leave => account.leave_group(group)?,
    }
    Ok(())
}

fn own(account: &Account, conversation: &str, position: Option<u64>, recent: u32) -> Result<Message, CommandError> {
    if let Some(position) = position {
        return Ok(account.message(conversation, position)?);
    }
    let messages = account.messages(conversation, None, recent)?;
    Ok(messages.into_iter().rev().find(|message| message.mine).ok_or(Error::UnknownMessage)?)
}
