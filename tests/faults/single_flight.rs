//! R-26, O-55 to O-57: a crowd of processes wants one token. The provider sees one request, whoever dies on the way.

use std::time::Duration;

use keyward_lab::{Endpoint, Fault, checker};
use keyward_tests::process::{signal, wait_for};

use crate::ground::{Keychained, soak};
use crate::laboratory::Provider;

/// As in R-26; the rounds are as many times more in a soak.
const PROCESSES: usize = 64;
const ROUNDS: usize = 3;

/// How long the provider takes: long enough for a crowd to gather.
const LATENCY: Duration = Duration::from_millis(300);

/// What so many processes print that ask at once.
fn ask(home: &Keychained, processes: usize) -> Vec<String> {
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..processes)
            .map(|_| scope.spawn(|| home.ends(&["token", "MAIL"], 0).text()))
            .collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

/// 64 processes at once, again and again: exactly one refresh request each time, and all have its token.
#[test]
fn r26_sixty_four_processes_cause_one_request() {
    let (provider, home) = (Provider::new(), Provider::home());
    provider.connect(&home);
    for round in 0..ROUNDS * soak() {
        provider.make_due(&home, LATENCY);
        let before = provider.arrived();
        let tokens = ask(&home, PROCESSES);
        assert_eq!(provider.arrived(), before + 1, "round {round}");
        assert!(tokens.iter().all(|token| *token == tokens[0]), "round {round}");
        assert!(provider.lab.takes(&tokens[0]), "round {round}");
    }
    let verdict = checker::judge(&provider.lab.history().events(), 0);
    assert!(verdict.is_clean(), "{verdict:?}");
    assert_eq!(provider.reuses(), 0, "O-58");
    println!("{} rounds of {PROCESSES} processes", ROUNDS * soak());
}

/// R-26, O-56: the process that has the lease is killed while the provider has its request and has not acted. One of
/// those who wait asks once, and all have its token.
#[test]
fn r26_the_holder_is_killed() {
    let (provider, home) = (Provider::new(), Provider::home());
    provider.connect(&home);
    for round in 0..ROUNDS * soak() {
        provider.make_due(&home, LATENCY);
        let before = provider.arrived();
        provider.lab.will("APP", Endpoint::Token, [Fault::HangBefore]);
        let mut holder = home.keyward(&["token", "MAIL"]).start().unwrap();
        wait_for("the holder's request", Duration::from_secs(20), || {
            (provider.arrived() == before + 1).then_some(())
        })
        .unwrap();
        let tokens = std::thread::scope(|scope| {
            let crowd = scope.spawn(|| ask(&home, PROCESSES / 4));
            // Long enough for some of them to wait for the lease; nobody steals it (O-57).
            std::thread::sleep(Duration::from_secs(1));
            assert_eq!(provider.arrived(), before + 1, "round {round}");
            signal(holder.process.0.id(), "KILL").unwrap();
            crowd.join().unwrap()
        });
        holder.wait(Duration::from_secs(20)).unwrap();
        assert_eq!(provider.arrived(), before + 2, "round {round}");
        assert!(tokens.iter().all(|token| *token == tokens[0]), "round {round}");
        assert!(provider.lab.takes(&tokens[0]), "round {round}");
    }
    let verdict = checker::judge(&provider.lab.history().events(), 0);
    assert!(verdict.is_clean(), "{verdict:?}");
    assert_eq!(provider.reuses(), 0, "O-58");
    home.is_sound();
}

/// OA14, O-76: a report through the binary, with and without the token that was refused.
#[test]
fn oa14_a_refused_token_is_reported() {
    let (provider, home) = (Provider::new(), Provider::home());
    provider.connect(&home);
    let old = home.ends(&["token", "MAIL"], 0).text();
    provider.lab.forget_access_tokens();
    let before = provider.arrived();
    for _ in 0..3 {
        let report = home
            .keyward(&["connection", "invalidate", "MAIL", "--token-stdin", "--json"])
            .stdin(old.clone());
        let shown = report.output().unwrap().success().unwrap().json().unwrap();
        assert_eq!(shown["state"], "ready");
        assert!(shown["refresh_token_expires_at"].is_null());
    }
    let unnamed = home.ends(&["connection", "invalidate", "MAIL"], 0);
    assert!(unnamed.said().contains("Nothing was asked"), "{}", unnamed.said());
    assert_eq!(provider.arrived(), before + 1);
    let new = home.ends(&["token", "MAIL"], 0).text();
    assert!(new != old && provider.lab.takes(&new));
    home.ends(&["connection", "invalidate", "NOBODY"], 3);
}
