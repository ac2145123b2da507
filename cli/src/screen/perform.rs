//! Does with the account what `update` asked for, and says what came of it. Nothing is decided here.

use std::collections::BTreeMap;

use sealpost_client::{Account, Body, Conversation, Error, Message, SystemRow};

use super::{
    find,
    model::{Effect, Listed, News, PAGE, Stage},
};
use crate::{
    cast::{Cast, Members},
    chat::{entry::Entry, orders},
    clean,
    exit::CommandError,
    show,
    words::Words,
};

/// What shows a found message has this many messages behind it.
const BEHIND: u64 = 40;
/// Own messages among which the newest one is looked for.
const RECENT: u32 = 50;

/// The account, as the screen uses it.
pub struct Performer<'a> {
    account: &'a Account,
    words: &'a Words,
    me: String,
}

impl<'a> Performer<'a> {
    pub fn new(account: &'a Account, words: &'a Words) -> Result<Self, CommandError> {
        Ok(Self { account, words, me: account.profile()?.id })
    }

    /// Does it. What is for the terminal itself (redraw, suspend, quit) is not done here.
    pub fn perform(&self, effect: Effect) -> Vec<News> {
        let text = match &effect {
            Effect::Send { text, .. } | Effect::Edit { text, .. } => Some(text.clone()),
            Effect::Command { line, .. } => Some(line.clone()),
            _ => None,
        };
        self.done(effect).unwrap_or_else(|error| vec![News::Failed { error, text }])
    }

    fn done(&self, effect: Effect) -> Result<Vec<News>, CommandError> {
        let account = self.account;
        match effect {
            Effect::ReadAll => return self.all(),
            Effect::ReadOne(id) => return Ok(vec![News::One(Box::new(self.listed(account.conversation(&id)?)?))]),
            Effect::ReadProfile => return Ok(vec![News::Profile(Box::new(account.profile()?))]),
            Effect::ReadOutbox => return Ok(vec![News::Outbox(account.outbox()?.waiting)]),
            Effect::ReadMessage { conversation, position } => return self.message(&conversation, position),
            Effect::ReadCast(conversation) => {
                let cast = self.cast(&conversation, &[])?;
                return Ok(vec![News::Cast { conversation, cast }]);
            }
            Effect::Open { conversation, around } => return self.open(&conversation, around),
            Effect::OpenWith { contact } => {
                return self.open(&account.conversation_with(&contact)?.id, None);
            }
            Effect::Page { conversation, before, is_older } => return self.page(conversation, before, is_older),
            Effect::Send { conversation, text, reply_to } => {
                let sent = account.send_text(&conversation, &text, reply_to.as_deref())?;
                return self.message(&conversation, sent.position);
            }
            Effect::Command { conversation, line } => return self.command(&conversation, &line),
            Effect::Edit { conversation, message, text } => account.edit(&conversation, &message, &text)?,
            Effect::Delete { conversation, message } => account.delete(&conversation, &message)?,
            Effect::React { conversation, message, author, emoji } => {
                account.react(&conversation, &message, &author, &emoji)?;
            }
            Effect::MarkRead { conversation, position } => account.mark_read(&conversation, position)?,
            Effect::KeepDraft { conversation, text } => account.set_draft(&conversation, &text)?,
            // A lost signal is not worth a word.
            Effect::Typing(conversation) => drop(account.typing(&conversation)),
            Effect::Mute { conversation, until_ms } => {
                account.mute(&conversation, until_ms)?;
                let key = if until_ms.is_some() { "screen-muted" } else { "screen-unmuted" };
                let listed = self.listed(account.conversation(&conversation)?)?;
                return Ok(vec![News::One(Box::new(listed)), News::Told(self.words.say(key))]);
            }
            Effect::Accept(conversation) => {
                match account.conversation(&conversation)?.peer {
                    Some(peer) => account.accept(&peer)?,
                    None => account.accept_invitation(&conversation)?,
                }
                return self.all();
            }
            Effect::Refuse(conversation) => {
                match account.conversation(&conversation)?.peer {
                    Some(peer) => account.block(&peer)?,
                    None => account.leave_group(&conversation)?,
                }
                return self.all();
            }
            Effect::Contacts => return Ok(vec![News::Contacts(account.contacts()?)]),
            Effect::People(conversation) => return self.people(&conversation),
            Effect::Search { conversation, query } => {
                return find::find(account, conversation, query, self.words);
            }
            Effect::Redraw | Effect::Suspend | Effect::Quit => {}
        }
        Ok(Vec::new())
    }

    fn all(&self) -> Result<Vec<News>, CommandError> {
        let conversations = self.account.conversations()?;
        let list = conversations.into_iter().map(|conversation| self.listed(conversation)).collect::<Result<_, _>>()?;
        Ok(vec![News::All(list)])
    }

    /// The newest message as a line: in a group with its author.
    fn listed(&self, conversation: Conversation) -> Result<Listed, CommandError> {
        let cast = Members::of(self.account, &conversation.id)?;
        let preview = match &conversation.last {
            None => self.words.say("conversation-empty"),
            Some(last) => {
                let text = clean::line(&show::body(last, &cast, self.words));
                let is_system = matches!(last.body, Body::System { .. });
                let has_author = conversation.group.is_some() && !last.mine && !is_system;
                if has_author { format!("{}: {text}", show::author(last, &cast, self.words)) } else { text }
            }
        };
        Ok(Listed { conversation, preview })
    }

    fn message(&self, conversation: &str, position: u64) -> Result<Vec<News>, CommandError> {
        let message = match self.account.message(conversation, position) {
            Ok(message) => message,
            // It stands at another place by now, of which another event tells.
            Err(Error::UnknownMessage) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let names = self.names(conversation, std::slice::from_ref(&message))?;
        Ok(vec![News::Message { message: Box::new(message), names }])
    }

    fn open(&self, id: &str, around: Option<u64>) -> Result<Vec<News>, CommandError> {
        let conversation = self.account.conversation(id)?;
        let newest = conversation.last.as_ref().map_or(0, |last| last.position);
        let before = around.map(|position| position.saturating_add(BEHIND)).filter(|before| *before <= newest);
        // Enough to show where the unread ones begin; the façade gives 500 at most.
        let limit = PAGE.max(usize::try_from(conversation.unread).unwrap_or(PAGE) + 20).min(500);
        let page = self.account.messages(id, before, u32::try_from(limit).unwrap_or(500))?;
        let has_oldest = page.len() < limit;
        let cast = self.cast(id, &page)?;
        let listed = Box::new(self.listed(conversation)?);
        Ok(vec![News::Opened { listed, page, cast, around, has_oldest }])
    }

    /// The page before a position, or the one behind it.
    fn page(&self, conversation: String, edge: u64, is_older: bool) -> Result<Vec<News>, CommandError> {
        let size = u32::try_from(PAGE).unwrap_or(u32::MAX);
        let newest = self.account.conversation(&conversation)?.last.map_or(0, |last| last.position);
        let end = edge.saturating_add(PAGE as u64).saturating_add(1);
        let before = if is_older { Some(edge) } else { Some(end).filter(|end| *end <= newest) };
        let page = self.account.messages(&conversation, before, size)?;
        let is_last = if is_older { page.len() < PAGE } else { before.is_none() };
        let names = self.names(&conversation, &page)?;
        Ok(vec![News::Page { conversation, page, names, is_older, is_last }])
    }

    fn people(&self, id: &str) -> Result<Vec<News>, CommandError> {
        let conversation = self.account.conversation(id)?;
        let members = self.account.members(id)?;
        let contact = conversation.peer.map(|peer| self.account.contact(&peer)).transpose()?.map(Box::new);
        Ok(vec![News::People { title: conversation.title, members, contact }])
    }

    fn cast(&self, conversation: &str, page: &[Message]) -> Result<Stage, CommandError> {
        let members = self.account.members(conversation)?;
        let mut names = self.names(conversation, page)?;
        names.extend(members.iter().map(|member| (member.id.clone(), clean::line(&member.name))));
        let others = members.into_iter().filter(|member| !member.me).map(|member| member.id).collect();
        let peer = self.account.conversation(conversation)?.peer;
        let cast = Members::of(self.account, conversation)?;
        names.extend(peer.map(|peer| (peer.clone(), cast.name(&peer))));
        Ok(Stage { me: self.me.clone(), names, others })
    }

    /// The names of everybody who is named in these messages.
    fn names(&self, conversation: &str, page: &[Message]) -> Result<BTreeMap<String, String>, CommandError> {
        let cast = Members::of(self.account, conversation)?;
        let mut names = BTreeMap::new();
        for message in page {
            let member = match &message.body {
                Body::System { what: SystemRow::Group { change } } => show::group::change_code(change).1,
                _ => None,
            };
            let reacted = message.reactions.iter().map(|reaction| reaction.author.as_str());
            for id in [message.author.as_str()].into_iter().chain(member).chain(reacted) {
                if !names.contains_key(id) {
                    names.insert(id.to_owned(), cast.name(id));
                }
            }
        }
        Ok(names)
    }

    /// A line that starts with a slash, as the plain chat takes it.
    fn command(&self, conversation: &str, line: &str) -> Result<Vec<News>, CommandError> {
        // What only shows something never comes as a command: `update` knows it.
        match orders::carry_out(self.account, conversation, &Entry::parse(line), RECENT)? {
            Some(sent) => self.message(conversation, sent.position),
            None => Ok(Vec::new()),
        }
    }
}
