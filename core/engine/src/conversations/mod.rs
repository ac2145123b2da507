//! Conversations and the MLS groups behind them.
//!
//! A conversation of two is what the screen shows; one or, for a while, several groups carry it.

mod opening;
mod parked;
mod row;
mod sealing;
pub mod slots;

pub use crate::names::ConversationId;
pub use opening::{
    Joined, ensure_group, join, key_package_request, make_group, open, secure_anew, start_over, welcome_delivered,
};
pub use parked::{release_parked, take_parked};
pub use row::{Conversation, GroupState, Pending, conversation, conversations, group, known, of_two, update};
pub use sealing::{Opening, open_ephemeral, open_message, seal_content, seal_ephemeral, seal_parcel, still_opens};
