//! Relays that are slow, broken or hostile.

use msg_protocol::link::Closure;

use super::*;

/// Why a link does not open, or closes, with a relay that says these bytes after
/// the hello and then nothing.
async fn greeted(bytes: Vec<u8>, ends: bool) -> LinkError {
    link_to(false, move |stream| async move {
        let mut far = Far::new(stream);
        far.frame().await;
        far.raw(&bytes).await;
        if !ends {
            far.outlast().await;
        }
    })
    .await
    .map(|_| ())
    .expect_err("no relay")
}

/// Why an open link closes when the relay says these bytes.
async fn told(bytes: Vec<u8>, ends: bool) -> LinkError {
    let link = own(move |stream| async move {
        let mut far = Far::opened(stream, true, Terms::default()).await;
        far.request().await;
        far.raw(&bytes).await;
        if !ends {
            far.outlast().await;
        }
    })
    .await;
    let answer = link.ask(CountPrekeys {}).await;
    let reason = link.closed().await;
    assert_eq!(answer.map(|_| ()), Err(reason.clone()));
    reason
}

fn frame(frame: &ServerFrame) -> Vec<u8> {
    frame.encode().unwrap()
}

fn farewell(code: Code, min: u16, max: u16, retry_after_s: Option<u32>) -> Vec<u8> {
    frame(&ServerFrame::Farewell(Farewell { code, min, max, retry_after_s }))
}

#[tokio::test(start_paused = true)]
async fn silence_ends() {
    let opening = LinkError::Lost(Closure::Slow(Slow::Opening));
    assert_eq!(greeted(Vec::new(), false).await, opening);
    let half = frame(&ServerFrame::Push(arrived(1)))[..2_000].to_vec();
    assert_eq!(greeted(half[..3].to_vec(), false).await, opening);
    assert_eq!(told(Vec::new(), false).await, LinkError::Lost(Closure::Slow(Slow::Answer)));
    let slow = told(half.clone(), false).await;
    assert_eq!((slow.fault(), slow.is_passing()), (Fault::Unreachable, true));
    assert_eq!(told(half, true).await, LinkError::Lost(Closure::Truncated));
    assert_eq!(told(Vec::new(), true).await, LinkError::Lost(Closure::Ended));
    assert_eq!(greeted(Vec::new(), true).await, LinkError::Lost(Closure::Ended));
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_does_not_read_is_lost() {
    let link = anonymous(|stream| async {
        let far = Far::opened(stream, false, Terms::default()).await;
        sleep(Duration::from_hours(24)).await;
        drop(far);
    })
    .await;
    let answers = link.ask_all((0..10).map(deposit)).await;
    let reason = link.closed().await;
    assert!(matches!(reason, LinkError::Lost(Closure::Slow(_))), "{reason}");
    assert!(answers.iter().all(|answer| answer.as_ref().err() == Some(&reason)));
}

#[tokio::test(start_paused = true)]
async fn a_drip_is_no_answer() {
    let link = anonymous(|stream| async {
        let mut far = Far::opened(stream, false, Terms::default()).await;
        let (id, request) = far.request().await;
        for byte in frame(&ServerFrame::Response(id, far::answer(&request))) {
            far.raw(&[byte]).await;
            sleep(Duration::from_secs(9)).await;
        }
        far.outlast().await;
    })
    .await;
    let lost = link.ask(chunk(1)).await.map(|_| ()).unwrap_err();
    assert!(matches!(lost, LinkError::Lost(Closure::Slow(_))), "{lost}");
}

#[tokio::test(start_paused = true)]
async fn what_breaks_the_protocol_is_the_relays_fault() {
    let billion = 1_000_000_000_u32.to_be_bytes().to_vec();
    let too_long = |limit| {
        let length = 1_000_000_000;
        LinkError::Violation(Closure::Frame(FrameError::TooLong { length, limit }))
    };
    assert_eq!(greeted(billion.clone(), false).await, too_long(4_096));
    assert_eq!(told(billion, false).await, too_long(73_728));
    let garbage = b"HTTP/1.1 400 \x1b[2J Bad Request\r\n\r\n".repeat(99);
    let refusal = |id| frame(&ServerFrame::Refusal(RequestId(id), Refusal::for_good(Code::DENIED)));
    let mut huge = 70_000_u32.to_be_bytes().to_vec();
    huge.extend(&refusal(1)[4..]);
    huge.resize(70_004, 0);
    let violations = [
        greeted(garbage.clone(), false).await,
        greeted(vec![0; 4], false).await,
        greeted(frame(&ServerFrame::Response(RequestId(0), Done {}.into())), false).await,
        told(garbage, false).await,
        told(vec![0; 4], false).await,
        told(huge, false).await,
        told(refusal(99), false).await,
        told(frame(&ServerFrame::Response(RequestId(1), Done {}.into())), false).await,
        told(frame(&ServerFrame::Push(arrived(1))), false).await,
        told(farewell(Code::UNAVAILABLE, 1, 1, None), false).await,
    ];
    for violation in violations {
        assert_eq!(violation.fault(), Fault::Relay, "{violation}");
        let text = violation.to_string();
        assert!(text.is_ascii() && !text.contains(char::is_control), "{text:?}");
        assert!(text.len() < 120, "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn farewells_say_what_to_do() {
    let away = greeted(farewell(Code::TOO_MANY_LINKS, 1, 1, Some(9)), true).await;
    assert!(matches!(away, LinkError::TurnedAway(refusal) if refusal.keep), "{away}");
    assert_eq!(away.retry_after(), Some(Duration::from_secs(9)));
    let version = |min, max| greeted(farewell(Code::NO_COMMON_VERSION, min, max, None), true);
    assert_eq!(version(0, 0).await, LinkError::RelayTooOld(0));
    assert_eq!(version(2, 9).await, LinkError::RelayTooNew(2));
    assert_eq!(version(2, 9).await.fault(), Fault::Version);
    assert_eq!(version(1, 9).await.fault(), Fault::Relay, "there is one in common");
    let odd = greeted(farewell(Code(4_711), 1, 1, None), true).await;
    assert_eq!(odd.to_string(), "relay takes no link now: code 4711");
}

#[tokio::test(start_paused = true)]
async fn a_refused_sign_in_says_why() {
    let refusal = Refusal::for_good(Code::DENIED);
    let opened = link_to(true, move |stream| async move {
        let mut far = Far::new(stream);
        far.frame().await;
        let welcome = Welcome {
            version: 1,
            epoch: msg_protocol::id::RelayEpoch([0; 16]),
            time: UnixSeconds(0),
            terms: Terms::default(),
        };
        far.say(&ServerFrame::Welcome(welcome)).await;
        far.say(&ServerFrame::Refusal(RequestId(0), refusal)).await;
    })
    .await;
    let error = opened.map(|_| ()).unwrap_err();
    assert_eq!(error, LinkError::SignInRefused(refusal));
    assert_eq!((error.fault(), error.is_passing()), (Fault::Refused, false));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_an_answer_like_any_other() {
    let refusal = Refusal { code: Code::QUOTA, retry_after_s: Some(u32::MAX), keep: true };
    let link = anonymous(move |stream| async move {
        serve(stream, Terms::default(), |id, _| vec![(id, Err(refusal))]).await;
    })
    .await;
    for _ in 0..2 {
        let error = link.ask(chunk(1)).await.map(|_| ()).unwrap_err();
        assert_eq!(error, LinkError::Refused(refusal));
        assert_eq!(error.refusal(), Some(refusal));
    }
}

#[tokio::test(start_paused = true)]
async fn pushes_without_leave_close_the_link_and_those_that_need_none_do_not_pile_up() {
    let (told, heard) = oneshot::channel();
    let link = own(|stream| async {
        let mut far = Far::opened(stream, true, Terms::default()).await;
        for one_time in 0..20_000 {
            far.say(&ServerFrame::Push(PrekeysLow { one_time }.into())).await;
        }
        told.send(()).unwrap();
        far.request().await;
        far.say(&ServerFrame::Push(arrived(1))).await;
        far.say(&ServerFrame::Push(arrived(2))).await;
        far.outlast().await;
    })
    .await;
    heard.await.unwrap();
    drop(link.send(Credit { envelopes: 1, after: 0 }).await.unwrap());
    assert_eq!(link.closed().await, LinkError::Violation(Closure::UnaskedPush));
    let low = PrekeysLow { one_time: 19_999 };
    assert_eq!(link.next_push().await, Ok(low.into()), "the latest, once");
    assert_eq!(link.next_push().await, Ok(arrived(1)));
    assert!(link.next_push().await.is_err());
}
