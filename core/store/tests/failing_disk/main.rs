//! The device database on a disk that fails: whatever a script of openings, commits and closings is about to do when it
//! happens, nothing that was committed is lost and nothing is half there. And the same through two engines that talk.

mod device;
mod power;
mod refusals;
mod relay;
mod script;
mod talk;
