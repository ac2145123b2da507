//! Who is who in a conversation: the names under which its people are shown.

use sealpost_client::{Account, Message};

use crate::{clean, exit::CommandError};

/// What a line needs to know of a conversation's people.
pub trait Cast {
    /// The name for an ID, cleaned for the terminal.
    fn name(&self, id: &str) -> String;

    fn is_me(&self, id: &str) -> bool;

    /// Of how many others the message has not reached how many; `None` where it has reached all.
    fn unreached(&self, message: &Message) -> Option<(usize, usize)>;
}

/// The people of one of the account's conversations.
pub struct Members<'a> {
    account: &'a Account,
    conversation: String,
    me: String,
}

impl<'a> Members<'a> {
    pub fn of(account: &'a Account, conversation: &str) -> Result<Self, CommandError> {
        Ok(Self { account, conversation: conversation.to_owned(), me: account.profile()?.id })
    }
}

impl Cast for Members<'_> {
    fn name(&self, id: &str) -> String {
        self.account.author_name(&self.conversation, id).map_or_else(|_| id.to_owned(), |name| clean::line(&name))
    }

    fn is_me(&self, id: &str) -> bool {
        self.me == id
    }

    fn unreached(&self, message: &Message) -> Option<(usize, usize)> {
        if message.unreached.is_empty() {
            return None;
        }
        // Whoever has left since then has not to be reached any more.
        let members = self.account.members(&self.conversation).unwrap_or_default();
        let behind = members.iter().filter(|member| message.unreached.contains(&member.id)).count();
        let others = members.iter().filter(|member| !member.me).count();
        (behind > 0).then_some((behind, others))
    }
}
