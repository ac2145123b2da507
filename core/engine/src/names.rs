//! Names that only this device knows.

use serde::{Deserialize, Serialize};

/// Names a conversation on this device only; random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConversationId(pub [u8; 16]);
