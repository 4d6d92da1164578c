//! `msg doctor`.

use msg_client::driver::doctor::State;

use crate::{
    account,
    args::Globals,
    failure::{Exit, Failure},
    report::{
        self,
        account::{Examined, Health},
    },
};

/// Looks everything over.
pub(crate) async fn run(globals: &Globals) -> Result<Exit, Failure> {
    let client = account::open(globals, "doctor")?;
    let mut exit = Exit::Done;
    for finding in client.examine().await? {
        let state = match finding.state {
            State::Good => Health::Ok,
            State::Notice => Health::Notice,
            State::Bad => Health::Bad,
        };
        if state == Health::Bad {
            exit = Exit::Failed;
        }
        let detail = finding.detail.as_str().into();
        report::say(globals, &Examined { what: finding.what, state, detail })?;
    }
    Ok(exit)
}
