//! What the mailboxes of a group's members accept from each other. All tokens derive from a secret that the members
//! share, so that nobody has to tell them; a removal starts a new one, which whoever was removed does not know.

use sealpost_crypto::{group_token::group_token, hash::token_hash};
use sealpost_wire::{api::mailbox::MailboxToken, limits};

use super::row::{Conversation, Many, Standing, TokenSecret, conversations};
use crate::{
    error::EngineError,
    mls::{Group, MlsError, Session},
    outbox::{self, JobKind, Lane},
    parcel,
    step::Step,
};

const LABEL: &str = "sealpost group tokens";
/// Secrets that are kept: members who were away for as many removals are still reached.
const SECRETS: usize = 16;

/// Tokens of groups that the mailbox holds; the contacts' have their room beside them.
const OWN_TOKENS: usize = limits::MAILBOX_TOKENS - 100;

/// The first secret of a group.
pub(super) fn first_secret(step: &mut Step<'_>) -> TokenSecret {
    TokenSecret { generation: 0, secret: step.random_bytes(), replaced_at_seconds: None }
}

/// The secret that the epoch starts after a removal: the same for all members.
pub(super) fn exported_secret(group: &Group, session: &Session<'_>) -> Result<[u8; 32], MlsError> {
    let secret = group.export(session, LABEL, b"", 32)?;
    secret.as_slice().try_into().map_err(|_| MlsError::Internal("an exported secret is short".into()))
}

/// Starts the next generation. The tokens before it work on, until the members know the new one.
pub(super) fn rotate(many: &mut Many, secret: [u8; 32], now_seconds: u64) {
    let generation = many.secrets.last().map_or(0, |newest| newest.generation + 1);
    if let Some(newest) = many.secrets.last_mut() {
        newest.replaced_at_seconds = Some(now_seconds);
    }
    many.secrets.push(TokenSecret { generation, secret, replaced_at_seconds: None });
    let surplus = many.secrets.len().saturating_sub(SECRETS);
    many.secrets.drain(..surplus);
}

/// The secrets in a Welcome; `None` where they are not what a member sends. The mailbox of a newcomer takes the tokens
/// of the newest alone: the others are for reaching members who slept.
pub(super) fn read(secrets: &[parcel::TokenSecret]) -> Option<Vec<TokenSecret>> {
    let rising = secrets.windows(2).all(|pair| pair[0].generation < pair[1].generation);
    if secrets.is_empty() || secrets.len() > SECRETS || !rising {
        return None;
    }
    let last = secrets.len() - 1;
    let read = |(place, it): (usize, &parcel::TokenSecret)| {
        let replaced_at_seconds = (place < last).then_some(0);
        Some(TokenSecret {
            generation: it.generation,
            secret: it.secret.as_slice().try_into().ok()?,
            replaced_at_seconds,
        })
    };
    secrets.iter().enumerate().map(read).collect()
}

/// Lets the relay know which tokens the mailbox takes now.
pub(super) fn publish(step: &mut Step<'_>) -> Result<(), EngineError> {
    outbox::enqueue(step, Lane::Account, JobKind::PublishTokens, 0)
}

/// Hashes of the tokens that this device's mailbox accepts from groups.
pub fn own_tokens(step: &Step<'_>) -> Result<Vec<MailboxToken>, EngineError> {
    let mut tokens = Vec::new();
    for conversation in conversations(step.tx)? {
        tokens.extend(tokens_of(step, &conversation));
    }
    // Those that have no end first, then those that last longest.
    tokens.sort_by_key(|token| std::cmp::Reverse(token.expires_at_seconds.wrapping_sub(1)));
    tokens.truncate(OWN_TOKENS);
    Ok(tokens)
}

fn tokens_of(step: &Step<'_>, conversation: &Conversation) -> Vec<MailboxToken> {
    let Some(many) = conversation.many.as_ref().filter(|many| many.standing == Standing::Member) else {
        return Vec::new();
    };
    let end = |it: &TokenSecret| it.replaced_at_seconds.map(|at| at + limits::ROTATED_TOKEN_SECONDS);
    let alive = many.secrets.iter().filter(|it| end(it).is_none_or(|end| end > step.now_seconds()));
    let token = |it: &TokenSecret| {
        let hash = token_hash(&group_token(&it.secret, step.account.id)).to_vec();
        MailboxToken { hash, expires_at_seconds: end(it).unwrap_or(0) }
    };
    alive.map(token).collect()
}
