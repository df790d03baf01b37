use super::*;
use crate::error::Sent;

fn answered(status: u16, body: &str) -> Result<Reply, Error> {
    Ok(Reply::whole(status, body.as_bytes()))
}

fn check(from: u64, reply: Result<Reply, Error>, next: Next, to: u64) {
    let mut pace = Pace(Duration::from_secs(from));
    assert_eq!(pace.after(&reply), next);
    assert_eq!(pace, Pace(Duration::from_secs(to)));
}

#[test]
fn o51_pending_keeps_the_pace_and_slow_down_adds_five_seconds_for_good() {
    check(
        5,
        answered(400, r#"{"error":"authorization_pending"}"#),
        Next::Again,
        5,
    );
    check(5, answered(400, r#"{"error":"slow_down"}"#), Next::Again, 10);
    check(10, answered(400, r#"{"error":"slow_down"}"#), Next::Again, 15);
    // Some say it with 428 or 200.
    check(
        5,
        answered(428, r#"{"error":"authorization_pending"}"#),
        Next::Again,
        5,
    );
    check(
        5,
        answered(200, r#"{"error":"authorization_pending"}"#),
        Next::Again,
        5,
    );
}

#[test]
fn o51_trouble_on_the_way_doubles_the_pause_up_to_a_minute() {
    let cut = || {
        Err(Error::Transient {
            what: String::new(),
            retry_after: None,
            sent: Sent::Unknown,
        })
    };
    check(5, cut(), Next::Again, 10);
    check(40, cut(), Next::Again, 60);
    check(5, answered(503, "<html>"), Next::Again, 10);
    check(5, answered(429, "{}"), Next::Again, 10);
}

#[test]
fn o51_everything_else_is_the_answer() {
    check(5, answered(400, r#"{"error":"expired_token"}"#), Next::Lapsed, 5);
    check(
        5,
        answered(400, r#"{"error":"access_denied"}"#),
        Next::Answered,
        5,
    );
    check(
        5,
        answered(400, r#"{"error":"invalid_client"}"#),
        Next::Answered,
        5,
    );
    check(5, answered(200, r#"{"access_token":"a"}"#), Next::Answered, 5);
    check(5, answered(302, ""), Next::Answered, 5);
    check(5, Err(Error::BadEndpoint(String::new())), Next::Answered, 5);
}
