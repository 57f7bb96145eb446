use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn within(from: &str, to: &str) -> Span {
    Span { from: at(from), to: at(to) }
}

fn windows(zone: &str, days: &[Day], start: &str, minutes: u32) -> Windows {
    let window = Window { days: days.iter().copied().collect(), start: start.parse().unwrap(), minutes };
    Windows { zone: zone.parse().unwrap(), allow: vec![window], blackouts: vec![] }
}

const ALL: [Day; 7] = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun];

#[test]
fn a_start_in_a_gap_begins_at_the_first_instant_after_it() {
    // clocks in Berlin go from 02:00 to 03:00 on 2026-03-29, at 01:00 UTC
    let sunday = windows("Europe/Berlin", &[Day::Sun], "02:30", 60);
    let spans = sunday.spans(within("2026-03-28T00:00:00Z", "2026-03-30T00:00:00Z"));
    assert_eq!(spans, [within("2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z")]);
    // on Lord Howe the gap has half an hour: 02:00 to 02:30 on 2026-10-04, at 15:30 UTC
    let sunday = windows("Australia/Lord_Howe", &[Day::Sun], "02:10", 60);
    let spans = sunday.spans(within("2026-10-03T00:00:00Z", "2026-10-05T00:00:00Z"));
    assert_eq!(spans, [within("2026-10-03T15:30:00Z", "2026-10-03T16:30:00Z")]);
    // Apia had no 2011-12-30: the date line moved at 10:00 UTC
    let friday = windows("Pacific/Apia", &[Day::Fri], "20:00", 60);
    let spans = friday.spans(within("2011-12-29T12:00:00Z", "2012-01-02T00:00:00Z"));
    assert_eq!(spans, [within("2011-12-30T10:00:00Z", "2011-12-30T11:00:00Z")]);
}

#[test]
fn a_start_in_a_fold_is_its_first_occurrence_and_lasts_for_elapsed_time() {
    // clocks in New York go from 02:00 back to 01:00 on 2026-11-01, at 06:00 UTC
    let sunday = windows("America/New_York", &[Day::Sun], "01:30", 120);
    let spans = sunday.spans(within("2026-10-31T00:00:00Z", "2026-11-02T00:00:00Z"));
    assert_eq!(spans, [within("2026-11-01T05:30:00Z", "2026-11-01T07:30:00Z")]);
    let kolkata = windows("Asia/Kolkata", &[Day::Sun], "01:30", 120);
    let spans = kolkata.spans(within("2026-10-31T00:00:00Z", "2026-11-02T00:00:00Z"));
    assert_eq!(spans, [within("2026-10-31T20:00:00Z", "2026-10-31T22:00:00Z")]);
}

#[test]
fn a_window_that_began_before_is_open_still() {
    let saturday = windows("UTC", &[Day::Sat], "23:30", 180);
    assert_eq!(
        opening(&[&saturday], at("2026-12-06T01:00:00Z")),
        Opening::Open { until: Some(at("2026-12-06T02:30:00Z")) }
    );
    assert_eq!(
        opening(&[&saturday], at("2026-12-06T02:30:00Z")),
        Opening::Closed { opens: Some(at("2026-12-12T23:30:00Z")) }
    );
}

#[test]
fn blackouts_win_and_all_owners_must_allow() {
    let blackouts = vec![Blackout { from: "2026-12-20".parse().unwrap(), to: "2027-01-07".parse().unwrap() }];
    let holidays = Windows { zone: "Europe/Berlin".parse().unwrap(), allow: vec![], blackouts };
    let night = windows("UTC", &ALL, "22:00", 120);
    let owners = [&holidays, &night];
    assert_eq!(opening(&owners, at("2026-12-19T22:30:00Z")), Opening::Open { until: Some(at("2026-12-19T23:00:00Z")) });
    assert_eq!(
        opening(&owners, at("2026-12-20T22:30:00Z")),
        Opening::Closed { opens: Some(at("2027-01-07T23:00:00Z")) }
    );
    assert_eq!(opening(&[&holidays], at("2026-06-01T00:00:00Z")), Opening::Open { until: None });
    assert_eq!(opening(&[], at("2026-06-01T00:00:00Z")), Opening::Open { until: None });
}

#[test]
fn windows_that_never_open_together_say_so() {
    let [one, two] = ["01:00", "02:00"].map(|start| windows("UTC", &[Day::Mon], start, 60));
    let owners = [&one, &two];
    assert_eq!(opening(&owners, at("2026-06-01T00:00:00Z")), Opening::Closed { opens: None });
}

#[test]
fn what_cannot_be_kept_is_refused_by_name() {
    let error = "Europe/Berlim".parse::<Zone>().unwrap_err().to_string();
    assert!(error.contains("time zone \"Europe/Berlim\"") && error.contains("Europe/Berlin"), "{error}");
    assert_eq!("europe/berlin".parse::<Zone>().unwrap().as_str(), "Europe/Berlin");
    for bad in ["24:00", "1:00", "01:60", "0100", "", "aa:bb", "+1:00"] {
        assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
    }
    assert_eq!(windows("UTC", &ALL, "01:00", 0).check(), Err(InvalidWindows::Length { minutes: 0 }));
    let start = "01:00".parse().unwrap();
    assert_eq!(windows("UTC", &[], "01:00", 5).check(), Err(InvalidWindows::NoDay { start }));
    let (from, to) = ("2026-12-20".parse().unwrap(), "2026-12-19".parse().unwrap());
    let reversed = Windows { zone: "UTC".parse().unwrap(), allow: vec![], blackouts: vec![Blackout { from, to }] };
    assert_eq!(reversed.check(), Err(InvalidWindows::EmptyBlackout { from, to }));
    assert_ne!(database(), "unknown");
}

fn zone() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "Pacific/Apia",
        "America/Sao_Paulo",
        "Africa/Casablanca",
        "Asia/Tehran",
        "Pacific/Chatham",
        "UTC",
    ])
}

proptest! {
    /// Daily windows that do not touch are open for exactly their minutes, whatever the clocks do: none vanishes, none doubles.
    #[test]
    fn windows_survive_dst(zone in zone(), hour in 0..24_u8, minute in 0..60_u8, minutes in 1..600_u32, year in 2000..2040_i32) {
        let daily = windows(zone, &ALL, &format!("{hour:02}:{minute:02}"), minutes);
        let date = |year| NaiveDate::from_ymd_opt(year, 6, 15).unwrap();
        let days = (date(year + 1) - date(year)).num_days();
        let midnight = |year| daily.zone.instant(date(year), 0, 0);
        // from midnight to midnight: a window over midnight is cut at both ends
        let open = open_time(&[&daily], Span { from: midnight(year), to: midnight(year + 1) });
        // where the date line moved, two of them were one
        let lost = if zone == "Pacific/Apia" && year == 2011 { i64::from(minutes) } else { 0 };
        let expected = days * i64::from(minutes);
        prop_assert!(
            (expected - lost..=expected).contains(&open.num_minutes()),
            "{open} of {expected} minutes"
        );
    }

    #[test]
    fn what_is_open_now_is_in_a_span_and_the_rest_is_not(zone in zone(), hour in 0..24_u8, minutes in 1..2000_u32, second in 0..100_000_000_i64) {
        let weekly = windows(zone, &[Day::Tue, Day::Sun], &format!("{hour:02}:15"), minutes);
        let owners = [&weekly];
        let now = DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap();
        let second = Span { from: now, to: now + TimeDelta::seconds(1) };
        match opening(&owners, now) {
            Opening::Open { until } => {
                prop_assert_eq!(open_time(&owners, second), TimeDelta::seconds(1));
                let until = until.expect("it ends");
                let after = Span { from: until, to: until + TimeDelta::seconds(1) };
                prop_assert_eq!(open_time(&owners, after), TimeDelta::zero());
            }
            Opening::Closed { opens } => {
                prop_assert_eq!(open_time(&owners, second), TimeDelta::zero());
                let opens = opens.expect("it opens each week");
                prop_assert_eq!(open_time(&owners, Span { from: now, to: opens }), TimeDelta::zero());
            }
        }
    }
}
