//! `groups`: conversations of many: who is in them, and what members and admins do with them.

use clap::{Arg, ArgMatches, Command};
use sealpost_client::{Account, Body, Conversation, Error, GroupChange, GroupStanding, Message, SystemRow};

use crate::{
    account_folder::AccountFolder,
    arguments::{dressed, flag, option, positional, text},
    cast::Members,
    exit::{CommandError, Exit},
    people,
    session::{self, Deadline},
    show::{self, group},
    terminal::Terminal,
    words::Words,
};

/// How long a change may take until it is agreed on, before it waits in the outbox.
const CHANGE_SECONDS: u64 = 20;
/// The most rows that are shown of what a change has brought.
const SHOWN_NEWS: u32 = 100;

pub fn command(words: &Words) -> Command {
    let command = |name: &'static str, usage, about| dressed(Command::new(name), words, usage, about);
    let which = || positional(words, "group", "value-group", "help-group").required(true);
    let who = |name| positional(words, name, "value-who", "help-who");
    let many = || who("who").required(true).num_args(1..);
    let name = || positional(words, "name", "value-name", "groups-help-name").required(true);
    let revoke = flag(words, "revoke", "groups-help-revoke");
    let without = option(words, "without", "value-who", "groups-help-without").num_args(1..);
    command("groups", "groups-usage", "groups-about")
        .subcommand(command("create", "groups-create-usage", "groups-create-about").arg(name()).arg(many()))
        .subcommand(command("show", "groups-show-usage", "groups-show-about").arg(which()))
        .subcommand(command("add", "groups-add-usage", "groups-add-about").arg(which()).arg(many()))
        .subcommand(command("remove", "groups-remove-usage", "groups-remove-about").arg(which()).arg(many()))
        .subcommand(command("rename", "groups-rename-usage", "groups-rename-about").arg(which()).arg(name()))
        .subcommand(
            command("admin", "groups-admin-usage", "groups-admin-about")
                .arg(which())
                .arg(who("who").required(true))
                .arg(revoke),
        )
        .subcommand(policy(words).arg(which()))
        .subcommand(command("accept", "groups-accept-usage", "groups-accept-about").arg(which()))
        .subcommand(command("leave", "groups-leave-usage", "groups-leave-about").arg(which()))
        .subcommand(command("recreate", "groups-recreate-usage", "groups-recreate-about").arg(which()).arg(without))
}

fn policy(words: &Words) -> Command {
    let switch =
        |name: &'static str, help| -> Arg { option(words, name, "value-switch", help).value_parser(["on", "off"]) };
    dressed(Command::new("policy"), words, "groups-policy-usage", "groups-policy-about")
        .arg(switch("members-add", "groups-help-members-add").required_unless_present("members-rename"))
        .arg(switch("members-rename", "groups-help-members-rename"))
}

pub fn run(matches: &ArgMatches, terminal: &Terminal, folder: &AccountFolder) -> Result<(), CommandError> {
    let account = folder.open(terminal)?;
    let Some((verb, matches)) = matches.subcommand() else {
        return list(&account, terminal);
    };
    let group = match verb {
        "create" => {
            let who = people::find_all(&account, several(matches, "who"))?;
            account.create_group(text(matches, "name").unwrap_or_default(), &who)?
        }
        _ => people::find_group(&account, text(matches, "group").unwrap_or_default())?,
    };
    if verb == "show" {
        return show_group(&account, terminal, &group.id);
    }
    let named = order(&account, verb, matches, &group)?;
    terminal.remark(&terminal.words.say("groups-on-its-way"));
    let settled = session::settle(&account, Deadline::after_seconds(CHANGE_SECONDS));
    let news = news(&account, &group)?;
    let cast = Members::of(&account, &group.id)?;
    for message in &news {
        terminal.record(&show::message_record(message));
        terminal.line(&show::message_line(message, None, &cast, &terminal.words));
    }
    show_group(&account, terminal, &group.id)?;
    outcome(&account, verb, &group.id, &named, &news, settled)
}

/// Gives the order. Answers with the IDs of those whom it is about.
fn order(
    account: &Account,
    verb: &str,
    matches: &ArgMatches,
    group: &Conversation,
) -> Result<Vec<String>, CommandError> {
    let id = group.id.as_str();
    let mut named = Vec::new();
    match verb {
        "create" => {}
        "add" => {
            named = people::find_all(account, several(matches, "who"))?;
            account.add_members(id, &named)?;
        }
        "remove" => {
            named = people::find_members(account, id, several(matches, "who"))?;
            account.remove_members(id, &named)?;
        }
        "rename" => account.rename_group(id, text(matches, "name").unwrap_or_default())?,
        "admin" => {
            let member = people::find_member(account, id, text(matches, "who").unwrap_or_default())?;
            account.set_admin(id, &member, !matches.get_flag("revoke"))?;
        }
        "policy" => {
            let group = group.group.as_ref().ok_or(Error::NotAGroup)?;
            let wished = |name, now| text(matches, name).map_or(now, |switch| switch == "on");
            let add = wished("members-add", group.members_add);
            account.set_group_policy(id, add, wished("members-rename", group.members_rename))?;
        }
        "accept" => account.accept_invitation(id)?,
        "leave" => account.leave_group(id)?,
        _ => {
            let without = people::find_members(account, id, several(matches, "without"))?;
            account.recreate_group(id, &without)?;
        }
    }
    Ok(named)
}

/// What happened in the group since then, newest last.
fn news(account: &Account, before: &Conversation) -> Result<Vec<Message>, CommandError> {
    let seen = before.last.as_ref().map(|message| message.position);
    let mut messages = account.messages(&before.id, None, SHOWN_NEWS)?;
    messages.retain(|message| seen.is_none_or(|seen| message.position > seen));
    messages.retain(|message| matches!(message.body, Body::System { .. }));
    Ok(messages)
}

/// Whether the change has come about.
fn outcome(
    account: &Account,
    verb: &str,
    group: &str,
    named: &[String],
    news: &[Message],
    settled: Result<(), CommandError>,
) -> Result<(), CommandError> {
    let missing: Vec<_> = news.iter().filter_map(not_added).collect();
    if !missing.is_empty() {
        let names: Result<Vec<_>, _> = missing.iter().map(|id| account.author_name(group, id)).collect();
        return Err(CommandError::new("not_added", Exit::NeedsUser).with("names", &names?.join(", ")));
    }
    let members = account.members(group)?;
    let is_in = |id: &String| members.iter().any(|member| member.id == *id);
    let standing = account.conversation(group)?.group.map(|group| group.standing);
    let is_done = match verb {
        "create" => !members.is_empty(),
        "add" => named.iter().all(is_in),
        "remove" => !named.iter().any(is_in),
        "leave" => standing == Some(GroupStanding::Left),
        _ => settled.is_ok(),
    };
    match settled {
        _ if is_done => Ok(()),
        Err(error) if error.exit != Exit::Unreachable => Err(error),
        _ => Err(CommandError::new("change_waiting", Exit::Waiting)),
    }
}

fn not_added(message: &Message) -> Option<&str> {
    match &message.body {
        Body::System { what: SystemRow::Group { change: GroupChange::NotAdded { member } } } => Some(member),
        _ => None,
    }
}

fn list(account: &Account, terminal: &Terminal) -> Result<(), CommandError> {
    let mut groups = account.conversations()?;
    groups.retain(|conversation| conversation.group.is_some());
    if groups.is_empty() {
        terminal.say("groups-none");
    }
    for conversation in &groups {
        show_head(account, terminal, conversation)?;
    }
    Ok(())
}

/// A group with everybody who is in it.
fn show_group(account: &Account, terminal: &Terminal, id: &str) -> Result<(), CommandError> {
    let conversation = account.conversation(id)?;
    show_head(account, terminal, &conversation)?;
    for member in account.members(id)? {
        terminal.record(&group::member_record(id, &member));
        terminal.line(&group::member_line(&member, &terminal.words));
    }
    let Some(shown) = conversation.group.filter(|shown| shown.standing == GroupStanding::Member) else {
        return Ok(());
    };
    terminal.say(if shown.members_add { "group-members-add" } else { "group-admins-add" });
    terminal.say(if shown.members_rename { "group-members-rename" } else { "group-admins-rename" });
    Ok(())
}

fn show_head(account: &Account, terminal: &Terminal, conversation: &Conversation) -> Result<(), CommandError> {
    let shown = conversation.group.as_ref().ok_or(Error::NotAGroup)?;
    terminal.record(&show::conversation_record(conversation));
    terminal.line(&group::group_line(conversation, shown, &Members::of(account, &conversation.id)?, terminal));
    Ok(())
}

/// The texts of an argument that takes several.
fn several<'a>(matches: &'a ArgMatches, name: &str) -> impl Iterator<Item = &'a str> {
    matches.get_many::<String>(name).unwrap_or_default().map(String::as_str)
}
