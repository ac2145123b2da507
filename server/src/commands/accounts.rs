//! `accounts`: counted, suspended, resumed, deleted; also beside a running relay.

use std::io::{BufRead, IsTerminal, Write, stderr, stdin};

use clap::{Args, Subcommand};
use sealpost_server::{
    Parts,
    service::{Refusal, Service},
};
use sealpost_wire::id::UserId;

use super::{Failure, Place, block_on, figures::bytes};

#[derive(Args)]
pub struct Accounts {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Says how many there are, and how much waits for them.
    Count {
        #[command(flatten)]
        place: Place,
        /// One line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Ends an account's sessions, accepts and delivers nothing until `resume`. What waits stays.
    Suspend(Named),
    /// Lets a suspended account go on.
    Resume(Named),
    /// Deletes an account with all that waits for it; its ID stays taken, its contacts are told that it is retired.
    Delete {
        #[command(flatten)]
        named: Named,
        /// Does not ask.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args)]
struct Named {
    /// The account's ID.
    id: UserId,
    #[command(flatten)]
    place: Place,
}

impl Accounts {
    pub fn run(self) -> Result<(), Failure> {
        match self.verb {
            Verb::Count { place, json } => count(place, json),
            Verb::Suspend(named) => suspend(named, true),
            Verb::Resume(named) => suspend(named, false),
            Verb::Delete { named, yes } => delete(named, yes),
        }
    }
}

fn count(place: Place, json: bool) -> Result<(), Failure> {
    let totals = on_service(place, async |service| service.totals().await)?;
    let suspended = totals.suspended_accounts;
    if json {
        println!(
            "{}",
            serde_json::json!({
                "accounts": totals.accounts,
                "suspended_accounts": suspended,
                "waiting_messages": totals.waiting_messages,
                "waiting_bytes": totals.waiting_bytes,
            })
        );
    } else {
        println!("{} accounts, {suspended} of them suspended", totals.accounts);
        println!("{} messages wait, {}", totals.waiting_messages, bytes(totals.waiting_bytes));
    }
    Ok(())
}

fn suspend(named: Named, suspended: bool) -> Result<(), Failure> {
    let id = named.id;
    if !on_service(named.place, async |service| service.suspend(id, suspended).await)? {
        return Err(unknown(id));
    }
    match suspended {
        true => println!("{id} is suspended; a running relay ends its sessions within seconds; `resume` undoes it"),
        false => println!("{id} goes on; what waited is delivered, senders try again by themselves"),
    }
    Ok(())
}

fn delete(named: Named, yes: bool) -> Result<(), Failure> {
    let id = named.id;
    if !yes {
        confirm(id)?;
    }
    if !on_service(named.place, async |service| service.erase(id).await)? {
        return Err(unknown(id));
    }
    println!("{id} is deleted with all that waited for it; the ID stays taken");
    Ok(())
}

/// By the ID once more: a habit of pressing y deletes nobody.
fn confirm(id: UserId) -> Result<(), Failure> {
    if !stdin().is_terminal() {
        return Err("nobody is there to confirm; nothing was deleted; repeat it with --yes".into());
    }
    eprint!("This can't be undone. Enter {id} again to delete the account: ");
    stderr().flush()?;
    let mut line = String::new();
    stdin().lock().read_line(&mut line)?;
    if line.trim().parse() != Ok(id) {
        return Err("another ID, or none; nothing was deleted".into());
    }
    Ok(())
}

fn unknown(id: UserId) -> Failure {
    format!("there is no account {id} at this relay; look at the ID, and at --data").into()
}

/// Works on the store beside the relay.
fn on_service<T>(place: Place, work: impl AsyncFnOnce(&Service) -> Result<T, Refusal>) -> Result<T, Failure> {
    let config = place.config()?;
    let database = config.data.join("relay.sqlite");
    if !database.exists() {
        return Err(format!("{} is not there; check --data and --config", database.display()).into());
    }
    block_on(async {
        let service = Service::new(config.clone(), Parts::open_beside(&config)?);
        work(&service)
            .await
            .map_err(|refusal| format!("{}; nothing is known to be changed, repeat it", refusal.detail).into())
    })
}
