//! Conversations and the MLS groups behind them.
//!
//! A conversation, of two or of many, is what the screen shows; one group carries it, for a while perhaps several.

mod change;
mod commits;
pub mod filled;
mod gathering;
mod group;
pub mod groups;
pub mod hand_on;
mod joining;
pub mod leaving;
mod looks;
pub mod members;
mod opening;
mod parked;
mod policy;
pub mod rejoin;
mod row;
mod sealing;
mod slot_content;
pub mod slots;
mod tokens;

pub use crate::names::ConversationId;
pub use gathering::{next_request, not_served};
pub use hand_on::member_is_here;
pub use joining::{Entry, Joined, join};
pub use members::{Member, members};
pub use opening::{
    ensure_group, key_package_request, make_group, open, remake_if_stale, replace_dropped, replace_missed, secure_anew,
    welcome_delivered,
};
pub use parked::{give_up_parked, release_parked, waiting_welcomes};
pub use policy::acting_admins;
pub use rejoin::start_over;
pub use row::{
    Conversation, GroupState, Many, Pending, Standing, conversation, conversations, current, group, known, of_two,
    update,
};
pub use sealing::{
    Opening, Route, catches_up, open_ephemeral, open_message, routes, routes_by_card, seal_content, seal_delivery,
    seal_ephemeral, still_opens,
};
pub use tokens::own_tokens;
