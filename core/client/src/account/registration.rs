//! Registering at a relay: by phone number and code, by invitation, or with nothing, where the relay allows it.

use std::sync::Arc;

use sealpost_engine::{
    command::{Command, Reply},
    identity::{AccountState, PreparedRegistration},
};
use sealpost_wire::{
    PROTOCOL_VERSION,
    api::{
        account::{CodeRequest, CodeSent, Registered, Registration, RegistrationProof, Session, SessionRequest},
        relay::RelayInfo,
    },
    error::ErrorCode,
    invitation::Invitation,
    relay_address::RelayAddress,
};

use super::Account;
use crate::{
    error::Error,
    failure,
    native::http::{DeviceIdentity, Http, HttpError, Method},
    stop::Stop,
    stop_points::stop_point,
    types::{CodeView, PrivacyItem, PrivacyView, Profile, RelayView, Way},
    views,
};

/// IDs that are drawn before something else must be wrong: of 2^40 hardly one is taken.
const DRAWS: u32 = 5;

impl Account {
    /// What a relay says of itself. `pin`: SHA-256 of its private authority's certificate.
    pub fn relay_info(&self, relay: &str, pin: Option<[u8; 32]>, stop: &Stop) -> Result<RelayView, Error> {
        self.relay_view(&address(relay, pin)?, stop)
    }

    /// What the relay that an invitation leads to says of itself.
    ///
    /// # Errors
    /// `InvalidInvitation`; those of the network.
    pub fn inviting_relay(&self, invitation: &str, stop: &Stop) -> Result<RelayView, Error> {
        self.relay_view(&read_invitation(invitation)?.relay, stop)
    }

    fn relay_view(&self, relay: &RelayAddress, stop: &Stop) -> Result<RelayView, Error> {
        let http = http(relay)?;
        let info = self.wait(stop, info(&http))?;
        let ways = info.registration;
        Ok(RelayView {
            operator: info.operator,
            region: info.region,
            phone: ways.phone,
            invitation: ways.invitation,
            open: ways.open,
        })
    }

    /// What this account's relay says that it stores and logs.
    ///
    /// # Errors
    /// `NotRegistered`; those of the network.
    pub fn relay_privacy(&self, stop: &Stop) -> Result<PrivacyView, Error> {
        let row = self.row()?;
        let relay = row.relay.as_ref().filter(|_| row.state != AccountState::New).ok_or(Error::NotRegistered)?;
        let http = http(relay)?;
        let info = self.wait(stop, info(&http))?;
        let items = http.ask::<Vec<Item>>(Method::GET, "/v1/privacy", None::<&()>);
        let items = self.wait(stop, items)?.into_iter().map(Item::view).collect();
        Ok(PrivacyView { operator: views::line(&info.operator), region: views::line(&info.region), items })
    }

    /// Has the relay send a six-digit code by SMS. `number` in any international form, `language` one of de, en, fr.
    ///
    /// # Errors
    /// `InvalidNumber`, `CountryNotAllowed`, `TooManyRequests`, `SmsFailed`; those of the network.
    pub fn request_code(
        &self,
        relay: &str,
        pin: Option<[u8; 32]>,
        number: &str,
        language: &str,
        stop: &Stop,
    ) -> Result<CodeView, Error> {
        let http = http(&address(relay, pin)?)?;
        let request = CodeRequest { number: normalized(number)?, language: language.to_owned() };
        let sent = http.ask::<CodeSent>(Method::POST, "/v1/registration/codes", Some(&request));
        let sent = self.wait(stop, sent)?;
        Ok(CodeView { expires_in_seconds: sent.expires_in_seconds, resend_after_seconds: sent.resend_after_seconds })
    }

    /// Registers this device's ID and keys. An interrupted registration may be repeated as it was.
    ///
    /// # Errors
    /// `AlreadyRegistered`, `CodeWrong`, `CodeExpired`, `InvitationRefused`, `RegistrationClosed`; those of the
    /// network.
    pub fn register(&self, relay: &str, pin: Option<[u8; 32]>, way: Way, stop: &Stop) -> Result<Profile, Error> {
        let row = self.row()?;
        if row.state != AccountState::New {
            return Err(Error::AlreadyRegistered);
        }
        let (relay, proof) = proof(relay, pin, way)?;
        let http = http(&relay)?;
        let info = self.wait(stop, info(&http))?;
        if info.oldest_version > PROTOCOL_VERSION {
            return Err(Error::TooOldVersion);
        }
        let mut reply = self.command(Command::PrepareRegistration { relay, info })?;
        for _ in 0..DRAWS {
            let Reply::Registration(prepared) = reply else { break };
            match self.claim(&http, *prepared, &proof, stop)? {
                Some(registered) => {
                    stop_point("after_account_claimed");
                    self.done(Command::Registered(registered))?;
                    return self.profile();
                }
                None => reply = self.command(Command::RedrawId)?,
            }
        }
        Err(Error::Refused { code: ErrorCode::IdTaken.as_str().to_owned(), detail: String::new() })
    }

    /// Lets this device go on although the relay took it for a copy (see [`AccountState::Copied`]): every other device
    /// of this ID is refused from now on, and all conversations are joined afresh.
    ///
    /// [`AccountState::Copied`]: crate::AccountState::Copied
    ///
    /// # Errors
    /// `NotRegistered`; `Retired`; those of the network.
    pub fn start_over(&self, stop: &Stop) -> Result<(), Error> {
        let (http, identity) = self.signing()?;
        let request = SessionRequest { session_secret: Vec::new(), start_over: true };
        self.disconnect();
        let session = http.ask_signed::<Session>(&identity, Method::POST, "/v1/sessions", Some(&request));
        let session = self.wait(stop, session)?;
        self.done(Command::StartOver { next_secret: session.next_secret })
    }

    /// Deletes the account at the relay, with all that waits for it there, for good: the ID is never given out again.
    /// What is stored on this device can still be read. Contacts learn of it when they write; leave groups before.
    ///
    /// # Errors
    /// `NotRegistered`; those of the network.
    pub fn delete_account(&self, stop: &Stop) -> Result<(), Error> {
        let (http, identity) = self.signing()?;
        self.disconnect();
        let deleted = http.ask_signed::<()>(&identity, Method::DELETE, "/v1/accounts", None::<&()>);
        match self.wait(stop, deleted) {
            // The answer of the time before may have been lost.
            Ok(()) | Err(Error::Retired) => self.done(Command::Deleted),
            Err(error) => Err(error),
        }
    }

    fn signing(&self) -> Result<(Http, Arc<DeviceIdentity>), Error> {
        let row = self.row()?;
        let relay = row.relay.as_ref().filter(|_| row.state != AccountState::New).ok_or(Error::NotRegistered)?;
        Ok((http(relay)?, DeviceIdentity::of(&row)))
    }

    /// `None`: the ID is taken.
    fn claim(
        &self,
        http: &Http,
        prepared: PreparedRegistration,
        proof: &RegistrationProof,
        stop: &Stop,
    ) -> Result<Option<Registered>, Error> {
        let identity = DeviceIdentity::of(&self.row()?);
        let PreparedRegistration { entry, tokens, key_packages } = prepared;
        let body = Registration { entry, proof: proof.clone(), tokens, key_packages };
        let asked = async {
            match http.ask_signed(&identity, Method::POST, "/v1/accounts", Some(&body)).await {
                Ok(registered) => Ok(Some(registered)),
                Err(HttpError::Refused(error)) if error.code == ErrorCode::IdTaken => Ok(None),
                Err(error) => Err(error),
            }
        };
        self.wait(stop, asked)
    }

    fn wait<T>(&self, stop: &Stop, work: impl Future<Output = Result<T, HttpError>>) -> Result<T, Error> {
        self.runtime()?.block_on(async {
            tokio::select! {
                answer = work => answer.map_err(failure::of_http),
                () = stop.stopped() => Err(Error::Stopped),
            }
        })
    }
}

/// One item of `/v1/privacy`.
#[derive(serde::Deserialize)]
struct Item {
    place: String,
    what: String,
    why: String,
    legal_basis: String,
    readable_by: String,
    kept: String,
}

impl Item {
    fn view(self) -> PrivacyItem {
        PrivacyItem {
            place: views::line(&self.place),
            what: views::line(&self.what),
            why: views::line(&self.why),
            legal_basis: views::line(&self.legal_basis),
            readable_by: views::line(&self.readable_by),
            kept: views::line(&self.kept),
        }
    }
}

async fn info(http: &Http) -> Result<RelayInfo, HttpError> {
    http.ask(Method::GET, "/v1/relay", None::<&()>).await
}

fn http(relay: &RelayAddress) -> Result<Http, Error> {
    Http::new(relay).map_err(failure::of_http)
}

fn address(relay: &str, pin: Option<[u8; 32]>) -> Result<RelayAddress, Error> {
    RelayAddress::new(relay, pin).map_err(|error| Error::InvalidRelay { reason: error.to_string() })
}

fn proof(relay: &str, pin: Option<[u8; 32]>, way: Way) -> Result<(RelayAddress, RegistrationProof), Error> {
    Ok(match way {
        Way::Phone { number, code } => {
            let code = code.chars().filter(char::is_ascii_digit).collect();
            (address(relay, pin)?, RegistrationProof::Phone { number: normalized(&number)?, code })
        }
        Way::Invitation { text } => {
            let invitation = read_invitation(&text)?;
            (invitation.relay, RegistrationProof::Invitation { code: invitation.code.to_vec() })
        }
        Way::Open => (address(relay, pin)?, RegistrationProof::Open),
    })
}

/// E.164, by libphonenumber's data.
fn normalized(number: &str) -> Result<String, Error> {
    let parsed = phonenumber::parse(None, number.trim()).map_err(|_| Error::InvalidNumber)?;
    Ok(parsed.format().mode(phonenumber::Mode::E164).to_string())
}

fn read_invitation(text: &str) -> Result<Invitation, Error> {
    Invitation::from_text(text).map_err(|error| Error::InvalidInvitation { reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_normalized_to_their_international_form() {
        for text in ["+33 6 39 98 00 01", "+33639980001", " +33 (0)6 39 98 00 01"] {
            assert_eq!(normalized(text), Ok("+33639980001".to_owned()), "{text}");
        }
        for text in ["", "12", "0639980001", "hello"] {
            assert_eq!(normalized(text), Err(Error::InvalidNumber), "{text}");
        }
    }
}
