//! What was used lately, from the log.

use std::time::Duration;

use keyward_engine::{Engine, Kind, environments, home::Opening, resolve, secrets, usage};
use keyward_model::reference::Reference;

use crate::support::{ENV, World, kind, new_secret, owner, token};

const DAY: u64 = 24 * 60 * 60;

fn used(engine: &Engine, environment: Option<&str>) -> Vec<(String, u32, String)> {
    usage::list(engine, environment, usage::USUAL_SPAN)
        .unwrap()
        .into_iter()
        .map(|one| {
            let programs: Vec<_> = one.programs.into_iter().map(|by| by.program).collect();
            (
                format!("{}/{}", one.environment, one.key),
                one.reads,
                programs.join(" "),
            )
        })
        .collect()
}

fn read(engine: &Engine, by: &str, reference: &str) {
    let caller = keyward_engine::access::Caller::owner(by);
    let references = [Reference::parse_argument(reference).unwrap()];
    for answer in resolve::resolve(engine, &caller, ENV, &references)
        .unwrap()
        .answers
    {
        answer.unwrap();
    }
}

/// AM12, PV7: an item by each door its value leaves through, by whom; an application is the Connection it stood for.
#[test]
fn am12_usage_names_items_and_programs() {
    let (world, engine) = World::connected();
    new_secret(&engine, "KEY", "value").unwrap();
    new_secret(&engine, "IDLE", "value").unwrap();
    environments::create(&engine, &owner(), "staging").unwrap();
    assert_eq!(used(&engine, None), []);
    let command = world.another(Opening::OneShot);
    secrets::reveal(&command, &owner(), ENV, "KEY", None).unwrap();
    read(&command, "node, process 1", "KEY");
    read(&command, "node, process 2", "KEY");
    token(&command).unwrap();
    read(&command, "node, process 3", "keyward://@github");
    let item = |place: &str, reads, by: &str| (place.to_owned(), reads, by.to_owned());
    let (app, key) = (
        item("default/APP", 2, "a test node"),
        item("default/KEY", 3, "a test node"),
    );
    assert_eq!(used(&engine, None), [app.clone(), key.clone()]);
    assert_eq!(used(&engine, Some(ENV)), [app, key]);
    assert_eq!(used(&engine, Some("staging")), []);
    let nowhere = usage::list(&engine, Some("nowhere"), usage::USUAL_SPAN);
    assert_eq!(kind(nowhere), Some(Kind::NotFound));
}

/// The span ends the search; a moment of a wrong clock in between does not.
#[test]
fn am12_usage_reaches_back_as_far_as_the_span() {
    let (world, engine) = World::host();
    new_secret(&engine, "OLD", "value").unwrap();
    new_secret(&engine, "NEW", "value").unwrap();
    read(&engine, "a program", "OLD");
    world.clock.pass(31 * DAY);
    read(&engine, "a program", "NEW");
    // The clock falls back to where it was for one read.
    world.clock.jump(-31 * 24 * 60 * 60);
    read(&engine, "a program", "OLD");
    world.clock.jump(31 * 24 * 60 * 60);
    let keys = |span| -> Vec<String> {
        let list = usage::list(&engine, None, span).unwrap();
        list.into_iter().map(|one| one.key).collect()
    };
    assert_eq!(keys(usage::USUAL_SPAN), ["NEW"]);
    assert_eq!(keys(Duration::from_secs(32 * DAY)), ["NEW", "OLD"]);
}
