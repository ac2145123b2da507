//! What the screen knows: plain state without account, terminal or clock. `update` changes it, `view` draws it.

use std::collections::BTreeMap;

use sealpost_client::{Connection, Contact, Conversation, Member, Message, Profile};

use super::editor::Editor;
use crate::{cast::Cast, exit::CommandError, words::Words};

/// Reactions that one key sets.
pub const EMOJI: [&str; 8] = ["👍", "❤️", "😂", "😮", "😢", "🙏", "🎉", "👎"];
/// Messages of one conversation that are in memory at once.
pub const WINDOW: usize = 600;
/// Messages that are read at once.
pub const PAGE: usize = 100;

/// Everything that is on the screen.
pub struct Model<'a> {
    pub words: &'a Words,
    pub look: Look,
    pub columns: u16,
    pub rows: u16,
    /// The clock as of the newest event, Unix milliseconds.
    pub now_ms: u64,
    pub profile: Profile,
    pub connection: Connection,
    pub waiting: u32,
    /// All conversations, the one that changed last first.
    pub list: Vec<Listed>,
    /// The conversation that the list's cursor is on.
    pub cursor: Option<String>,
    pub open: Option<Open>,
    pub focus: Focus,
    pub overlay: Option<Overlay>,
    /// A remark in the status line, and until when.
    pub notice: Option<(String, u64)>,
}

/// What the terminal can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub colours: bool,
    /// The locale is UTF-8; else everything is drawn in ASCII.
    pub unicode: bool,
}

/// Which part of the screen the keys go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    List,
    Messages,
    Entry,
}

/// A conversation in the list. What others wrote in it is cleaned already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub conversation: Conversation,
    /// The newest message as a line.
    pub preview: String,
}

impl Listed {
    pub fn is_muted(&self, now_ms: u64) -> bool {
        self.conversation.muted_until_ms.is_some_and(|until| until > now_ms)
    }
}

/// The conversation on the right.
#[derive(Debug, Clone)]
pub struct Open {
    pub id: String,
    /// A part of the conversation without gaps, in its order.
    pub messages: Vec<Message>,
    pub has_oldest: bool,
    pub has_newest: bool,
    pub cast: Stage,
    /// The first message that was unread when the conversation was opened.
    pub unread_from: Option<u64>,
    /// Up to here, it was said that the user has seen it.
    pub read_up_to: u64,
    /// The topmost line on the screen as message and line in it; none follows what comes in.
    pub top: Option<(u64, usize)>,
    /// The message that the keys mean.
    pub selected: Option<u64>,
    pub editor: Editor,
    pub purpose: Purpose,
    /// The draft, put aside while a message is being changed.
    pub put_aside: Option<String>,
    /// The draft as the account has it, and when the text was changed last.
    pub kept_draft: String,
    pub changed_ms: u64,
    /// Who is typing, and until when that is shown.
    pub typing: Option<(String, u64)>,
    /// When the others were last told that the user is typing.
    pub told_typing_ms: u64,
    /// A page is being read: no second one is asked for.
    pub is_loading: bool,
}

/// What the entered text will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Write,
    Reply { position: u64 },
    Edit { position: u64 },
}

impl Open {
    pub fn message(&self, position: u64) -> Option<&Message> {
        self.messages.iter().find(|message| message.position == position)
    }

    pub fn newest(&self) -> Option<u64> {
        self.messages.last().map(|message| message.position)
    }
}

/// The people of the open conversation as far as they are named on the screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stage {
    pub me: String,
    pub names: BTreeMap<String, String>,
    /// IDs of everybody else who is in the group.
    pub others: Vec<String>,
}

impl Cast for Stage {
    fn name(&self, id: &str) -> String {
        self.names.get(id).cloned().unwrap_or_else(|| crate::clean::line(id))
    }

    fn is_me(&self, id: &str) -> bool {
        self.me == id
    }

    fn unreached(&self, message: &Message) -> Option<(usize, usize)> {
        let behind = self.others.iter().filter(|id| message.unreached.contains(id)).count();
        (behind > 0).then_some((behind, self.others.len()))
    }
}

/// What lies over the screen and takes all keys.
#[derive(Debug, Clone)]
pub enum Overlay {
    Help {
        line: usize,
    },
    People {
        title: String,
        lines: Vec<String>,
        line: usize,
    },
    /// With whom to talk.
    Pick {
        query: String,
        contacts: Vec<Contact>,
        chosen: usize,
    },
    Search(Search),
    React {
        position: u64,
    },
    /// What is asked before something that can't be taken back.
    Confirm {
        question: String,
        effect: Effect,
    },
}

/// A search and what it has found.
#[derive(Debug, Clone, Default)]
pub struct Search {
    pub query: String,
    /// In every conversation, not in the open one only.
    pub is_everywhere: bool,
    /// What was looked for when these were found.
    pub searched: Option<String>,
    pub found: Vec<Found>,
    /// Not all messages were looked through.
    pub is_cut: bool,
    pub chosen: usize,
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub conversation: String,
    pub title: String,
    pub position: u64,
    pub sent_at_ms: u64,
    pub author: String,
    pub text: String,
    /// Where the match begins, in bytes.
    pub start: usize,
}

/// What `update` wants done with the account; `perform` does it and answers with [`News`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    ReadAll,
    ReadOne(String),
    ReadProfile,
    ReadOutbox,
    ReadMessage {
        conversation: String,
        position: u64,
    },
    ReadCast(String),
    Open {
        conversation: String,
        around: Option<u64>,
    },
    OpenWith {
        contact: String,
    },
    Page {
        conversation: String,
        before: u64,
        is_older: bool,
    },
    Send {
        conversation: String,
        text: String,
        reply_to: Option<String>,
    },
    /// A line that starts with a slash.
    Command {
        conversation: String,
        line: String,
    },
    Edit {
        conversation: String,
        message: String,
        text: String,
    },
    Delete {
        conversation: String,
        message: String,
    },
    React {
        conversation: String,
        message: String,
        author: String,
        emoji: String,
    },
    MarkRead {
        conversation: String,
        position: u64,
    },
    KeepDraft {
        conversation: String,
        text: String,
    },
    Typing(String),
    Mute {
        conversation: String,
        until_ms: Option<u64>,
    },
    Accept(String),
    /// Blocks who writes, or declines the invitation.
    Refuse(String),
    Contacts,
    People(String),
    Search {
        conversation: Option<String>,
        query: String,
    },
    Redraw,
    Suspend,
    Quit,
}

/// What came of an effect.
#[derive(Debug)]
pub enum News {
    All(Vec<Listed>),
    One(Box<Listed>),
    Profile(Box<Profile>),
    Outbox(u32),
    Message {
        message: Box<Message>,
        names: BTreeMap<String, String>,
    },
    Cast {
        conversation: String,
        cast: Stage,
    },
    Opened {
        listed: Box<Listed>,
        page: Vec<Message>,
        cast: Stage,
        around: Option<u64>,
        has_oldest: bool,
    },
    /// `is_last`: there is nothing beyond it.
    Page {
        conversation: String,
        page: Vec<Message>,
        names: BTreeMap<String, String>,
        is_older: bool,
        is_last: bool,
    },
    Contacts(Vec<Contact>),
    People {
        title: String,
        members: Vec<Member>,
        contact: Option<Box<Contact>>,
    },
    Found {
        query: String,
        found: Vec<Found>,
        is_cut: bool,
    },
    Told(String),
    /// What was to be done was not; a text that was entered comes back.
    Failed {
        error: CommandError,
        text: Option<String>,
    },
}

impl<'a> Model<'a> {
    /// Back to plain writing: the draft that was put aside returns.
    pub fn leave_purpose(&mut self) {
        if let Some(open) = &mut self.open {
            open.purpose = Purpose::Write;
            if let Some(draft) = open.put_aside.take() {
                open.editor = Editor::new(&draft);
            }
        }
    }

    pub fn new(words: &'a Words, look: Look, profile: Profile, size: (u16, u16), now_ms: u64) -> Self {
        Self {
            words,
            look,
            columns: size.0,
            rows: size.1,
            now_ms,
            profile,
            connection: Connection::Disconnected,
            waiting: 0,
            list: Vec::new(),
            cursor: None,
            open: None,
            focus: Focus::List,
            overlay: None,
            notice: None,
        }
    }

    pub fn listed(&self, id: &str) -> Option<&Listed> {
        self.list.iter().find(|listed| listed.conversation.id == id)
    }

    /// The conversation on the right, as it stands in the list.
    pub fn opened(&self) -> Option<&Listed> {
        self.listed(&self.open.as_ref()?.id)
    }

    /// The conversation that a key means: in the list the one under the cursor, else the open one.
    pub fn meant(&self) -> Option<&Listed> {
        match self.focus {
            Focus::List => self.listed(self.cursor.as_ref()?),
            _ => self.opened(),
        }
    }

    pub fn unread(&self) -> u32 {
        self.list.iter().map(|listed| listed.conversation.unread).sum()
    }

    /// Contacts and groups that the text in the picker fits.
    pub fn picked<'m>(&'m self, query: &str, contacts: &'m [Contact]) -> Vec<Picked<'m>> {
        let groups = self.list.iter().filter(|listed| listed.conversation.group.is_some()).map(Picked::Group);
        let all = contacts.iter().filter(|contact| !contact.blocked).map(Picked::Contact).chain(groups);
        all.filter(|picked| holds(picked.name(), query)).collect()
    }
}

/// Somebody or a group to talk with.
#[derive(Debug, Clone, Copy)]
pub enum Picked<'m> {
    Contact(&'m Contact),
    Group(&'m Listed),
}

impl Picked<'_> {
    pub fn name(&self) -> &str {
        match self {
            Self::Contact(contact) => &contact.name,
            Self::Group(listed) => &listed.conversation.title,
        }
    }
}

/// Whether a text holds another in any case.
pub fn holds(text: &str, wished: &str) -> bool {
    text.to_lowercase().contains(&wished.to_lowercase())
}
