//! What breaks at night: each file breaks one thing, with real parts, and says how long people wait at most, what the hub tells
//! meanwhile (`/readyz`, metrics, its log), and that everything that was acknowledged is there afterwards, once.

mod failover;
mod full_disk;
mod outage;
mod parking;
mod sick_leader;
mod silence;
mod slow_database;
