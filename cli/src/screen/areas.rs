//! Where things are on the screen, from its size alone: both `update` and `view` ask here.

use ratatui::layout::Rect;

use super::model::{Focus, Model, Overlay};

/// From here on list and messages stand side by side.
const BOTH_COLUMNS: u16 = 64;
/// The entry's prompt.
pub const PROMPT: u16 = 2;

/// The parts of the screen; a part that is not shown is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Areas {
    pub list: Rect,
    pub separator: Rect,
    pub title: Rect,
    pub messages: Rect,
    /// The line above the entry, which says what the text will be.
    pub purpose: Rect,
    pub entry: Rect,
    pub status: Rect,
}

impl Areas {
    pub fn of(model: &Model<'_>) -> Self {
        let (columns, rows) = (model.columns, model.rows);
        let height = rows.saturating_sub(1);
        let status = Rect::new(0, height, columns, rows.min(1));
        let is_list = model.focus == Focus::List || model.open.is_none();
        let list_columns = match (columns >= BOTH_COLUMNS, is_list) {
            (true, _) => (columns / 3).clamp(22, 34),
            (false, true) => columns,
            (false, false) => 0,
        };
        let list = Rect::new(0, 0, list_columns, height);
        let is_both = list_columns > 0 && list_columns < columns;
        let separator = Rect::new(list_columns, 0, u16::from(is_both), height);
        let left = list_columns + separator.width;
        let width = columns - left;
        let entry_rows = Self::entry_rows(model, width, height).min(height.saturating_sub(3));
        let purpose_rows = u16::from(height > 3);
        let messages_rows = height.saturating_sub(1 + purpose_rows + entry_rows);
        let mut top = 0;
        let mut take = |rows: u16| {
            let area = Rect::new(left, top, width, if width == 0 { 0 } else { rows });
            top += rows;
            area
        };
        let title = take(height.min(1));
        let (messages, purpose, entry) = (take(messages_rows), take(purpose_rows), take(entry_rows));
        Self { list, separator, title, messages, purpose, entry, status }
    }

    /// How wide the entered text is.
    pub fn entry_columns(model: &Model<'_>) -> usize {
        usize::from(Self::of(model).entry.width.saturating_sub(PROMPT))
    }

    /// A box in the middle, as large as its content wishes.
    pub fn overlay(model: &Model<'_>, columns: u16, rows: u16) -> Rect {
        let (most_columns, most_rows) = (model.columns, model.rows.saturating_sub(1));
        let (columns, rows) = (columns.min(most_columns), rows.min(most_rows));
        Rect::new((most_columns - columns) / 2, (most_rows - rows) / 2, columns, rows)
    }

    /// The inner height of an overlay that holds a list; keys that page need it.
    pub fn overlay_rows(model: &Model<'_>) -> usize {
        let frame = if matches!(model.overlay, Some(Overlay::Pick { .. } | Overlay::Search(_))) { 4 } else { 2 };
        usize::from(model.rows.saturating_sub(1 + frame)).max(1)
    }

    /// How many rows the text wants: a third of the screen at most.
    fn entry_rows(model: &Model<'_>, width: u16, height: u16) -> u16 {
        let Some(open) = &model.open else {
            return 1;
        };
        let lines = open.editor.lines(usize::from(width.saturating_sub(PROMPT))).len();
        u16::try_from(lines).unwrap_or(u16::MAX).clamp(1, (height / 3).max(1))
    }
}
