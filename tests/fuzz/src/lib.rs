//! What reads bytes of strangers, each as a target: given anything, it neither panics nor contradicts itself. The tests
//! run each over mutations of valid bytes, the same each time; `RUNS=100` makes that a hundred times as many.

#[cfg(feature = "device")]
pub mod device;
pub mod json;
pub mod mutation;
#[cfg(feature = "relay")]
pub mod relay;
pub mod seeds;
pub mod targets;
#[cfg(feature = "device")]
mod town;
#[cfg(feature = "device")]
mod world;

/// One decoder.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    /// Valid bytes to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Mutations: fewer where one takes long.
    pub runs: u32,
}

/// The control: has to be found before anything counts that was not.
pub const PLANTED: Target =
    Target { name: "planted", run: targets::planted, seeds: || vec![b"seal\x03abc".to_vec()], runs: 1_000 };

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "frame", run: targets::frame, seeds: seeds::frames, runs: 20_000 },
    Target { name: "card", run: targets::card, seeds: seeds::cards, runs: 20_000 },
    Target { name: "card_link", run: targets::card_link, seeds: seeds::card_links, runs: 20_000 },
    Target { name: "invitation", run: targets::invitation, seeds: seeds::invitations, runs: 20_000 },
    Target { name: "address", run: targets::address, seeds: seeds::addresses, runs: 20_000 },
    Target { name: "names", run: targets::names, seeds: seeds::names, runs: 20_000 },
    Target { name: "json", run: json::any, seeds: json::seeds, runs: 5_000 },
    Target { name: "padding", run: targets::padding, seeds: seeds::padded, runs: 20_000 },
    Target { name: "sealed", run: targets::sealed, seeds: seeds::sealed, runs: 300 },
    Target { name: "signed", run: targets::signed, seeds: seeds::signed, runs: 300 },
    #[cfg(feature = "device")]
    Target { name: "envelope", run: device::envelope, seeds: device::envelopes, runs: 50 },
    #[cfg(feature = "device")]
    Target { name: "parcel", run: device::parcel, seeds: device::parcels, runs: 200 },
    #[cfg(feature = "device")]
    Target { name: "content", run: device::content, seeds: device::contents, runs: 200 },
    #[cfg(feature = "device")]
    Target { name: "slot_content", run: device::slot_content, seeds: device::slot_contents, runs: 100 },
    #[cfg(feature = "device")]
    Target { name: "mls_message", run: device::mls_message, seeds: device::mls_messages, runs: 200 },
    #[cfg(feature = "device")]
    Target { name: "mls_joining", run: device::mls_joining, seeds: device::mls_joinings, runs: 200 },
    #[cfg(feature = "device")]
    Target { name: "answer", run: device::answer, seeds: device::answers, runs: 100 },
    #[cfg(feature = "relay")]
    Target { name: "request", run: relay::request, seeds: relay::requests, runs: 300 },
    #[cfg(feature = "relay")]
    Target { name: "configuration", run: relay::configuration, seeds: relay::configurations, runs: 1_000 },
    #[cfg(feature = "relay")]
    Target { name: "key_backup", run: relay::keys, seeds: relay::key_backups, runs: 1_000 },
];
