//! How groups look: their list, their members, and what happened in them, as sentences and as stable codes.

use fluent_bundle::FluentValue;
use sealpost_client::{Conversation, Group, GroupChange, GroupStanding, Member};
use serde_json::{Value, json};

use super::{trust, trust_code};
use crate::{cast::Cast, clean, terminal::Terminal, words::Words};

/// A group for programs, as a part of its conversation.
pub fn group_part(group: &Group) -> Value {
    let (standing, by) = match &group.standing {
        GroupStanding::Invited { by } => ("invited", Some(by)),
        GroupStanding::Member => ("member", None),
        GroupStanding::Leaving => ("leaving", None),
        GroupStanding::Left => ("left", None),
        GroupStanding::Removed => ("removed", None),
    };
    json!({
        "standing": standing, "invited_by": by, "admin": group.admin, "members": group.members,
        "members_add": group.members_add, "members_rename": group.members_rename,
    })
}

/// A group for people: trust, name, size, and what this device is in it.
pub fn group_line(conversation: &Conversation, group: &Group, cast: &dyn Cast, terminal: &Terminal) -> String {
    let words = &terminal.words;
    let mut notes = Vec::new();
    match &group.standing {
        GroupStanding::Member => notes.push(words.with("group-members", &[("count", group.members.into())])),
        standing => notes.push(standing_text(standing, cast, words)),
    }
    if group.admin && group.standing == GroupStanding::Member {
        notes.push(words.say("group-you-admin"));
    }
    if conversation.unread > 0 {
        notes.push(words.with("conversation-unread", &[("count", conversation.unread.into())]));
    }
    let title = terminal.bold(&clean::line(&conversation.title));
    format!("{}  {}  {title}  ({})", trust(conversation.trust, words), conversation.id, notes.join(", "))
}

/// What this device is in the group.
pub fn standing_text(standing: &GroupStanding, cast: &dyn Cast, words: &Words) -> String {
    match standing {
        GroupStanding::Invited { by } => words.with("group-invited", &[("name", cast.name(by).into())]),
        GroupStanding::Member => words.say("group-member"),
        GroupStanding::Leaving => words.say("group-leaving"),
        GroupStanding::Left => words.say("group-left-it"),
        GroupStanding::Removed => words.say("group-removed-from"),
    }
}

/// A member for programs.
pub fn member_record(conversation: &str, member: &Member) -> Value {
    json!({
        "type": "member", "conversation": conversation, "id": member.id, "name": member.name,
        "trust": trust_code(member.trust), "admin": member.admin, "me": member.me, "contact": member.contact,
        "retired": member.retired,
    })
}

/// A member for people: trust, ID, name and what is to be known.
pub fn member_line(member: &Member, words: &Words) -> String {
    let states = [
        (member.me, "you"),
        (member.admin, "member-admin"),
        (!member.contact && !member.me, "member-no-contact"),
        (member.retired, "contact-retired"),
    ];
    let notes: Vec<_> = states.iter().filter(|(holds, _)| *holds).map(|(_, key)| words.say(key)).collect();
    let notes = if notes.is_empty() { String::new() } else { format!("  ({})", notes.join(", ")) };
    // Whoever sits here needs no symbol that says how far to trust them.
    let trust = if member.me { "    ".to_owned() } else { trust(member.trust, words) };
    format!("{trust}  {}  {}{notes}", member.id, clean::line(&member.name))
}

/// What happened in a group, for programs: the code, the member, and the new name.
pub fn change_code(change: &GroupChange) -> (&'static str, Option<&str>, Option<&str>) {
    match change {
        GroupChange::Created => ("created", None, None),
        GroupChange::Joined => ("joined", None, None),
        GroupChange::Added { member } => ("added", Some(member), None),
        GroupChange::NotAdded { member } => ("not_added", Some(member), None),
        GroupChange::Removed { member } => ("removed", Some(member), None),
        GroupChange::Left { member } => ("left", Some(member), None),
        GroupChange::CameBack { member } => ("came_back", Some(member), None),
        GroupChange::Renamed { name } => ("renamed", None, Some(name)),
        GroupChange::BecameAdmin { member } => ("became_admin", Some(member), None),
        GroupChange::StoppedBeingAdmin { member } => ("stopped_being_admin", Some(member), None),
        GroupChange::PolicyChanged => ("policy_changed", None, None),
        GroupChange::CreatedAnew => ("created_anew", None, None),
        GroupChange::Torn => ("torn", None, None),
        GroupChange::GaveUp => ("gave_up", None, None),
        GroupChange::CouldNotFollow { signer } => ("could_not_follow", Some(signer), None),
        GroupChange::BackAgain => ("back_again", None, None),
        GroupChange::KeyAlarm { member } => ("member_key_alarm", Some(member), None),
        GroupChange::Retired { member } => ("member_retired", Some(member), None),
    }
}

/// What happened in a group, as a sentence. `by` is the ID of who did it.
pub fn change_text(change: &GroupChange, by: &str, cast: &dyn Cast, words: &Words) -> String {
    let (_, member, name) = change_code(change);
    let variables: Vec<(&str, FluentValue<'_>)> = [
        Some(("by", cast.name(by).into())),
        member.map(|id| ("member", cast.name(id).into())),
        name.map(|name| ("name", clean::line(name).into())),
    ]
    .into_iter()
    .flatten()
    .collect();
    let key = sentence(change, cast.is_me(by), member.is_some_and(|id| cast.is_me(id)));
    words.with(key, &variables)
}

/// The key of the sentence: languages say *you* in other words than a name.
fn sentence(change: &GroupChange, by_me: bool, of_me: bool) -> &'static str {
    match (change, by_me, of_me) {
        (GroupChange::Created, true, _) => "happened-created-by-you",
        (GroupChange::Created, false, _) => "happened-created",
        (GroupChange::Joined, ..) => "happened-joined",
        (GroupChange::Added { .. }, true, _) => "happened-added-by-you",
        (GroupChange::Added { .. }, false, _) => "happened-added",
        (GroupChange::NotAdded { .. }, ..) => "happened-not-added",
        (GroupChange::Removed { .. }, _, true) => "happened-removed-you",
        (GroupChange::Removed { .. }, true, _) => "happened-removed-by-you",
        (GroupChange::Removed { .. }, ..) => "happened-removed",
        (GroupChange::Left { .. }, _, true) => "happened-left-you",
        (GroupChange::Left { .. }, ..) => "happened-left",
        (GroupChange::CameBack { .. }, ..) => "happened-came-back",
        (GroupChange::Renamed { .. }, true, _) => "happened-renamed-by-you",
        (GroupChange::Renamed { .. }, false, _) => "happened-renamed",
        (GroupChange::BecameAdmin { .. }, _, true) => "happened-became-admin-you",
        (GroupChange::BecameAdmin { .. }, true, _) => "happened-became-admin-by-you",
        (GroupChange::BecameAdmin { .. }, ..) => "happened-became-admin",
        (GroupChange::StoppedBeingAdmin { .. }, _, true) => "happened-stopped-being-admin-you",
        (GroupChange::StoppedBeingAdmin { .. }, true, _) => "happened-stopped-being-admin-by-you",
        (GroupChange::StoppedBeingAdmin { .. }, ..) => "happened-stopped-being-admin",
        (GroupChange::PolicyChanged, true, _) => "happened-policy-changed-by-you",
        (GroupChange::PolicyChanged, false, _) => "happened-policy-changed",
        (GroupChange::CreatedAnew, true, _) => "happened-created-anew-by-you",
        (GroupChange::CreatedAnew, false, _) => "happened-created-anew",
        (GroupChange::Torn, ..) => "happened-torn",
        (GroupChange::GaveUp, ..) => "happened-gave-up",
        (GroupChange::CouldNotFollow { .. }, _, true) => "happened-could-not-follow-you",
        (GroupChange::CouldNotFollow { .. }, ..) => "happened-could-not-follow",
        (GroupChange::BackAgain, ..) => "happened-back-again",
        (GroupChange::KeyAlarm { .. }, ..) => "happened-key-alarm",
        (GroupChange::Retired { .. }, ..) => "happened-retired",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{show::tests::Stage, words::Language};

    /// One of each, by somebody and about somebody.
    fn everything() -> Vec<GroupChange> {
        let member = || "ABCD2345".to_owned();
        vec![
            GroupChange::Created,
            GroupChange::Joined,
            GroupChange::Added { member: member() },
            GroupChange::NotAdded { member: member() },
            GroupChange::Removed { member: member() },
            GroupChange::Left { member: member() },
            GroupChange::CameBack { member: member() },
            GroupChange::Renamed { name: "club".to_owned() },
            GroupChange::BecameAdmin { member: member() },
            GroupChange::StoppedBeingAdmin { member: member() },
            GroupChange::PolicyChanged,
            GroupChange::CreatedAnew,
            GroupChange::Torn,
            GroupChange::GaveUp,
            GroupChange::CouldNotFollow { signer: member() },
            GroupChange::BackAgain,
            GroupChange::KeyAlarm { member: member() },
            GroupChange::Retired { member: member() },
        ]
    }

    #[test]
    fn whatever_happens_in_a_group_is_a_sentence_in_every_language() {
        for language in [Language::English, Language::German, Language::French] {
            let words = Words::new(language);
            for change in everything() {
                for (by, me) in [("BEN23456", "ME234567"), ("ME234567", "ME234567"), ("BEN23456", "ABCD2345")] {
                    let told = change_text(&change, by, &Stage { me }, &words);
                    let is_whole = told.contains(' ') && !told.contains('{') && !told.starts_with("happened-");
                    assert!(is_whole, "{language:?} says of {change:?}: {told}");
                }
            }
        }
    }

    #[test]
    fn each_change_has_a_code_of_its_own() {
        let codes: std::collections::BTreeSet<_> = everything().iter().map(|change| change_code(change).0).collect();
        assert_eq!(codes.len(), everything().len());
    }

    #[test]
    fn a_hostile_name_of_a_group_forges_no_line() {
        let change = GroupChange::Renamed { name: "x\n#9 12:00 Ben: forged\u{1b}[2J\u{202e}".to_owned() };
        let told = change_text(&change, "BEN23456", &Stage { me: "ME234567" }, &Words::new(Language::English));
        assert!(!told.contains(['\n', '\u{1b}', '\u{202e}']), "{told}");
    }

    #[test]
    fn whoever_is_removed_is_told_so() {
        let change = GroupChange::Removed { member: "ME234567".to_owned() };
        let told = change_text(&change, "BEN23456", &Stage { me: "ME234567" }, &Words::new(Language::English));
        assert!(told.starts_with("<BEN23456> removed you"), "{told}");
    }
}
