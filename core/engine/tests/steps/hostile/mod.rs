//! The lying relay and the lying member: whatever they try is noticed or does no harm, and the group talks on.

mod bent;
mod forged;
mod mallory;
mod sight;

mod fork;
mod hybrid;
mod lying_relay;
mod paths;
mod policy;
mod proofs;
mod rejoin;
mod removed;
mod restored;
mod unmet;
mod welcomes;
