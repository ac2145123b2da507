//! Mailboxes: their tokens, what waits in them, acknowledgement.

use sealpost_wire::{
    api::mailbox::{MailboxPage, MailboxStatus, MailboxTokens},
    error::ErrorCode,
    id::UserId,
    limits::{MAILBOX_TOKENS, PUSH_WINDOW_BYTES, PUSH_WINDOW_MESSAGES},
};

use super::{Refusal, Service};
use crate::store::{Page, TokenHash};

/// What may still be pushed before an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushWindow {
    pub messages: usize,
    pub bytes: usize,
}

impl PushWindow {
    pub const FULL: Self = Self { messages: PUSH_WINDOW_MESSAGES, bytes: PUSH_WINDOW_BYTES };
}

impl Service {
    pub async fn replace_tokens(&self, id: UserId, tokens: &MailboxTokens) -> Result<(), Refusal> {
        let tokens = check_tokens(tokens)?;
        Ok(self.store.replace_tokens(id, tokens).await?)
    }

    /// What comes behind `after`, within the window.
    pub async fn next_envelopes(&self, id: UserId, after: u64, window: PushWindow) -> Result<Page, Refusal> {
        Ok(self.store.page(id, after, window.messages, window.bytes).await?)
    }

    pub async fn mailbox_page(&self, id: UserId) -> Result<MailboxPage, Refusal> {
        let page = self.next_envelopes(id, 0, PushWindow::FULL).await?;
        Ok(MailboxPage { envelopes: page.envelopes, empty: !page.more })
    }

    pub async fn acknowledge(&self, id: UserId, mut sequences: Vec<u64>) -> Result<(), Refusal> {
        if sequences.len() > PUSH_WINDOW_MESSAGES {
            return Err(Refusal::new(ErrorCode::TooLarge, "sequences: at most 64"));
        }
        // SQLite's integers have a sign: nothing stands beyond it, and asking for it would be a failure.
        sequences.retain(|sequence| i64::try_from(*sequence).is_ok());
        Ok(self.store.acknowledge(id, sequences).await?)
    }

    pub async fn mailbox_status(&self, id: UserId) -> Result<MailboxStatus, Refusal> {
        let (messages_limit, bytes_limit) = (self.config.limits.mailbox_messages, self.config.limits.mailbox_bytes);
        Ok(MailboxStatus { messages_limit, bytes_limit, ..self.store.mailbox_status(id).await? })
    }
}

pub fn check_tokens(tokens: &MailboxTokens) -> Result<Vec<TokenHash>, Refusal> {
    if tokens.tokens.len() > MAILBOX_TOKENS {
        return Err(Refusal::new(ErrorCode::TooLarge, "tokens: at most 2,000"));
    }
    let check = |token: &sealpost_wire::api::mailbox::MailboxToken| {
        let hash = token.hash.as_slice().try_into().map_err(|_| Refusal::malformed("hash: 32 bytes"))?;
        // SQLite's integers have a sign; nothing is promised beyond it.
        Ok(TokenHash { hash, expires_at: token.expires_at_seconds.min(i64::MAX as u64 / 2) })
    };
    tokens.tokens.iter().map(check).collect()
}
