//! What `wire` and `crypto` read of strangers, each as a target: given anything, it neither panics nor contradicts
//! itself. The tests run each over mutations of valid bytes, the same each time; `RUNS=100` makes that a hundred times
//! as many.

pub mod json;
pub mod mutation;
pub mod seeds;
pub mod targets;

/// One decoder.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    /// Valid bytes to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Mutations: fewer where one takes long.
    pub runs: u32,
}

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
];
