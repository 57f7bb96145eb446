#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| distr_fuzz::env_file(bytes));
