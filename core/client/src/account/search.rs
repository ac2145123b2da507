//! Searching the messages of this device, page by page: nothing leaves it, and whoever waits can see how far it is.

use sealpost_engine::{conversations, conversations::ConversationId, messages};

use super::Account;
use crate::{
    error::Error,
    folded,
    types::{Body, Hit, Query},
    views,
};

/// Messages that one step looks at.
const PAGE: usize = 200;
/// The most hits that a search keeps.
const HITS: usize = 1_000;

/// A search that is on its way. It keeps the newest hits and one page, however much there is to look through.
pub struct Search<'a> {
    account: &'a Account,
    words: Vec<String>,
    author: Option<String>,
    limit: usize,
    /// Conversations that are still to be looked through; the last one is next.
    left: Vec<ConversationId>,
    before: Option<u64>,
    looked_at: u64,
    found: u64,
    hits: Vec<(u64, Hit)>,
}

impl Account {
    /// Begins a search; see [`Search::advance`].
    ///
    /// # Errors
    /// `Empty` if there is no word; `UnknownConversation`, `InvalidId`.
    pub fn search(&self, query: &Query) -> Result<Search<'_>, Error> {
        let words: Vec<_> = query.words.iter().map(|word| folded::fold(word.trim())).collect();
        let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
        if words.is_empty() {
            return Err(Error::Empty);
        }
        let author = query.author.as_deref().map(views::user_id).transpose()?.map(|id| id.to_string());
        let left = match &query.conversation {
            Some(conversation) => {
                let id = views::conversation_id(conversation)?;
                vec![self.read(|read| Ok(conversations::known(read, id)?.id))?]
            }
            None => self.read(|read| {
                let rows = conversations::conversations(read)?;
                Ok(rows.into_iter().map(|row| row.id).rev().collect())
            })?,
        };
        let limit = usize::try_from(query.limit).map_or(HITS, |limit| limit.clamp(1, HITS));
        let search = Search {
            account: self,
            words,
            author,
            limit,
            left,
            before: None,
            looked_at: 0,
            found: 0,
            hits: Vec::new(),
        };
        Ok(search)
    }
}

impl Search<'_> {
    /// Looks at some more messages. `false`: there are no more.
    ///
    /// # Errors
    /// Those of the account's files.
    pub fn advance(&mut self) -> Result<bool, Error> {
        let Some(&conversation) = self.left.last() else {
            return Ok(false);
        };
        let page = self.account.read(|read| Ok(messages::messages(read, conversation, self.before, PAGE)?))?;
        match page.first() {
            Some(oldest) if page.len() == PAGE => self.before = Some(oldest.position),
            _ => {
                self.left.pop();
                self.before = None;
            }
        }
        self.looked_at += page.len() as u64;
        for row in page {
            self.look_at(row);
        }
        self.keep_newest(2 * self.limit);
        Ok(!self.left.is_empty())
    }

    /// How many messages were looked at so far.
    pub fn looked_at(&self) -> u64 {
        self.looked_at
    }

    /// How many messages hold the words, those that are not kept included.
    pub fn found(&self) -> u64 {
        self.found
    }

    /// The newest hits, newest first.
    pub fn hits(mut self) -> Vec<Hit> {
        self.keep_newest(self.limit);
        self.hits.into_iter().map(|(_, hit)| hit).collect()
    }

    fn look_at(&mut self, row: messages::Message) {
        if !matches!(row.body, messages::Body::Text(_)) {
            return;
        }
        // Nobody puts a message above all others by a clock that is ahead.
        let at_ms = row.sent_at_ms.min(row.received_at_ms);
        let message = views::message(row);
        let Body::Text { text } = &message.body else { return };
        if self.author.as_ref().is_some_and(|author| *author != message.author) {
            return;
        }
        if let Some(spans) = folded::find(text, &self.words) {
            self.found += 1;
            self.hits.push((at_ms, Hit { message, spans }));
        }
    }

    /// Drops all but the newest once there are more than `most`.
    fn keep_newest(&mut self, most: usize) {
        if self.hits.len() > most || most == self.limit {
            let place = |hit: &Hit| (hit.message.conversation.clone(), hit.message.position);
            self.hits
                .sort_by(|(at, hit), (other_at, other)| other_at.cmp(at).then_with(|| place(other).cmp(&place(hit))));
            self.hits.truncate(self.limit);
        }
    }
}
