//! What is counted under a name, and that a name hides what it is about.
//! Counting itself is told with real servers, in `tests/it/shared_limits`.

use super::*;

fn counters(key: u8) -> Counters {
    Counters::new("redis://127.0.0.1:1".parse().unwrap(), [key; 32])
}

#[test]
fn a_name_hides_what_it_is_about_and_is_the_installations_own() {
    let name = counters(1).name("address", b"192.0.2.1");
    assert!(name.0.starts_with("bugtome:address:") && name.0.len() == "bugtome:address:".len() + 32 && !name.0.contains("192"));
    assert_eq!(name, counters(1).name("address", b"192.0.2.1"));
    for other in
        [counters(1).name("address", b"192.0.2.2"), counters(1).name("finder", b"192.0.2.1"), counters(2).name("address", b"192.0.2.1")]
    {
        assert_ne!(name, other);
    }
}

#[test]
fn an_answer_has_a_window_for_each_name() {
    let tally = Tally::read(&[1, 1_000, 7, 61_000, 3, 2_500]).unwrap();
    assert!(tally.full);
    assert_eq!(tally.windows[0], Window { count: 7, end: Time::from_micros(61_000_000), rest: Span::seconds(60) });
    assert_eq!(tally.windows[1].rest, Span::from_micros(1_500_000));
    assert_eq!(Tally::read(&[]), None);
}

#[tokio::test]
async fn without_a_server_nobody_waits() {
    let counters = counters(1);
    counters.connect().await;
    let began = std::time::Instant::now();
    assert_eq!(counters.count(&[(counters.name("address", b"x"), 10)], Span::seconds(60)).await, None);
    assert!(began.elapsed() < std::time::Duration::from_millis(10), "{:?}", began.elapsed());
    assert!(!counters.are_shared() && counters.alone() == 1);
}
