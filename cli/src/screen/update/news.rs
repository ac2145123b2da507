//! What came of an effect, taken into the state.

use sealpost_client::{Body, Message};

use super::{refuse, scroll, tell};
use crate::{
    screen::{
        editor::Editor,
        model::{Effect, Focus, Listed, Model, News, Open, Overlay, Purpose, Stage, WINDOW},
    },
    show,
};

pub fn take(model: &mut Model<'_>, news: News) -> Vec<Effect> {
    match news {
        News::All(list) => {
            model.list = list;
            if model.cursor.as_ref().is_none_or(|cursor| model.listed(cursor).is_none()) {
                model.cursor = model.list.first().map(|listed| listed.conversation.id.clone());
            }
        }
        News::One(listed) => one(model, *listed),
        News::Profile(profile) => model.profile = *profile,
        News::Outbox(waiting) => model.waiting = waiting,
        News::Message { message, names } => return arrived(model, *message, names),
        News::Cast { conversation, cast } => {
            if let Some(open) = model.open.as_mut().filter(|open| open.id == conversation) {
                // Whoever has left is still named in what they wrote.
                let before = std::mem::replace(&mut open.cast, cast);
                for (id, name) in before.names {
                    open.cast.names.entry(id).or_insert(name);
                }
            }
        }
        News::Opened { listed, page, cast, around, has_oldest } => {
            let part = Part { page, around, has_oldest };
            opened(model, *listed, part, cast);
        }
        News::Page { conversation, page, names, is_older, is_last } => {
            if let Some(open) = model.open.as_mut().filter(|open| open.id == conversation) {
                open.cast.names.extend(names);
                join(open, page, is_older, is_last);
            }
        }
        News::Contacts(contacts) => {
            model.overlay = Some(Overlay::Pick { query: String::new(), contacts, chosen: 0 });
        }
        News::People { title, members, contact } => {
            let mut lines: Vec<String> =
                members.iter().map(|member| show::group::member_line(member, model.words)).collect();
            if let Some(contact) = contact {
                lines.push(show::contact_line(&contact, model.words));
                lines.push(model.words.with("id-fingerprint", &[("fingerprint", contact.fingerprint.into())]));
            }
            model.overlay = Some(Overlay::People { title, lines, line: 0 });
        }
        News::Found { query, found, is_cut } => {
            if let Some(Overlay::Search(search)) = &mut model.overlay {
                search.searched = Some(query);
                (search.found, search.is_cut, search.chosen) = (found, is_cut, 0);
            }
        }
        News::Told(text) => tell(model, &text),
        News::Failed { error, text } => {
            refuse(model, &error);
            let open = model.open.as_mut().filter(|open| open.editor.is_empty());
            if let (Some(open), Some(text)) = (open, text) {
                open.editor = Editor::new(&text);
            }
            if let Some(open) = &mut model.open {
                open.is_loading = false;
            }
        }
    }
    Vec::new()
}

/// A conversation that is new or changed; what has a newer message goes to the top.
fn one(model: &mut Model<'_>, listed: Listed) {
    let id = &listed.conversation.id;
    let newest = |listed: &Listed| listed.conversation.last.as_ref().map(|last| last.position);
    match model.list.iter().position(|other| other.conversation.id == *id) {
        Some(place) if newest(&model.list[place]) == newest(&listed) => model.list[place] = listed,
        Some(place) => {
            model.list.remove(place);
            model.list.insert(0, listed);
        }
        None => model.list.insert(0, listed),
    }
    if model.cursor.is_none() {
        model.cursor = model.list.first().map(|listed| listed.conversation.id.clone());
    }
}

/// A message that is new or changed, in the open conversation.
fn arrived(model: &mut Model<'_>, message: Message, names: std::collections::BTreeMap<String, String>) -> Vec<Effect> {
    let Some(open) = model.open.as_mut().filter(|open| open.id == message.conversation) else {
        return Vec::new();
    };
    open.cast.names.extend(names);
    if !message.mine && open.typing.is_some() {
        open.typing = None;
    }
    match open.messages.binary_search_by_key(&message.position, |known| known.position) {
        Ok(place) => open.messages[place] = message,
        Err(place) if place < open.messages.len() => {
            if place > 0 || open.has_oldest {
                open.messages.insert(place, message);
            }
        }
        // At the end: only where nothing is missing in between.
        Err(_) if open.has_newest => {
            open.messages.push(message);
            if open.top.is_none() && open.selected.is_none() {
                trim_front(open);
            }
        }
        Err(_) => {}
    }
    scroll::keep_chosen_visible(model);
    Vec::new()
}

/// The part of a conversation that was read to begin with.
struct Part {
    page: Vec<Message>,
    around: Option<u64>,
    has_oldest: bool,
}

fn opened(model: &mut Model<'_>, listed: Listed, part: Part, cast: Stage) {
    let Part { page, around, has_oldest } = part;
    let conversation = listed.conversation.clone();
    one(model, listed);
    let before = model.open.take().filter(|open| open.id == conversation.id);
    let newest = conversation.last.as_ref().map(|last| last.position);
    let has_newest = page.last().map(|message| message.position) == newest;
    let unread_from = before.as_ref().map_or_else(|| first_unread(&page, conversation.unread), |it| it.unread_from);
    let was_same = before.is_some();
    let (editor, purpose, put_aside) = match before {
        // Opened anew at another place: what is being written stays.
        Some(open) => (open.editor, open.purpose, open.put_aside),
        None => (Editor::new(&conversation.draft), Purpose::Write, None),
    };
    model.open = Some(Open {
        id: conversation.id.clone(),
        has_oldest,
        has_newest,
        messages: page,
        cast,
        unread_from,
        read_up_to: 0,
        top: around.map(|position| (position, 0)),
        selected: around,
        editor,
        purpose,
        put_aside,
        kept_draft: conversation.draft,
        changed_ms: 0,
        typing: None,
        told_typing_ms: 0,
        is_loading: false,
    });
    model.cursor = Some(conversation.id);
    if !was_same || around.is_some() {
        model.focus = if around.is_some() { Focus::Messages } else { Focus::Entry };
    }
    scroll::keep_chosen_visible(model);
}

/// The oldest of that many unread messages, if it is among these.
fn first_unread(page: &[Message], unread: u32) -> Option<u64> {
    let unread = usize::try_from(unread).ok()?.checked_sub(1)?;
    let is_news = |message: &&Message| !matches!(message.body, Body::System { .. } | Body::Deleted);
    let theirs = page.iter().rev().filter(|message| !message.mine).filter(is_news);
    theirs.map(|message| message.position).nth(unread)
}

/// Joins a page to what is in memory, and lets go of the other end beyond the limit.
fn join(open: &mut Open, mut page: Vec<Message>, is_older: bool, is_last: bool) {
    open.is_loading = false;
    if is_older {
        open.has_oldest = is_last;
        let first = open.messages.first().map_or(u64::MAX, |message| message.position);
        page.retain(|message| message.position < first);
        page.append(&mut open.messages);
        open.messages = page;
        if open.messages.len() > WINDOW {
            open.messages.truncate(WINDOW);
            open.has_newest = false;
        }
        return;
    }
    let last = open.newest().unwrap_or(0);
    page.retain(|message| message.position > last);
    open.has_newest = is_last;
    open.messages.append(&mut page);
    trim_front(open);
}

fn trim_front(open: &mut Open) {
    let excess = open.messages.len().saturating_sub(WINDOW);
    if excess > 0 {
        open.messages.drain(..excess);
        open.has_oldest = false;
    }
}
