//! From what the library knows to what is reported.

mod group;
mod long;
mod message;
mod person;

pub(super) use self::{
    group::{group, in_group, invitations, news},
    long::{kept_long, unread_long},
    message::{file, kept, level, texts, unread},
    person::{person, trust},
};
