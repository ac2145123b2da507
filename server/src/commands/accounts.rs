//! `accounts`: counted, suspended, resumed, deleted, written out; also beside a running relay.

use std::io::{BufRead, IsTerminal, Write, stderr, stdin};

use clap::{Args, Subcommand};
use sealpost_server::{
    inventory::{INVENTORY, Item},
    store::sqlite,
};
use sealpost_wire::id::UserId;

use super::{
    Failure, Place, figures,
    place::{database, on_service},
};

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
    /// Writes all that the relay holds of an account as JSON, with what it is and why: for whoever asks.
    Export(Named),
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
            Verb::Export(named) => export(named),
            Verb::Delete { named, yes } => delete(named, yes),
        }
    }
}

fn count(place: Place, json: bool) -> Result<(), Failure> {
    let totals = on_service(&place.config()?, async |service| service.totals().await)?;
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
        println!("{}, {suspended} of them suspended", figures::count(totals.accounts, "account"));
        let waiting = figures::count(totals.waiting_messages, "message");
        println!("{waiting} waiting, {}", figures::bytes(totals.waiting_bytes));
    }
    Ok(())
}

fn suspend(named: Named, suspended: bool) -> Result<(), Failure> {
    let id = named.id;
    if !on_service(&named.place.config()?, async |service| service.suspend(id, suspended).await)? {
        return Err(unknown(id));
    }
    match suspended {
        true => println!("{id} is suspended; a running relay ends its sessions within seconds; `resume` undoes it"),
        false => println!("{id} goes on; what waited is delivered, senders try again by themselves"),
    }
    Ok(())
}

/// Rows of the database by table, values of bytes in Base64, and the inventory of the same tables.
fn export(named: Named) -> Result<(), Failure> {
    let (id, config) = (named.id, named.place.config()?);
    let traces = on_service(&config, async |service| service.traces(id).await)?;
    let tables = sqlite::extract(&database(&config)?, id, &traces)?;
    if tables.is_empty() {
        return Err(unknown(id));
    }
    let is_held = |item: &&Item| {
        let place = item.place.split_once('.').and_then(|(table, column)| tables.get(table)?.first()?.get(column));
        place.is_some()
    };
    let items: Vec<&Item> = INVENTORY.iter().filter(is_held).collect();
    let held = serde_json::json!({
        "id": id.to_string(), "operator": config.operator, "region": config.region, "held": tables, "meaning": items,
    });
    let mut output = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut output, &held)?;
    Ok(writeln!(output)?)
}

fn delete(named: Named, yes: bool) -> Result<(), Failure> {
    let id = named.id;
    if !yes {
        confirm(id)?;
    }
    if !on_service(&named.place.config()?, async |service| service.erase(id).await)? {
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
