//! Moving through the open conversation: by pages and by messages. Older and newer pages are read when the edge of
//! what is in memory comes near.

use super::focus;
use crate::screen::{
    areas::Areas,
    layout::{self, Laid},
    model::{Effect, Focus, Model, Open},
};

/// One page up or down.
pub fn page(model: &mut Model<'_>, is_down: bool) -> Vec<Effect> {
    let rows = visible_rows(model);
    by_lines(model, rows.saturating_sub(1).max(1), is_down)
}

/// The message before or behind the chosen one; the newest where none is chosen.
pub fn choose(model: &mut Model<'_>, is_down: bool) -> Vec<Effect> {
    let Some(open) = &mut model.open else {
        return Vec::new();
    };
    let place = open.selected.and_then(|it| open.messages.iter().position(|message| message.position == it));
    let last = open.messages.len().saturating_sub(1);
    let target = match (place, is_down) {
        (None, _) => last,
        (Some(place), true) if place >= last && open.has_newest => {
            focus(model, Focus::Entry);
            return Vec::new();
        }
        (Some(place), true) => (place + 1).min(last),
        (Some(place), false) => place.saturating_sub(1),
    };
    open.selected = open.messages.get(target).map(|message| message.position);
    if open.selected.is_some() {
        model.focus = Focus::Messages;
    }
    keep_chosen_visible(model);
    more(model, target < 5, target + 5 > last)
}

/// Chooses the newest message that is on the screen.
pub fn choose_visible(model: &mut Model<'_>) {
    let rows = visible_rows(model);
    let laid = laid(model);
    if let Some(open) = &mut model.open {
        let top = layout::top(open, &laid, rows);
        open.selected = laid.iter().skip(top).take(rows).next_back().map(|line| line.position);
    }
    if model.open.as_ref().is_none_or(|open| open.selected.is_none()) {
        focus(model, Focus::Entry);
    }
}

/// To the newest message.
pub fn to_newest(model: &mut Model<'_>) -> Vec<Effect> {
    let Some(open) = &mut model.open else {
        return Vec::new();
    };
    open.top = None;
    if !open.has_newest {
        return vec![Effect::Open { conversation: open.id.clone(), around: None }];
    }
    if open.selected.is_some() {
        open.selected = open.newest();
    }
    Vec::new()
}

/// Moves the visible part so that the chosen message is in it.
pub fn keep_chosen_visible(model: &mut Model<'_>) {
    let rows = visible_rows(model);
    let laid = laid(model);
    let Some(open) = &mut model.open else {
        return;
    };
    let Some(chosen) = open.selected else {
        return;
    };
    let first = laid.iter().position(|line| line.position == chosen);
    let last = laid.iter().rposition(|line| line.position == chosen);
    let (Some(first), Some(last)) = (first, last) else {
        return;
    };
    let top = layout::top(open, &laid, rows);
    let top = if first < top || last - first >= rows { first } else { top.max((last + 1).saturating_sub(rows)) };
    set_top(open, &laid, rows, top);
}

fn by_lines(model: &mut Model<'_>, lines: usize, is_down: bool) -> Vec<Effect> {
    let rows = visible_rows(model);
    let laid = laid(model);
    let Some(open) = &mut model.open else {
        return Vec::new();
    };
    let top = layout::top(open, &laid, rows);
    let target = if is_down { top + lines } else { top.saturating_sub(lines) };
    set_top(open, &laid, rows, target);
    // Whoever chooses messages goes on from what is visible.
    if open.selected.is_some() {
        let top = layout::top(open, &laid, rows);
        let edge = if is_down { (top + rows).saturating_sub(1).min(laid.len().saturating_sub(1)) } else { top };
        open.selected = laid.get(edge).map(|line| line.position);
    }
    more(model, target < rows, target + 2 * rows > laid.len())
}

fn set_top(open: &mut Open, laid: &[Laid], rows: usize, top: usize) {
    let is_at_end = top + rows >= laid.len() && open.has_newest;
    open.top = if is_at_end { None } else { laid.get(top).map(|line| (line.position, line.index)) };
}

/// Asks for the page before or behind what is in memory, one at a time.
fn more(model: &mut Model<'_>, is_near_start: bool, is_near_end: bool) -> Vec<Effect> {
    let Some(open) = model.open.as_mut().filter(|open| !open.is_loading) else {
        return Vec::new();
    };
    let (Some(first), Some(last)) = (open.messages.first(), open.messages.last()) else {
        return Vec::new();
    };
    let conversation = open.id.clone();
    let effect = if is_near_start && !open.has_oldest {
        Some(Effect::Page { conversation, before: first.position, is_older: true })
    } else if is_near_end && !open.has_newest {
        Some(Effect::Page { conversation, before: last.position, is_older: false })
    } else {
        None
    };
    open.is_loading = effect.is_some();
    effect.into_iter().collect()
}

fn visible_rows(model: &Model<'_>) -> usize {
    usize::from(Areas::of(model).messages.height)
}

fn laid(model: &Model<'_>) -> Vec<Laid> {
    let columns = usize::from(Areas::of(model).messages.width);
    model.open.as_ref().map(|open| layout::lay(model, open, columns)).unwrap_or_default()
}
