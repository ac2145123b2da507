//! The lying relay and the lying member: whatever they try is noticed or does no harm, and the group talks on.

mod bent;
mod forged;
mod fork;
mod hybrid;
mod kept;
mod lying_relay;
mod mallory;
mod paths;
mod policy;
mod proofs;
mod rejoin;
mod removed;
mod restored;
mod sight;
mod welcomes;
