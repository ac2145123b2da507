//! Messages on screen: composing, applying what others sent, states, unread counts.
//!
//! The order of a conversation is that of arrival at this device (own messages: of composing). A position is given
//! once and never changes, so that the screen is the same today and tomorrow.

mod apply;
mod codec;
mod compose;
mod row;
mod unopened;

pub use apply::apply;
pub use codec::{Profile, Receipt, SealAnew};
pub use compose::{
    accepted, add_system, concerns_all, delete, edit, is_leave, make_up, mark_read, mute, queue_receipts, react,
    send_again, send_elsewhere, send_leave, send_profile, send_text, set_draft, set_state, set_unreached, tell_facts,
    typing,
};
pub use row::{Body, Message, MessageState, System, message, message_by_id, messages};
pub use unopened::{ask_again, unopenable};
