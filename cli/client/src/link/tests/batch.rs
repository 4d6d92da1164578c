//! Deposits by the batch.

use std::sync::Mutex;

use msg_protocol::link::Closure;

use super::*;

/// Deposits of each batch, as a relay came to see them.
type Batches = Arc<Mutex<Vec<usize>>>;

/// A relay that answers deposits only when their batch ends, and refuses every
/// seventh.
async fn committing(stream: DuplexStream, terms: Terms, batches: Batches) {
    let mut held = Vec::new();
    let mut count = 0;
    serve(stream, terms, |id, request| {
        if !matches!(request, Request::EndBatch(_)) {
            held.push(id);
            return Vec::new();
        }
        batches.lock().unwrap().push(held.len());
        let mut answers: Vec<_> = held
            .drain(..)
            .map(|id| {
                count += 1;
                let refused = Refusal::for_good(Code::MAILBOX_FULL);
                (id, if count % 7 == 0 { Err(refused) } else { Ok(Done {}.into()) })
            })
            .collect();
        answers.push((id, Ok(Done {}.into())));
        answers
    })
    .await;
}

async fn deposited(count: usize, terms: Terms) -> Vec<usize> {
    let batches = Batches::default();
    let seen = Arc::clone(&batches);
    let link = anonymous(|stream| committing(stream, terms, seen)).await;
    let answers = link.deposit_batch(vec![deposit(1); count]).await;
    assert_eq!(answers.len(), count);
    for (number, answer) in (1..).zip(answers) {
        let refused = Err(LinkError::Refused(Refusal::for_good(Code::MAILBOX_FULL)));
        assert_eq!(answer, if number % 7 == 0 { refused } else { Ok(()) }, "deposit {number}");
    }
    let batches = batches.lock().unwrap();
    batches.clone()
}

#[tokio::test(start_paused = true)]
async fn a_batch_ends_where_the_protocol_or_the_relay_says() {
    assert_eq!(deposited(0, Terms::default()).await, [0; 0]);
    assert_eq!(deposited(1, Terms::default()).await, [1]);
    assert_eq!(deposited(1_024, Terms::default()).await, [1_024]);
    assert_eq!(deposited(1_500, Terms::default()).await, [1_024, 476]);
    let few = Terms { requests: 10, ..Terms::default() };
    assert_eq!(deposited(20, few).await, [8, 8, 4]);
    let small = Terms { request_bytes: 80 * 1024, ..Terms::default() };
    assert_eq!(deposited(40, small).await, [18, 18, 4]);
}

#[tokio::test(start_paused = true)]
async fn what_was_answered_before_the_link_broke_is_known() {
    let link = anonymous(|stream| async {
        let mut far = Far::opened(stream, false, Terms::default()).await;
        for _ in 0..5 {
            let (id, _) = far.request().await;
            far.say(&ServerFrame::Response(id, Done {}.into())).await;
        }
        far.request().await;
    })
    .await;
    let answers = link.deposit_batch(vec![deposit(1); 9]).await;
    assert!(answers[..5].iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(answers[5..], [const { Err(LinkError::Lost(Closure::Ended)) }; 4]);
}
