#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| avstamd_fuzz::values(data));
