//! What was said and what was shown, kept outside the world: the oracle.
//!
//! - What is shown was said, by whom it says, where it says, to who sees it.
//! - It is shown once, unless it says itself that it comes again, and never once more when
//!   it has been read.
//! - What a relay had before something else was said is shown before that.
//! - What was taken for sending is shown in the end.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use msg_client::rows::Level;
use msg_protocol::id::AccountId;

use crate::views::Views;

/// Somebody, by their number in the world.
pub(crate) type Who = usize;

/// Where something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    With(Who),
    Group,
}

struct Entry {
    by: Who,
    place: Place,
    /// When it was said.
    said: usize,
    /// Who must see it: how far its sender believes that it got, and since when.
    taken: BTreeMap<Who, (Level, usize)>,
    /// Who has seen it.
    shown: BTreeSet<Who>,
    /// Who has seen it as new. Of two processes of theirs the one that is slower may be the
    /// one that had it first.
    new_to: BTreeSet<Who>,
    /// Who has read it, and since when.
    read: BTreeMap<Who, usize>,
    /// Whom its writer knew not to be in the group, and as of which epoch.
    left_out: BTreeMap<Who, u32>,
    /// Whom its writer knew so to the end of trying to send it.
    kept_from: BTreeSet<Who>,
    /// Who knew already that its writer was not in the group, and as of which epoch.
    outside: BTreeMap<Who, u32>,
    /// Whether it need not come: a relay may have made away with it.
    is_excused: bool,
}

/// Something is on somebody's screen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Showing {
    pub(crate) to: Who,
    pub(crate) by: Who,
    pub(crate) in_group: bool,
    /// Whether it says that it comes again.
    pub(crate) again: bool,
    /// When it was asked for.
    pub(crate) began: usize,
}

/// The books of a run.
#[derive(Default)]
pub(crate) struct Ledger {
    entries: BTreeMap<String, Entry>,
    /// Things that were noted so far.
    events: usize,
    /// Whose stores have been set back: what they have said and seen since may be gone.
    set_back: BTreeSet<Who>,
    /// What each knows of the others in the group.
    pub(crate) views: Arc<Mutex<Views>>,
    /// The latest card that each has held of others.
    cards: BTreeMap<(Who, AccountId), u32>,
    /// Whether people come into the group and go from it: what is said there meanwhile
    /// need not come.
    pub(crate) is_changing: bool,
    /// Whether a relay lies just now: what is said meanwhile may be lost.
    pub(crate) is_lied_to: bool,
    /// What is wrong.
    pub(crate) wrong: Vec<String>,
}

impl Ledger {
    /// Somebody is about to say something. Gives its text.
    pub(crate) fn says(&mut self, by: Who, place: Place) -> String {
        self.events += 1;
        let text = format!("{} by {by}", self.entries.len());
        let (outside, left_out) = match place {
            Place::With(_) => Default::default(),
            Place::Group => {
                let views = self.views.lock().unwrap();
                (views.outside(by), views.left_out(by))
            }
        };
        let entry = Entry {
            by,
            place,
            said: self.events,
            taken: BTreeMap::new(),
            shown: BTreeSet::new(),
            new_to: BTreeSet::new(),
            read: BTreeMap::new(),
            left_out,
            kept_from: BTreeSet::new(),
            outside,
            is_excused: self.is_lied_to || (place == Place::Group && self.is_changing),
        };
        self.entries.insert(text.clone(), entry);
        text
    }

    /// It was taken for sending to somebody, and got so far.
    pub(crate) fn taken(&mut self, text: &str, to: Who, level: Level) {
        self.events += 1;
        let entry = self.entries.get_mut(text).unwrap();
        if level > Level::Failed {
            entry.taken.insert(to, (level, self.events));
        }
    }

    /// Its writer has tried to send it, and ended that by themselves.
    pub(crate) fn has_tried(&mut self, text: &str) {
        let entry = self.entries.get_mut(text).unwrap();
        let views = self.views.lock().unwrap();
        let still = entry.left_out.iter().filter(|(who, since)| {
            // What they know now they have known all the time.
            views.is_still(entry.by, **who, **since)
        });
        entry.kept_from = still.map(|(who, _)| *who).collect();
    }

    /// The time by these books.
    pub(crate) const fn now(&self) -> usize {
        self.events
    }

    /// Somebody has read what was shown.
    pub(crate) fn has_read(&mut self, who: Who, texts: &[String]) {
        self.events += 1;
        for text in texts {
            if let Some(entry) = self.entries.get_mut(text) {
                entry.read.entry(who).or_insert(self.events);
            }
        }
    }

    /// It was shown to somebody.
    pub(crate) fn shows(&mut self, showing: Showing, text: &str) {
        let Showing { to, by, in_group, again, began } = showing;
        let Some(entry) = self.entries.get_mut(text) else {
            self.wrong.push(format!("{to} is shown {text:?}, which nobody said"));
            return;
        };
        let fits = match entry.place {
            Place::With(whom) => whom == to && !in_group,
            Place::Group => in_group,
        };
        if entry.by != by || !fits {
            let place = entry.place;
            self.wrong.push(format!("{to} is shown {text:?} as of {by}, {in_group}: {place:?}"));
        }
        let since = entry.outside.get(&to);
        if since.is_some_and(|since| self.views.lock().unwrap().is_still(to, by, *since)) {
            self.wrong.push(format!("{to} is shown {text:?}, but knew that {by} had gone"));
        }
        let left_out = entry.left_out.get(&to);
        let is_left_out =
            left_out.is_some_and(|since| self.views.lock().unwrap().is_still(by, to, *since));
        if is_left_out || entry.kept_from.contains(&to) {
            self.wrong.push(format!("{to} is shown {text:?}, whom {by} knew to be out"));
        }
        if entry.read.get(&to).is_some_and(|read| *read < began) {
            self.wrong.push(format!("{to} is shown {text:?} when they have read it"));
        }
        if !again && !entry.new_to.insert(to) {
            self.wrong.push(format!("{to} is shown {text:?} twice"));
        }
        if !entry.shown.insert(to) {
            return;
        }
        let (place, said) = (entry.place, entry.said);
        let is_set_back = [to, by].iter().any(|who| self.set_back.contains(who));
        let is_skipped = |(_, earlier): &(&String, &Entry)| {
            let at_relay = earlier.taken.get(&to).filter(|(level, _)| *level >= Level::Relay);
            earlier.by == by
                && earlier.place == place
                && at_relay.is_some_and(|(_, since)| *since < said)
                && !earlier.shown.contains(&to)
                && !earlier.is_excused
                && !is_set_back
        };
        for (skipped, _) in self.entries.iter().filter(is_skipped) {
            self.wrong.push(format!("{to} is shown {text:?} before {skipped:?}"));
        }
    }

    /// The card that somebody holds of somebody else.
    pub(crate) fn holds(&mut self, who: Who, of: AccountId, version: u32) {
        let held = self.cards.entry((who, of)).or_default();
        if version < *held {
            self.wrong.push(format!("{who} went back to card {version} of {of}"));
        }
        *held = version;
    }

    /// Somebody's store is as it was a while ago: they may have forgotten what they
    /// have said and seen since.
    pub(crate) fn sets_back(&mut self, who: Who) {
        self.set_back.insert(who);
        for entry in self.entries.values_mut() {
            let is_theirs = entry.by == who || entry.place == Place::With(who);
            if is_theirs || entry.place == Place::Group {
                entry.is_excused = true;
                entry.shown.remove(&who);
                entry.new_to.remove(&who);
                entry.read.remove(&who);
            }
        }
    }

    /// What was said so far may be lost: a relay lies.
    pub(crate) fn excuse(&mut self) {
        for entry in self.entries.values_mut() {
            entry.is_excused = true;
        }
    }

    /// What still has to be shown.
    pub(crate) fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for (text, entry) in self.entries.iter().filter(|(_, entry)| !entry.is_excused) {
            for (to, (level, _)) in &entry.taken {
                let is_set_back = [entry.by, *to].iter().any(|who| self.set_back.contains(who));
                if !is_set_back && !entry.shown.contains(to) {
                    missing.push(format!("{text:?} to {to}, {level:?}"));
                }
            }
        }
        missing
    }

    /// How many texts were said, how many were taken, and how often one was shown.
    pub(crate) fn sums(&self) -> [usize; 3] {
        let taken = self.entries.values().map(|entry| entry.taken.len()).sum();
        let shown = self.entries.values().map(|entry| entry.shown.len()).sum();
        [self.entries.len(), taken, shown]
    }
}
