//! Deletions by the rules of the data inventory, all that is over at once.

use sealpost_wire::limits::{DEDUPLICATION_SECONDS, MAILBOX_SECONDS, SLOT_CONTENT_SECONDS, SLOT_NAME_SECONDS};

use super::State;
use crate::store::{HOUR_SECONDS, Sweep};

impl State {
    pub fn sweep(&mut self, sweep: Sweep, now: u64) -> usize {
        match sweep {
            Sweep::Messages => {
                let over = before(now, MAILBOX_SECONDS);
                self.accounts.values_mut().map(|account| account.mailbox.expire(over)).sum()
            }
            Sweep::Deduplication => {
                let over = before(now, DEDUPLICATION_SECONDS);
                let known = self.delivered.len();
                self.delivered.retain(|_, stored_hour| *stored_hour >= over);
                known - self.delivered.len()
            }
            Sweep::Tokens => self.sweep_tokens(now),
            Sweep::FormerTokens => self.sweep_former(now),
            Sweep::Codes => self.sweep_codes(now),
            Sweep::CodeCounts => self.sweep_code_counts(now),
            Sweep::Invitations => {
                let known = self.invitations.len();
                self.invitations.retain(|_, expires_at| *expires_at > now);
                known - self.invitations.len()
            }
            Sweep::SlotContents => {
                let over = before(now, SLOT_CONTENT_SECONDS);
                let slots = self.slots.values_mut();
                let slots = slots.filter(|slot| slot.claimed_hour < over && !slot.content.is_empty());
                slots.map(|slot| slot.content.clear()).count()
            }
            Sweep::SlotNames => {
                let over = before(now, SLOT_NAME_SECONDS);
                let known = self.slots.len();
                self.slots.retain(|_, slot| slot.claimed_hour >= over);
                known - self.slots.len()
            }
        }
    }

    fn sweep_tokens(&mut self, now: u64) -> usize {
        let mut swept = 0;
        for account in self.accounts.values_mut() {
            let known = account.tokens.len();
            account.tokens.retain(|token| token.expires_at == 0 || token.expires_at > now);
            swept += known - account.tokens.len();
        }
        swept
    }

    /// The hash of the ID itself stays for good.
    fn sweep_former(&mut self, now: u64) -> usize {
        let over = self.former.values_mut().filter(|it| it.details_until <= now && !it.identity_key.is_empty());
        over.map(|former| (former.identity_key.clear(), former.tokens.clear())).count()
    }
}

/// Hours below this began, and ended, more than `seconds` ago.
fn before(now: u64, seconds: u64) -> u64 {
    now.saturating_sub(seconds + HOUR_SECONDS - 1)
}
