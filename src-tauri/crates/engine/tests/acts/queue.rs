//! The consent queue and the rosters that fill it (OA13), on a real vault.

use keyward_engine::{
    Kind, auth_clients, connections,
    consent_queue::{self, Due},
    refresh,
    roster::{self, Line, LineKind, Outcome, Run, Taken},
};
use keyward_model::connection::{ConnectionState, Urgency};

use crate::{
    provider::Fault,
    server::answer,
    support::{ENV, World, count, kind, new_secret, owner},
};

const DAY: u64 = 24 * 3_600;

fn line(kind: LineKind, fields: &[(&str, &str)]) -> Line {
    Line {
        place: format!("line {}", fields[0].1),
        kind,
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()]))
            .collect(),
    }
}

fn planned(name: &str) -> Line {
    line(LineKind::Connection, &[("name", name), ("auth_client", "CLIENT")])
}

fn import(engine: &keyward_engine::Engine, lines: &[Line], taken: Taken, run: Run) -> Outcome {
    roster::import(engine, &owner(), ENV, lines, (taken, run)).unwrap()
}

fn keys(queue: &[Due]) -> Vec<(&str, Urgency)> {
    queue
        .iter()
        .map(|due| (due.shown.connection.key.as_str(), due.urgency))
        .collect()
}

/// OA13: what is dead first, then what ends soon, then what is planned; what works, waits for the network or was
/// disconnected is not in it.
#[test]
fn oa13_the_most_urgent_goes_first() {
    let (world, engine) = World::host();
    world.auth_client(&engine, "CLIENT");
    world.connect(&engine, "FINE");
    world.connect(&engine, "DROPPED");
    world.connect(&engine, "DEAD");
    world.connect(&engine, "OFFLINE");
    world.provider.with(|state| state.offline = false);
    world.connect(&engine, "ENDS");
    connections::disconnect(&engine, &owner(), ENV, "DROPPED").unwrap();
    import(&engine, &[planned("PLANNED")], Taken::Refuse, Run::Real);
    let list = || consent_queue::list(&engine, Some(ENV)).unwrap();
    // Who has just consented is not asked again, although nothing renews that token.
    assert_eq!(keys(&list()), [("PLANNED", Urgency::Planned)]);

    world.provider.will([
        Fault::Instead(answer("400 Bad Request", "", "{\"error\":\"invalid_grant\"}")),
        Fault::Instead(answer("503 Service Unavailable", "", "")),
    ]);
    let refreshed = |key| refresh::refresh_now(&engine, &owner(), ENV, key);
    assert_eq!(kind(refreshed("DEAD")), Some(Kind::NeedsConsent));
    assert_eq!(kind(refreshed("OFFLINE")), Some(Kind::Provider));
    let ends = connections::find(&engine, ENV, "ENDS").unwrap().connection;
    let due = ends.lifetime.unwrap().due_at().0 - engine.now().0;
    world.clock.pass(u64::try_from(due).unwrap());
    let queue = list();
    assert_eq!(
        keys(&queue),
        [
            ("DEAD", Urgency::Dead),
            ("ENDS", Urgency::Ending),
            ("PLANNED", Urgency::Planned)
        ]
    );
    let causes: Vec<&str> = queue.iter().map(|due| due.cause.id).collect();
    assert_eq!(causes, ["grant_ended", "no_refresh_token", "not_connected_yet"]);
    world.clock.pass(DAY);
    assert_eq!(
        keys(&list())[..2],
        [("DEAD", Urgency::Dead), ("ENDS", Urgency::Dead)]
    );
    assert_eq!(
        keys(&consent_queue::list(&engine, None).unwrap()),
        keys(&list()),
        "all environments"
    );
    assert_eq!(
        kind(consent_queue::list(&engine, Some("nowhere"))),
        Some(Kind::NotFound)
    );
}

/// OA13, AM9: a planned Connection takes scopes and Application of its AuthClient, hands out nothing, and becomes the
/// same Connection by consent.
#[test]
fn oa13_a_planned_connection_becomes_the_same_one() {
    let (world, engine) = World::host();
    world.auth_client(&engine, "CLIENT");
    let mut line = planned("APP");
    line.fields
        .push(("params".to_owned(), vec!["tenant=one=two".to_owned()]));
    line.fields
        .push(("login_hint".to_owned(), vec!["ada".to_owned()]));
    assert!(import(&engine, &[line], Taken::Refuse, Run::Real).is_written);
    assert_eq!(count(&engine, "connection.plan"), 1);
    let before = connections::find(&engine, ENV, "APP").unwrap().connection;
    assert_eq!(before.state, ConnectionState::AwaitingConsent);
    assert_eq!(before.requested_scopes, ["read"]);
    assert_eq!(before.login_hint(), Some("ada"));
    assert!(before.default && before.application.is_some());
    assert_eq!(
        kind(refresh::fresh_token(&engine, &owner(), ENV, "APP", None)),
        Some(Kind::NeedsConsent)
    );
    world.connect(&engine, "APP");
    let after = connections::find(&engine, ENV, "APP").unwrap().connection;
    assert_eq!((after.id, after.state), (before.id, ConnectionState::Ready));
    assert_eq!(after.params, before.params);
    assert_eq!(after.params[0], ("tenant".to_owned(), "one=two".to_owned()));
    assert!(consent_queue::list(&engine, Some(ENV)).unwrap().is_empty());
}

/// OA13: nothing is half imported, whatever is wrong with whichever line.
#[test]
fn oa13_nothing_is_half_imported() {
    let (world, engine) = World::host();
    world.auth_client(&engine, "CLIENT");
    new_secret(&engine, "TAKEN", "x").unwrap();
    let is_untouched = |outcome: &Outcome| {
        assert!(!outcome.is_written);
        assert!(connections::list(&engine, ENV, None).unwrap().is_empty());
        assert_eq!(count(&engine, "auth_client.create"), 1, "the one of this test");
    };
    let client = line(
        LineKind::AuthClient,
        &[("name", "NEW"), ("client_id", "c"), ("provider", "github")],
    );
    let good = [planned("A"), client, planned("B")];
    is_untouched(&import(&engine, &good, Taken::Refuse, Run::Dry));
    for bad in [
        line(LineKind::AuthClient, &[("name", "X"), ("client_id", "c")]),
        line(
            LineKind::AuthClient,
            &[("name", "new"), ("client_id", "c"), ("provider", "github")],
        ),
        line(LineKind::Connection, &[("name", "X"), ("auth_client", "NONE")]),
        line(LineKind::Connection, &[("name", "a"), ("auth_client", "CLIENT")]),
    ] {
        let mut lines = good.to_vec();
        lines.push(bad);
        let outcome = import(&engine, &lines, Taken::Keep, Run::Real);
        assert_eq!(outcome.complaints.len(), 1, "{outcome:?}");
        is_untouched(&outcome);
    }
    // A secret has the key: connections share it (CLI.md).
    let mut lines = good.to_vec();
    lines.push(planned("taken"));
    is_untouched(&import(&engine, &lines, Taken::Refuse, Run::Real));
    let outcome = import(&engine, &lines, Taken::Keep, Run::Real);
    assert!(outcome.is_written);
    let told: Vec<(&str, bool, bool)> = outcome
        .rows
        .iter()
        .map(|row| (row.key.as_str(), row.is_taken, row.wants_client_secret))
        .collect();
    // GitHub's entry is registered with a secret, which no file holds.
    assert_eq!(
        told,
        [
            ("NEW", false, true),
            ("A", false, false),
            ("B", false, false),
            ("taken", true, false)
        ]
    );
    assert_eq!(connections::list(&engine, ENV, None).unwrap().len(), 2);
    let many = vec![planned("X"); 2_001];
    let refused = roster::import(&engine, &owner(), ENV, &many, (Taken::Keep, Run::Dry));
    assert_eq!(kind(refused), Some(Kind::Invalid));
}

/// OA13, OA2: clients of OAuth 1.0a are prepared like the others, by the entry of the catalogue or by hand.
#[test]
fn oa13_clients_of_oauth1_are_prepared() {
    let (_world, engine) = World::host();
    let by_hand = [
        ("name", "HAND"),
        ("type", "oauth1"),
        ("client_id", "consumer"),
        ("request_token_uri", "https://as.example/request"),
        ("auth_uri", "https://as.example/authorize"),
        ("token_uri", "https://as.example/access"),
        ("signature_method", "HMAC-SHA256"),
    ];
    let by_entry = [
        ("name", "ENTRY"),
        ("client_id", "consumer"),
        ("provider", "x-oauth1"),
    ];
    let good = [
        line(LineKind::AuthClient, &by_hand),
        line(LineKind::AuthClient, &by_entry),
    ];
    let outcome = import(&engine, &good, Taken::Refuse, Run::Real);
    assert_eq!(outcome.complaints, []);
    assert!(outcome.rows.iter().all(|row| row.wants_client_secret));
    for key in ["HAND", "ENTRY"] {
        let made = auth_clients::find(&engine, key).unwrap();
        assert_eq!(made.auth_client.registration.kind(), "oauth1");
    }
    let mut foreign = by_hand.to_vec();
    foreign[0].1 = "OTHER";
    foreign.extend([("grant", "device_code"), ("scopes", "a")]);
    let mut fields: Vec<String> = import(
        &engine,
        &[line(LineKind::AuthClient, &foreign)],
        Taken::Refuse,
        Run::Real,
    )
    .complaints
    .into_iter()
    .map(|complaint| complaint.field)
    .collect();
    fields.sort();
    assert_eq!(fields, ["grant", "scopes"]);
}
