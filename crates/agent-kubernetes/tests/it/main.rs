//! The parts against the real Helm and a real API: `script/kubernetes start` makes one, and its programs lie in the cache of this user.
//! Without one these tests are passed over, and say so.

mod agent_chart;
mod apply;
mod cluster;
mod converge;
mod drift;
mod helm;
mod history;
mod hooks;
mod lease;
mod look;
mod preflight;
mod process;
mod pull;
mod registry;
mod remove;
mod secrets;
mod state;
