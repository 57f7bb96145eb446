#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| distr_fuzz::proxy_headers(bytes));
