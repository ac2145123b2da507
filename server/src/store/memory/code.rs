//! One-time codes: planned within the limits, redeemed once.

use sealpost_wire::limits::{CODE_RESEND_SECONDS, CODE_SECONDS, CODE_TRIES, CODES_PER_NUMBER_A_DAY, DAY_SECONDS};

use super::State;
use crate::store::{CodePlan, CodePlanned, Hash, NumberProof, NumberToken};

/// The codes of one number today, and the last of them.
pub struct Code {
    /// `None`: there is none to redeem.
    hash: Option<Hash>,
    tries_left: u32,
    expires_at: u64,
    pub day: u64,
    sent: u32,
}

pub enum Redeemed {
    Yes,
    Wrong { tries_left: u32 },
    Expired,
}

impl State {
    pub fn plan_code(&mut self, plan: &CodePlan, now: u64) -> CodePlanned {
        let today = now / DAY_SECONDS;
        let tomorrow = (today + 1) * DAY_SECONDS - now;
        let before = self.codes.get(&plan.number);
        let (expires_at, sent) = before.map_or((0, 0), |code| (code.expires_at, code.sent_on(today)));
        let resend_at = expires_at.saturating_sub(CODE_SECONDS) + CODE_RESEND_SECONDS;
        if expires_at > 0 && resend_at > now {
            return CodePlanned::TooMany { retry_after_seconds: resend_at - now };
        }
        if sent >= CODES_PER_NUMBER_A_DAY {
            return CodePlanned::TooMany { retry_after_seconds: tomorrow };
        }
        let all = self.codes_a_day.entry(today).or_default();
        if *all >= plan.ceiling {
            return CodePlanned::Ceiling { retry_after_seconds: tomorrow };
        }
        *all += 1;
        let expires_at = now + CODE_SECONDS;
        let code = Code { hash: Some(plan.code), tries_left: CODE_TRIES, expires_at, day: today, sent: sent + 1 };
        self.codes.insert(plan.number, code);
        CodePlanned::Planned
    }

    pub fn withdraw_code(&mut self, number: &NumberToken, now: u64) {
        if let Some(code) = self.codes.get_mut(number).filter(|code| code.sent > 0) {
            code.forget();
            code.sent -= 1;
        }
        if let Some(all) = self.codes_a_day.get_mut(&(now / DAY_SECONDS)) {
            *all = all.saturating_sub(1);
        }
    }

    /// Uses a code up if it is right; a wrong one costs a try.
    pub fn redeem(&mut self, proof: &NumberProof, now: u64) -> Redeemed {
        let pending = self.codes.get_mut(&proof.number);
        let Some(code) = pending.filter(|code| code.expires_at > now && code.tries_left > 0) else {
            return Redeemed::Expired;
        };
        if code.hash == Some(proof.code) {
            code.tries_left = 0;
            return Redeemed::Yes;
        }
        code.tries_left -= 1;
        Redeemed::Wrong { tries_left: code.tries_left }
    }

    pub fn sweep_codes(&mut self, now: u64) -> usize {
        let over = self.codes.values_mut().filter(|code| (1..=now).contains(&code.expires_at));
        over.map(Code::forget).count()
    }

    pub fn sweep_code_counts(&mut self, now: u64) -> usize {
        let today = now / DAY_SECONDS;
        let before = self.codes.len() + self.codes_a_day.len();
        self.codes.retain(|_, code| code.day >= today || code.expires_at > now);
        self.codes_a_day.retain(|day, _| *day >= today);
        before - self.codes.len() - self.codes_a_day.len()
    }
}

impl Code {
    fn sent_on(&self, day: u64) -> u32 {
        if self.day == day { self.sent } else { 0 }
    }

    fn forget(&mut self) {
        (self.hash, self.tries_left, self.expires_at) = (None, 0, 0);
    }
}
