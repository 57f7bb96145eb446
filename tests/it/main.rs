//! One test binary for all of them: the name of a file is the slice, or the promise, that it looks at.

mod access;
mod catalog;
mod cli;
mod enrolment;
mod layers;
mod licensing;
mod main_line;
mod members;
mod rebuild;
mod schema;
mod subscription;
mod tenancy;
