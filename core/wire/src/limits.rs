//! Every size, count and lifetime that both sides hold each other to, with its unit and its reason.

/// A day, the unit of most lifetimes here.
pub const DAY_SECONDS: u64 = 86_400;

/// A padded payload. Holds the largest commit of a 1,000-member group with room to spare.
pub const PAYLOAD_BYTES: usize = 1 << 20;
/// Recipients of one delivery: the largest group.
pub const RECIPIENTS: usize = 1_000;
/// An HPKE-wrapped payload key: 32 bytes encapsulation, 32 bytes key, 16 bytes tag.
pub const WRAPPED_KEY_BYTES: usize = 80;
/// A whole frame or JSON body: the largest payload, the most recipients, and base64's third on top.
pub const FRAME_BYTES: usize = 2 << 20;
/// A message's text in UTF-8 bytes. Longer texts are documents.
pub const TEXT_BYTES: usize = 32 << 10;
/// A display name in UTF-8 bytes.
pub const NAME_BYTES: usize = 128;

/// Messages that wait in one mailbox before deliveries to it are refused.
pub const MAILBOX_MESSAGES: u64 = 10_000;
/// Bytes that wait in one mailbox before deliveries to it are refused.
pub const MAILBOX_BYTES: u64 = 64 << 20;
/// An undelivered message is deleted after this.
pub const MAILBOX_SECONDS: u64 = 30 * DAY_SECONDS;
/// The relay knows a delivery again (as a hash) for this long.
pub const DEDUPLICATION_SECONDS: u64 = 2 * DAY_SECONDS;
/// Messages that the relay pushes before it waits for an acknowledgement.
pub const PUSH_WINDOW_MESSAGES: usize = 64;
/// Bytes that the relay pushes before it waits for an acknowledgement.
pub const PUSH_WINDOW_BYTES: usize = 1 << 20;

/// Tokens that one mailbox holds: the contacts' (current and previous) and one per group.
pub const MAILBOX_TOKENS: usize = 2_000;
/// A rotated contacts' token works for this long, so that the others can learn the new one.
pub const ROTATED_TOKEN_SECONDS: u64 = 7 * DAY_SECONDS;

/// A sealed commit with its sealed Welcome, which holds the ratchet tree: about 0.4 KB for each member.
pub const SLOT_BYTES: usize = 1 << 20;
/// A slot's content is kept for this long.
pub const SLOT_CONTENT_SECONDS: u64 = 30 * DAY_SECONDS;
/// For this long a restored relay takes no new claims, so that devices can bring what stood in slots before.
pub const CLAIMS_PAUSE_SECONDS: u64 = 15 * 60;
/// A slot's name stays taken for this long.
pub const SLOT_NAME_SECONDS: u64 = 400 * DAY_SECONDS;

/// Key packages that one device keeps at the relay per suite, the last-resort package not counted.
pub const KEY_PACKAGES: usize = 50;
/// A device publishes new key packages when fewer are left.
pub const KEY_PACKAGES_LOW: usize = 20;
/// One key package; the hybrid suite's is about 3 KB.
pub const KEY_PACKAGE_BYTES: usize = 16 << 10;
/// A key package's own expiry field; the device replaces its packages before.
pub const KEY_PACKAGE_SECONDS: u64 = 90 * DAY_SECONDS;

/// A one-time code's life.
pub const CODE_SECONDS: u64 = 600;
/// Tries for one code.
pub const CODE_TRIES: u32 = 5;
/// Codes sent to one number per day.
pub const CODES_PER_NUMBER_A_DAY: u32 = 5;
/// Codes requested from one address prefix per hour.
pub const CODES_PER_PREFIX_AN_HOUR: u32 = 20;
/// Time between two codes to the same number.
pub const CODE_RESEND_SECONDS: u64 = 30;

/// How far the time in a signed request may be from the relay's.
pub const SIGNATURE_WINDOW_SECONDS: u64 = 60;
/// An ID that lost its number is retired after this, unless its device answers.
pub const RETIREMENT_SECONDS: u64 = 7 * DAY_SECONDS;
/// A blob's size.
pub const BLOB_BYTES: usize = 32 << 20;
/// A blob's life.
pub const BLOB_SECONDS: u64 = 30 * DAY_SECONDS;
/// An invitation's life.
pub const INVITATION_SECONDS: u64 = 14 * DAY_SECONDS;

/// A message can be asked for again, and is sealed anew, for this long.
pub const RESEAL_SECONDS: u64 = 7 * DAY_SECONDS;
/// An epoch's key is renewed after this many own messages …
pub const HEALING_MESSAGES: u64 = 200;
/// … or after this time, whichever comes first, with the next message that is sent.
pub const HEALING_SECONDS: u64 = 7 * DAY_SECONDS;
/// Members of a group, this device included: what one delivery reaches.
pub const GROUP_MEMBERS: usize = RECIPIENTS;
/// A group that starts with no more members takes the hybrid suite if all of them offer it.
pub const HYBRID_MEMBERS: usize = 32;
/// A hybrid group grows to this: a Welcome beyond it, 3 KB for each member, would not fit into a slot.
pub const HYBRID_GROWN_MEMBERS: usize = 200;
/// Groups of one device: the tokens of three epochs of each fit into a mailbox.
pub const GROUPS: usize = 500;
/// Slots that a conversation tries in one epoch before it has to be created anew.
pub const SLOT_ATTEMPTS: u32 = 8;
