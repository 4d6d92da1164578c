//! Runs `msg_tests::fuzzing::relay_session` on what libFuzzer makes up.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    msg_tests::fuzzing::relay_session(input);
});
