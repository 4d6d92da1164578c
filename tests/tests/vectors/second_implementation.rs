//! The second implementation, in Python, checks every value of every file.

use std::process::Command;

use msg_tests::place;

#[test]
fn the_second_implementation_agrees_with_every_vector() {
    let output = Command::new(place::interop_python())
        .arg(place::repository().join("tests/interop/check_vectors.py"))
        .arg(place::vectors())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let files = place::vectors().read_dir().unwrap();
    let files =
        files.filter(|file| file.as_ref().unwrap().path().extension() == Some("json".as_ref()));
    assert_eq!(text.lines().filter(|line| line.ends_with(" cases")).count(), files.count());
}
