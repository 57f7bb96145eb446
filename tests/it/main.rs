//! One test binary for all of them: the name of a file is the slice, or the promise, that it looks at.

mod access;
mod analytics;
mod backup;
mod catalog;
mod cli;
mod clients;
mod embedded;
mod enrolment;
mod heartbeats;
mod hostile;
mod idempotency;
mod layers;
mod licensing;
mod main_line;
mod members;
mod metrics;
mod observation;
mod outage;
mod planted;
mod rebuild;
mod schema;
mod slow_reader;
mod subscription;
mod tenancy;
mod tokens;
mod two_hubs;
