//! Lines that fit a width. Blanks are kept as they are, so that tables stay
//! tables; a line breaks behind a blank if it can, and anywhere if it must.

use super::{Cluster, joined};

/// Breaks a line into lines; at least one, perhaps empty.
pub(super) fn wrap(clusters: &[Cluster], width: Option<usize>) -> Vec<String> {
    let Some(width) = width else { return vec![joined(clusters)] };
    let mut lines = Vec::new();
    let mut rest = clusters;
    loop {
        let fitting = fitting(rest, width);
        let (line, behind) = rest.split_at(fitting);
        if behind.is_empty() {
            lines.push(joined(line));
            return lines;
        }
        let at = break_of(line, behind);
        let (line, behind) = rest.split_at(at);
        lines.push(joined(line).trim_end_matches(' ').to_owned());
        rest = behind;
    }
}

/// How many fit; at least one of those there are, or nothing would ever end.
fn fitting(clusters: &[Cluster], width: usize) -> usize {
    let mut columns = 0;
    let fit = clusters.iter().take_while(|cluster| {
        columns += cluster.columns;
        columns <= width
    });
    fit.count().max(1).min(clusters.len())
}

/// Behind the last blank of the line, unless nothing else stands before it; blanks
/// that follow at the break are the line's.
fn break_of(line: &[Cluster], behind: &[Cluster]) -> usize {
    let blanks = behind.iter().take_while(|cluster| cluster.is_blank).count();
    if blanks > 0 && blanks < behind.len() {
        return line.len() + blanks;
    }
    let last = line.iter().rposition(|cluster| cluster.is_blank);
    let words_before = |at: usize| line.iter().take(at).any(|cluster| !cluster.is_blank);
    last.filter(|at| words_before(*at)).map_or(line.len(), |at| at + 1)
}
