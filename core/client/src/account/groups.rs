//! Groups: who is in them, and how that changes. Whatever changes a group is agreed on with its members: it shows as a
//! row of the conversation when they have it.

use sealpost_engine::{
    command::{Command, Reply},
    conversations,
    plan::Policy,
};
use sealpost_wire::id::UserId;

use super::Account;
use crate::{
    error::Error,
    types::{Conversation, Member},
    views,
};

impl Account {
    /// A new group with these contacts. One writes in it at once; what is written leaves when the group is made.
    ///
    /// # Errors
    /// `NotRegistered`, `UnknownContact`, `Blocked`, `KeyChanged`, `TooLong`, `TooMany`.
    pub fn create_group(&self, name: &str, members: &[String]) -> Result<Conversation, Error> {
        let members = ids(members)?;
        match self.command(Command::CreateGroup { name: name.to_owned(), members })? {
            Reply::Conversation(id) => self.conversation_row(id),
            _ => Err(Error::UnknownConversation),
        }
    }

    /// Everybody in the group, this device included; of a conversation of two, nobody.
    pub fn members(&self, conversation: &str) -> Result<Vec<Member>, Error> {
        let id = views::conversation_id(conversation)?;
        self.read(|read| views::members(read, &conversations::known(read, id)?))
    }

    /// The name to show for whoever wrote a message or did something in the conversation, also when they have left.
    pub fn author_name(&self, conversation: &str, author: &str) -> Result<String, Error> {
        let (id, author) = (views::conversation_id(conversation)?, views::user_id(author)?);
        self.read(|read| views::author_name(read, id, author))
    }

    /// Adds contacts.
    ///
    /// # Errors
    /// `NotAdmin`, `NotAMember`, `NotAGroup`, `UnknownContact`, `Blocked`, `KeyChanged`, `TooMany`.
    pub fn add_members(&self, conversation: &str, members: &[String]) -> Result<(), Error> {
        let (conversation, members) = (views::conversation_id(conversation)?, ids(members)?);
        self.done(Command::AddMembers { conversation, members })
    }

    /// Takes members out: they read nothing that is sent after it.
    ///
    /// # Errors
    /// `NotAdmin`, `NotAMember`, `NotAGroup`.
    pub fn remove_members(&self, conversation: &str, members: &[String]) -> Result<(), Error> {
        let (conversation, members) = (views::conversation_id(conversation)?, ids(members)?);
        self.done(Command::RemoveMembers { conversation, members })
    }

    pub fn rename_group(&self, conversation: &str, name: &str) -> Result<(), Error> {
        let conversation = views::conversation_id(conversation)?;
        self.done(Command::RenameGroup { conversation, name: name.to_owned() })
    }

    /// Makes a member an admin, or an admin a member like the others.
    ///
    /// # Errors
    /// `NotAdmin`, `NotAMember`, `NotAGroup`, `LastAdmin`.
    pub fn set_admin(&self, conversation: &str, member: &str, admin: bool) -> Result<(), Error> {
        let (conversation, member) = (views::conversation_id(conversation)?, views::user_id(member)?);
        self.done(Command::SetAdmin { conversation, member, admin })
    }

    /// Sets what members who are no admins may do.
    pub fn set_group_policy(&self, conversation: &str, members_add: bool, members_rename: bool) -> Result<(), Error> {
        let conversation = views::conversation_id(conversation)?;
        self.done(Command::SetPolicy { conversation, policy: Policy { members_add, members_rename } })
    }

    /// Takes an invitation: from now on the others' messages come in, and they learn our name.
    pub fn accept_invitation(&self, conversation: &str) -> Result<(), Error> {
        self.done(Command::AcceptInvitation(views::conversation_id(conversation)?))
    }

    /// Leaves the group, or turns its invitation down. What was said stays here.
    pub fn leave_group(&self, conversation: &str) -> Result<(), Error> {
        self.done(Command::LeaveGroup(views::conversation_id(conversation)?))
    }

    /// Creates the group anew, without some: the way out where it can't be mended otherwise, and from the hybrid suite
    /// to the classical one for more than 200 members.
    pub fn recreate_group(&self, conversation: &str, without: &[String]) -> Result<(), Error> {
        let (conversation, without) = (views::conversation_id(conversation)?, ids(without)?);
        self.done(Command::RecreateGroup { conversation, without })
    }
}

fn ids(members: &[String]) -> Result<Vec<UserId>, Error> {
    members.iter().map(|id| views::user_id(id)).collect()
}
