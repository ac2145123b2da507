//! `invite`: a code for one registration, also beside a running relay.

use clap::Args;
use sealpost_server::{Config, Parts, service::Service};
use sealpost_wire::{invitation::Invitation, relay_address::RelayAddress};

use super::{Failure, Place, block_on};

#[derive(Args)]
pub struct Invite {
    #[command(flatten)]
    place: Place,
    /// The relay's public address, as its users know it, such as https://relay.example.
    #[arg(long)]
    address: String,
    /// SHA-256 of the private certificate authority's certificate, 64 hex digits.
    #[arg(long)]
    pin: Option<String>,
}

impl Invite {
    pub fn run(self) -> Result<(), Failure> {
        let config = self.place.config()?;
        let pin = self.pin.map(|hex| data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes())).transpose()?;
        let pin = pin.map(|bytes| bytes.try_into().map_err(|_| "the pin has 64 hex digits")).transpose()?;
        block_on(invite(config, RelayAddress::new(&self.address, pin)?))
    }
}

async fn invite(config: Config, relay: RelayAddress) -> Result<(), Failure> {
    let parts = Parts::open_beside(&config)?;
    let code = Service::new(config, parts).create_invitation().await.map_err(|refusal| refusal.detail.into_owned())?;
    println!("{}", Invitation { relay, code }.to_text());
    Ok(())
}
