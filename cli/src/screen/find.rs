//! Search: the façade's, through one conversation or all, for as long as nobody minds waiting.

use std::time::{Duration, Instant};

use sealpost_client::{Account, Body, Query};

use super::model::{Found, News};
use crate::{cast::Members, clean, exit::CommandError, show, words::Words};

/// As many are shown, the newest ones.
const FOUND: u32 = 200;
/// The keys wait meanwhile; the screen says so where not everything was looked through.
const PATIENCE: Duration = Duration::from_secs(3);

/// Messages that hold all words of the query, the newest first.
pub fn find(
    account: &Account,
    conversation: Option<String>,
    text: String,
    words: &Words,
) -> Result<Vec<News>, CommandError> {
    let wished = text.split_whitespace().map(str::to_owned).collect();
    let mut search = account.search(&Query { words: wished, conversation, author: None, limit: FOUND })?;
    let begin = Instant::now();
    let mut is_cut = false;
    while search.advance()? {
        if begin.elapsed() >= PATIENCE {
            is_cut = true;
            break;
        }
    }
    let total = search.found();
    let hits = search.hits();
    is_cut |= total > hits.len() as u64;
    let mut found = Vec::new();
    for hit in hits {
        let Body::Text { text } = &hit.message.body else { continue };
        let conversation = hit.message.conversation.clone();
        let cast = Members::of(account, &conversation)?;
        found.push(Found {
            title: clean::line(&account.conversation(&conversation)?.title),
            position: hit.message.position,
            sent_at_ms: hit.message.sent_at_ms,
            author: show::author(&hit.message, &cast, words),
            start: hit.spans.first().map_or(0, |span| span.start as usize),
            text: clean::line(text),
            conversation,
        });
    }
    Ok(vec![News::Found { query: text, found, is_cut }])
}
