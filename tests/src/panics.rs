//! By what a program tells that it has panicked: its hook says where and no more, and
//! it ends as after any other failure.

/// What stands before the place: in the hooks of `msg` and the relay, and in Rust's own.
const WORDS: [&str; 2] = ["has failed at ", "panicked at "];

/// Of how many panics a text tells.
pub fn told_in(text: &str) -> u64 {
    WORDS.iter().map(|words| text.matches(words).count() as u64).sum()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::place;

    #[test]
    fn each_program_tells_of_a_panic_by_words_that_are_looked_for() {
        for hook in ["cli/src/hygiene.rs", "relay/src/startup/process.rs"] {
            let text = fs::read_to_string(place::repository().join(hook)).unwrap();
            assert!(text.contains(&format!("{}{{at}}", WORDS[0])), "{hook}");
        }
    }

    #[test]
    fn panics_are_counted_and_other_failures_are_not() {
        let said = "error: msg has failed at cli/src/x.rs:1:2\nthread 'a' panicked at b:1:2:\n";
        assert_eq!(told_in(said), 2);
        assert_eq!(told_in("error: the relay has failed\n"), 0);
    }
}
