//! Runs `msg_tests::fuzzing::wrapped_key` on what libFuzzer makes up.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    msg_tests::fuzzing::wrapped_key(input);
});
