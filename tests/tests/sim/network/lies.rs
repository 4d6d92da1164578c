//! What a relay makes of the truth.

use msg_protocol::{
    address::AccountName,
    bounded::List,
    card::Card,
    error::{Code, Refusal},
    frame::{ClientFrame, ServerFrame},
    push::Push,
    request::Request,
    response::{Cards, Collected, Done, Response, Row},
    signed::Signed,
};

use crate::machine::{below, chance};

/// Of a thousand occasions to lie, how many are taken, and what has been said.
#[derive(Debug, Default)]
pub(crate) struct Lies {
    /// Deposits that are acknowledged and not kept.
    pub(crate) loses: u64,
    /// Envelopes that are kept from their device for now.
    pub(crate) withholds: u64,
    /// Envelopes that come again, under a later number.
    pub(crate) repeats: u64,
    /// Pages that come in another order.
    pub(crate) stirs: u64,
    /// A card that is shown in the place of a newer one, and of whom.
    pub(crate) older: Option<(AccountName, Signed<Card>)>,
    earlier: Vec<Row>,
}

impl Lies {
    /// Tells the truth from now on.
    pub(crate) fn stop(&mut self) {
        *self = Self::default();
    }

    /// What the relay hears of a frame, and what is said instead of its answer.
    pub(super) fn hear(&mut self, frame: ClientFrame) -> (ClientFrame, Option<ServerFrame>) {
        let ClientFrame::Request(id, request) = &frame else { return (frame, None) };
        let is_lost = matches!(request, Request::Deposit(_)) && chance(self.loses);
        let instead = match (request, &self.older) {
            (Request::Deposit(_) | Request::FetchPrekeys(_), Some(_)) => {
                Some(ServerFrame::Refusal(*id, Refusal::for_good(Code::NOT_FOUND)))
            }
            (Request::FetchCards(fetch), Some((name, card))) if fetch.name == *name => {
                let cards = List::new(vec![card.clone()]).unwrap();
                Some(ServerFrame::Response(*id, Cards { cards, more: false }.into()))
            }
            _ if is_lost => Some(ServerFrame::Response(*id, Done {}.into())),
            _ => None,
        };
        (frame, instead)
    }

    /// What is said of what the relay said.
    pub(super) fn say(&mut self, frame: ServerFrame) -> Vec<ServerFrame> {
        match frame {
            ServerFrame::Response(id, Response::Collected(Collected { rows, more })) => {
                let rows = self.page(rows.into_vec());
                let rows = List::new(rows).unwrap_or_else(|_| List::empty());
                vec![ServerFrame::Response(id, Collected { rows, more }.into())]
            }
            ServerFrame::Push(Push::Arrived(arrived)) => {
                if chance(self.withholds) {
                    return Vec::new();
                }
                self.keep(&arrived.row);
                vec![ServerFrame::Push(Push::Arrived(arrived))]
            }
            other => vec![other],
        }
    }

    fn keep(&mut self, row: &Row) {
        if self.repeats > 0 && self.earlier.len() < 32 {
            self.earlier.push(row.clone());
        }
    }

    fn page(&mut self, mut rows: Vec<Row>) -> Vec<Row> {
        if self.withholds > 0 {
            let kept = rows.into_iter().filter(|_| !chance(self.withholds));
            rows = kept.collect();
        }
        for row in &rows {
            self.keep(row);
        }
        if rows.len() > 1 && chance(self.stirs) {
            let numbers: Vec<u64> = rows.iter().map(|row| row.sequence).collect();
            let turn = usize::try_from(below(rows.len() as u64)).unwrap();
            rows.rotate_left(turn);
            for (row, number) in rows.iter_mut().zip(numbers) {
                row.sequence = number;
            }
        }
        if let Some(last) = rows.last().map(|row| row.sequence)
            && !self.earlier.is_empty()
            && chance(self.repeats)
        {
            let again =
                self.earlier[usize::try_from(below(self.earlier.len() as u64)).unwrap()].clone();
            rows.push(Row { sequence: last, ..again });
        }
        rows
    }
}
