//! `invitations`: those that nobody has used yet, counted and withdrawn; also beside a running relay.

use clap::{Args, Subcommand};
use sealpost_wire::invitation::Invitation;

use super::{Failure, Place, figures::count, place::on_service};

#[derive(Args)]
pub struct Invitations {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Says how many are open. Whose they are the relay does not know.
    Count(Place),
    /// Makes an invitation worthless: nobody registers with it any more.
    Withdraw {
        #[command(flatten)]
        place: Place,
        /// Its text, as `invite` printed it.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        invitation: Option<String>,
        /// All that are open.
        #[arg(long)]
        all: bool,
    },
}

impl Invitations {
    pub fn run(self) -> Result<(), Failure> {
        match self.verb {
            Verb::Count(place) => {
                let open = on_service(&place.config()?, async |service| service.open_invitations().await)?;
                println!("{} open", count(open, "invitation"));
            }
            Verb::Withdraw { place, invitation: None, .. } => {
                let withdrawn = on_service(&place.config()?, async |service| service.withdraw_invitations().await)?;
                println!("{} withdrawn", count(withdrawn, "invitation"));
            }
            Verb::Withdraw { place, invitation: Some(text), .. } => {
                let invitation = Invitation::from_text(&text);
                let code =
                    invitation.map_err(|_| "this is no invitation; give its whole text, as `invite` printed it")?.code;
                if !on_service(&place.config()?, async |service| service.withdraw_invitation(&code).await)? {
                    return Err("it is not open: used, over, withdrawn before, or another relay's; whoever has \
                                registered with it is stopped by `accounts suspend` and their ID"
                        .into());
                }
                println!("withdrawn; nobody registers with it any more");
            }
        }
        Ok(())
    }
}
