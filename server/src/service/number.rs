//! Phone numbers: checked, turned into tokens at once, proven by a code.
//!
//! Invariant: a number lives in a request's memory only; what is kept is its OPRF token.

use std::net::IpAddr;

use phonenumber::{Mode, PhoneNumber, Type, metadata::DATABASE};
use sealpost_wire::{
    api::account::{CodeRequest, CodeSent, NumberLink, NumberLinked},
    error::ErrorCode,
    frame::NoticeKind,
    id::UserId,
    limits::{CODE_RESEND_SECONDS, CODE_SECONDS, RETIREMENT_SECONDS},
};

use super::{Refusal, Service, rate::AddressPrefix};
use crate::{
    hub::Signal,
    metrics::Limit,
    sms,
    store::{CodePlan, CodePlanned, Hash, NumberLinking, NumberProof, NumberToken, hour_after},
};

/// A code's digits.
const CODES: u32 = 1_000_000;

impl Service {
    pub async fn send_code(&self, request: &CodeRequest, address: IpAddr) -> Result<CodeSent, Refusal> {
        if !self.config.registration.phone {
            return Err(Refusal::new(ErrorCode::RegistrationClosed, "not by phone number"));
        }
        let number = self.parse_number(&request.number)?;
        let now = self.now();
        let taken = self.codes.take(AddressPrefix::of(address), now);
        taken.map_err(|after| self.limited(Limit::Codes, "codes for this address prefix", after))?;
        let token = self.keys.number.token(&number);
        let code = self.draw_code()?;
        let ceiling = self.config.sms.codes_a_day;
        let plan = CodePlan { number: token, code: self.code_hash(&token, &code), ceiling };
        match self.store.plan_code(plan, now).await? {
            CodePlanned::Planned => {}
            CodePlanned::TooMany { retry_after_seconds } => {
                return Err(self.limited(Limit::Codes, "codes for this number", retry_after_seconds));
            }
            CodePlanned::Ceiling { retry_after_seconds } => {
                self.metrics.limited(Limit::Codes);
                return Err(Refusal::retry(ErrorCode::SmsCeiling, "codes of today", retry_after_seconds));
            }
        }
        if let Err(error) = self.sms.send(&number, &sms::text::code(&request.language, &code)).await {
            tracing::warn!(reason = %error, "a code could not be sent");
            self.store.withdraw_code(token, now).await?;
            return Err(Refusal::retry(ErrorCode::SmsFailed, "the SMS service failed", CODE_RESEND_SECONDS));
        }
        Ok(CodeSent { expires_in_seconds: CODE_SECONDS, resend_after_seconds: CODE_RESEND_SECONDS })
    }

    pub async fn link_number(&self, id: UserId, link: &NumberLink) -> Result<NumberLinked, Refusal> {
        let proof = self.number_proof(&link.number, &link.code)?;
        let token = proof.number;
        let retire_at = proof.retire_at;
        match self.store.link_number(id, proof, self.now()).await? {
            NumberLinking::Done { moved_from } => {
                self.tell_moved(moved_from, retire_at);
                Ok(NumberLinked { number_token: token.to_vec() })
            }
            NumberLinking::CodeWrong { tries_left } => Err(code_wrong(tries_left)),
            NumberLinking::CodeExpired => Err(code_expired()),
        }
    }

    pub async fn unlink_number(&self, id: UserId) -> Result<(), Refusal> {
        Ok(self.store.unlink_number(id).await?)
    }

    pub(super) fn number_proof(&self, number: &str, code: &str) -> Result<NumberProof, Refusal> {
        let number = self.keys.number.token(&self.parse_number(number)?);
        let retire_at = hour_after(self.now() + RETIREMENT_SECONDS);
        Ok(NumberProof { code: self.code_hash(&number, code), number, retire_at })
    }

    /// Tells the device that lost its number, if it is connected.
    pub(super) fn tell_moved(&self, from: Option<UserId>, retire_at: u64) {
        if let Some(id) = from {
            self.hub.signal(id, Signal::Notice { kind: NoticeKind::NumberMoved, deadline_seconds: retire_at });
        }
    }

    /// In E.164, of a country that codes are sent to.
    fn parse_number(&self, text: &str) -> Result<String, Refusal> {
        let invalid = || Refusal::new(ErrorCode::NumberInvalid, "not an international phone number");
        let written = |character: char| character.is_ascii_digit() || " -()/.".contains(character);
        if text.len() > 32 || !text.strip_prefix('+').is_some_and(|rest| rest.chars().all(written)) {
            return Err(invalid());
        }
        let number = phonenumber::parse(None, text).map_err(|_| invalid())?;
        let country = plausible_country(&number).filter(|_| number.extension().is_none()).ok_or_else(invalid)?;
        match &self.config.sms.countries {
            None => {}
            Some(allowed) if allowed.iter().any(|code| code.eq_ignore_ascii_case(country)) => {}
            Some(_) => return Err(Refusal::new(ErrorCode::CountryNotAllowed, "no codes to this country")),
        }
        Ok(number.format().mode(Mode::E164).to_string())
    }

    /// Six digits, each code equally likely: draws beyond a whole number of them are thrown away.
    fn draw_code(&self) -> Result<String, Refusal> {
        loop {
            let drawn = u32::from_be_bytes(self.random()?);
            if drawn < u32::MAX - u32::MAX % CODES {
                return Ok(format!("{:06}", drawn % CODES));
            }
        }
    }

    fn code_hash(&self, number: &NumberToken, code: &str) -> Hash {
        self.keys.hash.hash("code", &[number, code.trim().as_bytes()])
    }
}

/// The ISO 3166 code of the country that a number can belong to, judged by its length: which blocks are in use changes
/// faster than any table, and the SMS service knows.
fn plausible_country(number: &PhoneNumber) -> Option<&'static str> {
    let length = u16::try_from(number.national().to_string().len()).ok()?;
    let regions = DATABASE.by_code(&number.country().code())?;
    let lengths = |kind| regions.iter().filter_map(move |region| region.descriptors().get(kind));
    let mut possible = [Type::FixedLine, Type::Mobile].into_iter().flat_map(lengths);
    let possible = possible.any(|numbers| numbers.possible_length().contains(&length));
    let main = || regions.iter().find(|region| region.is_main_country_for_code()).or(regions.first()).copied();
    let region = number.metadata(&DATABASE).or_else(main)?;
    possible.then_some(region.id())
}

pub fn code_wrong(tries_left: u32) -> Refusal {
    Refusal::new(ErrorCode::CodeWrong, format!("{tries_left} tries left"))
}

pub fn code_expired() -> Refusal {
    Refusal::new(ErrorCode::CodeExpired, "ask for another code")
}
