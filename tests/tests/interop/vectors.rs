//! The second implementation against the test vectors.

use std::process::Command;

use msg_tests::place;

#[test]
fn the_second_implementation_agrees_with_every_vector() {
    let output = Command::new(place::interop_python())
        .arg("-B")
        .arg(place::repository().join("tests/interop/check_vectors.py"))
        .arg(place::vectors())
        .output()
        .expect("Python runs");
    let (told, complaints) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}{complaints}");
}
