//! clocks that jump, machines that sleep. The provider's clock is right; ours is what somebody made of it.

use std::{thread, time::Duration};

use keyward_engine::{background, changes::ChangeKind};
use keyward_lab::{Client, checker};

use crate::{
    lab::Lab,
    support::{Chance, World, soak, token},
};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// R-25, OA8: 200 cases of jumps from an hour to twenty years in both directions, the two of summer time, sleep from a minute
/// to thirty days, and restarts. A token is handed out at each step: none has ended, each has its window left (O-64,
/// O-65), and nothing is asked for that is not due.
#[test]
fn r25_no_clock_makes_an_ended_token_leave() {
    let (world, engine) = World::host();
    let lab = Lab::new(&world);
    let lifetimes = [5 * MINUTE, HOUR, 8 * HOUR, 30 * DAY];
    for lifetime in lifetimes {
        let key = format!("CLIENT{lifetime}");
        let client = Client {
            lifetime,
            ..Client::default()
        };
        lab.register(&engine, &key, client);
    }
    let mut chance = Chance(0x5EED_0025);
    let (mut handed_out, mut jumps) = (0, 0);
    for case in 0..200 * soak() {
        let lifetime = lifetimes[usize::try_from(chance.between(0, 4)).unwrap()];
        let key = "APP";
        world.clock.set_right();
        // The same Connection again and again: another client needs another one.
        let _ = keyward_engine::connections::delete(
            &engine,
            &crate::support::owner(),
            crate::support::ENV,
            &[key.to_owned()],
        );
        lab.server.history().clear();
        lab.connect(&engine, &format!("CLIENT{lifetime}"), key);
        let mut story = Vec::new();
        for _ in 0..6 {
            let what = chance.between(0, 100);
            story.push(match what {
                0..30 => {
                    let seconds = chance.between(1, lifetime);
                    world.clock.pass(seconds);
                    format!("pass {seconds}")
                }
                30..50 => {
                    let seconds = chance.between(MINUTE, 30 * DAY);
                    world.clock.sleep(seconds);
                    format!("sleep {seconds}")
                }
                50..60 => {
                    let by = if what < 55 { 3_600 } else { -3_600 };
                    world.clock.jump(by);
                    format!("summer time {by}")
                }
                60..90 => {
                    jumps += 1;
                    let far = i64::try_from(chance.between(HOUR, 20 * 365 * DAY)).unwrap();
                    let by = if what < 75 { far } else { -far };
                    world.clock.jump(by);
                    format!("jump {by}")
                }
                90..96 => {
                    world.clock.restart();
                    world.clock.set_right();
                    "restart".to_owned()
                }
                // A machine without a battery for its clock begins in 1970.
                _ => {
                    world.clock.restart();
                    world.clock.jump(-engine.now().0);
                    "restart in 1970".to_owned()
                }
            });
            let asked = lab.server.history().refreshes();
            let given = token(&engine).unwrap_or_else(|error| panic!("case {case}: {story:?}: {error:?}"));
            lab.server.handed_out(&given);
            handed_out += 1;
            assert!(lab.server.takes(&given), "case {case}: {story:?}");
            assert!(
                lab.server.history().refreshes() <= asked + 1,
                "case {case}: {story:?}: one request is enough"
            );
            // Asked again at once nothing leaves.
            let asked = lab.server.history().refreshes();
            assert_eq!(token(&engine).unwrap(), given, "case {case}: {story:?}");
            assert_eq!(lab.server.history().refreshes(), asked, "case {case}: {story:?}");
        }
        let window = (lifetime / 10).max(60).min(lifetime / 2);
        let verdict = checker::judge(&lab.server.history().events(), i64::try_from(window).unwrap());
        assert!(verdict.is_clean(), "case {case}: {story:?}: {verdict:?}");
    }
    println!("{handed_out} hand-outs, {jumps} jumps");
}

/// O-70: the provider's clock is learnt from its answers, and a difference is told.
#[test]
fn o70_the_skew_is_learnt_and_told() {
    let (world, engine) = World::host();
    let lab = Lab::new(&world);
    lab.register(&engine, "CLIENT", Client::default());
    lab.connect(&engine, "CLIENT", "APP");
    let skew = || crate::support::shown(&engine).upkeep.clock_skew.unwrap();
    let told = || {
        keyward_engine::doctor::run(&engine)
            .into_iter()
            .filter(|check| check.id == "clock")
            .count()
    };
    assert_eq!((skew(), told()), (0, 0));
    for by in [3_600, -3_600, 86_400] {
        world.clock.set_right();
        world.clock.jump(by);
        keyward_engine::refresh::refresh_now(&engine, &crate::support::owner(), crate::support::ENV, "APP")
            .unwrap();
        assert_eq!((skew(), told()), (-by, 1));
    }
    lab.server
        .adjust("CLIENT", |client| client.date_skew = 86_400 + 300);
    keyward_engine::refresh::refresh_now(&engine, &crate::support::owner(), crate::support::ENV, "APP")
        .unwrap();
    assert_eq!(skew(), 300);
}

/// O-68, O-70: a host notices at its next nap what the wall clock hides: time that passed while it was put back.
#[test]
fn o68_a_host_counts_by_the_machines_own_time() {
    let (world, engine) = World::host();
    let lab = Lab::new(&world);
    lab.register(&engine, "CLIENT", Client::default());
    lab.connect(&engine, "CLIENT", "APP");
    let _background = background::start(&engine).unwrap();
    let look = || {
        engine.changes().publish(ChangeKind::Vault, None);
        thread::sleep(Duration::from_millis(300));
    };
    look();
    world.clock.pass(1_800);
    world.clock.jump(-1_500);
    look();
    assert_eq!(lab.server.history().refreshes(), 0);
    world.clock.sleep(1_500);
    look();
    crate::support::eventually("refreshed", || lab.server.history().refreshes() == 1);
}
