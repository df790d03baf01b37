//! O-53, O-56: a process that dies during a refresh. Afterwards there are fresh tokens, or a person is asked exactly
//! once: never a loop, never a refresh token lost that the provider still takes.

use std::time::Duration;

use keyward_tests::home::{Outcome, Running};
use keyward_tests::oidc::{NATIVE_CLIENT, OidcServer};
use keyward_tests::place;
use keyward_tests::process::wait_for;

use crate::ground::{Chance, Keychained};
use crate::relay::{Line, Relay};

/// A vault with the Connection `MAIL`, whose token requests go over a line that a test can cut.
pub struct Connected {
    pub home: Keychained,
    pub server: OidcServer,
    pub relay: Relay,
}

impl Connected {
    pub fn new(lifetime: Duration) -> Self {
        let server = OidcServer::start(lifetime).unwrap();
        let relay = Relay::before(server.issuer());
        let browser = place::binary("keyward-tests", "keyward-consent").unwrap();
        let home = Keychained::new().var("BROWSER", browser.to_string_lossy());
        let add = add_client(&server, &relay.token_uri(), NATIVE_CLIENT);
        let add: Vec<&str> = add.iter().map(String::as_str).collect();
        home.ends(&add, 0);
        let connected = Self { home, server, relay };
        connected.connect();
        connected
    }

    pub fn connect(&self) {
        self.home.ends(&["connect", "MAIL", "--timeout", "60s"], 0);
        assert_eq!(self.state(), "ready");
    }

    pub fn state(&self) -> String {
        let shown = self.home.ends(&["connection", "show", "MAIL", "--json"], 0);
        shown.json().unwrap()["state"].as_str().unwrap().to_owned()
    }

    fn refresh(&self) -> Outcome {
        self.home
            .keyward(&["connection", "refresh", "MAIL"])
            .output()
            .unwrap()
    }

    /// Who asks for the refresh: the command itself, or a host that dies in its place.
    fn start_refresh(&self, host: Option<&mut Running>) -> Killable<'_> {
        let command = self
            .home
            .keyward(&["connection", "refresh", "MAIL"])
            .start()
            .unwrap();
        let pid = host.map_or(command.process.0.id(), |host| host.process.0.id());
        Killable {
            _of: self,
            command,
            pid,
        }
    }

    /// After a needed consent: nobody asks the provider again by itself, and connecting mends it.
    fn needs_one_consent(&self, asked: usize) {
        assert_eq!(self.state(), "needs_consent");
        std::thread::sleep(Duration::from_millis(1_100));
        for _ in 0..3 {
            // A whole lifetime left: what is there does not do, so somebody would have to ask.
            self.home.ends(&["token", "MAIL", "--min-ttl", "300s"], 7);
        }
        assert_eq!(
            self.relay.refreshes(),
            asked,
            "a dead refresh token is not sent again"
        );
        self.connect();
        self.refresh().success().unwrap();
        self.home.ends(&["token", "MAIL"], 0);
    }
}

/// `auth-client add` for the client `id` of the test server.
pub fn add_client(server: &OidcServer, token_uri: &str, id: &str) -> Vec<String> {
    let issuer = server.issuer();
    let (auth, revocation) = (format!("{issuer}/auth"), format!("{issuer}/token/revocation"));
    [
        "auth-client",
        "add",
        "PROVIDER",
        "--type",
        "oauth2",
        "--client-id",
        id,
        "--auth-uri",
        &auth,
        "--token-uri",
        token_uri,
        "--revocation-uri",
        &revocation,
        "--scope",
        "openid",
        "--scope",
        "offline_access",
        "--authorize-param",
        "prompt=consent",
    ]
    .map(str::to_owned)
    .into()
}

struct Killable<'a> {
    _of: &'a Connected,
    command: Running,
    pid: u32,
}

impl Killable<'_> {
    /// SIGKILL to whoever refreshes; the command ends in any case.
    fn kill(mut self) {
        keyward_tests::process::signal(self.pid, "KILL").unwrap();
        self.command.wait(Duration::from_secs(20)).unwrap();
    }
}

/// The request never reached the provider: the refresh token is still good and is used.
fn o53_request_lost(it: &Connected, mut host: Option<Running>) {
    let (before, provider) = (it.relay.exchanges().len(), it.server.refreshes().unwrap());
    it.relay.set(Line::NoRequest);
    let doomed = it.start_refresh(host.as_mut());
    it.relay.wait_for(before + 1);
    doomed.kill();
    it.relay.set(Line::Good);
    drop(host);
    it.refresh().success().unwrap();
    assert_eq!(it.state(), "ready");
    assert_eq!(it.server.refreshes().unwrap(), provider + 1);
    assert_eq!(it.server.grants_revoked().unwrap(), 0);
}

/// The provider changed the refresh token and we never heard: one more try, then one consent.
fn o53_answer_lost(it: &Connected, mut host: Option<Running>) {
    let (before, asked) = (it.relay.exchanges().len(), it.relay.refreshes());
    it.relay.set(Line::NoAnswer);
    let doomed = it.start_refresh(host.as_mut());
    it.relay.wait_for(before + 1);
    doomed.kill();
    it.relay.set(Line::Good);
    drop(host);
    let told = it.refresh().ended_with(7).unwrap();
    assert!(told.said().contains("keyward connect MAIL"), "{}", told.said());
    assert!(
        told.said().contains("interrupted"),
        "O-53: the true reason: {}",
        told.said()
    );
    it.needs_one_consent(asked + 2);
}

#[test]
fn o53_a_killed_command_leaves_fresh_tokens_or_one_consent() {
    let it = Connected::new(Duration::from_secs(300));
    o53_request_lost(&it, None);
    o53_answer_lost(&it, None);
}

#[test]
fn o53_a_killed_host_leaves_fresh_tokens_or_one_consent() {
    let it = Connected::new(Duration::from_secs(300));
    o53_request_lost(&it, Some(it.home.host()));
    o53_answer_lost(&it, Some(it.home.host()));
}

/// Anywhere between the two commits, and around them.
#[test]
fn o53_killed_at_random_moments() {
    let it = Connected::new(Duration::from_secs(300));
    it.server.set_delay(Duration::from_millis(120)).unwrap();
    let mut chance = Chance::seeded(0x5EED_0053);
    let (mut fresh, mut asked_person) = (0, 0);
    for round in 0..8 {
        let before = it.relay.refreshes();
        let mut doomed = it.start_refresh(None);
        std::thread::sleep(Duration::from_millis(chance.between(40, 480)));
        if doomed.command.process.0.try_wait().unwrap().is_none() {
            doomed.kill();
        }
        // What the provider has been asked it answers, also when nobody listens any more.
        std::thread::sleep(Duration::from_millis(200));
        let after = it.refresh();
        let asked = it.relay.refreshes();
        assert!(asked - before <= 3, "round {round}: {} requests", asked - before);
        match after.code() {
            0 => {
                fresh += 1;
                assert_eq!(it.state(), "ready");
                it.home.ends(&["token", "MAIL"], 0);
            }
            7 => {
                asked_person += 1;
                it.needs_one_consent(asked);
            }
            other => panic!("round {round}: ended with {other}: {}", after.said()),
        }
    }
    println!("fresh {fresh}, consent {asked_person}");
    it.home.is_sound();
}

/// O-56: the holder of the lease dies, who waited goes on, and the provider sees one request of the two.
#[test]
fn o56_who_waits_goes_on_when_the_holder_dies() {
    let it = Connected::new(Duration::from_secs(300));
    let (before, provider) = (it.relay.exchanges().len(), it.server.refreshes().unwrap());
    it.relay.set(Line::NoRequest);
    let holder = it.start_refresh(None);
    it.relay.wait_for(before + 1);
    let mut waiting = it.start_refresh(None);
    std::thread::sleep(Duration::from_millis(600));
    assert!(
        waiting.command.process.0.try_wait().unwrap().is_none(),
        "O-57: never stolen"
    );
    assert_eq!(it.relay.exchanges().len(), before + 1);
    it.relay.set(Line::Good);
    holder.kill();
    let ended = waiting.command.wait(Duration::from_secs(20)).unwrap();
    assert!(ended.success(), "{:?}", waiting.command.stderr.seen());
    assert_eq!(it.server.refreshes().unwrap(), provider + 1);
    assert_eq!(it.state(), "ready");
}

/// A host dies in a refresh that it began by itself; the next host tries once, then leaves it to the person.
#[test]
fn o53_the_background_does_not_loop() {
    let it = Connected::new(Duration::from_secs(6));
    it.relay.set(Line::NoAnswer);
    let before = it.relay.refreshes();
    let mut host = it.home.host();
    wait_for("a refresh by the host itself", Duration::from_secs(30), || {
        let last = it.relay.exchanges().last().cloned()?;
        (it.relay.refreshes() > before && last.answered.is_some()).then_some(())
    })
    .unwrap();
    host.process.0.kill().unwrap();
    host.process.0.wait().unwrap();
    it.relay.set(Line::Good);
    let _host = it.home.host();
    wait_for("the one more try", Duration::from_secs(30), || {
        (it.state() == "needs_consent").then_some(())
    })
    .unwrap();
    assert_eq!(it.relay.refreshes(), before + 2);
    std::thread::sleep(Duration::from_secs(3));
    it.home.ends(&["token", "MAIL"], 7);
    it.home.ends(&["token", "MAIL", "--json"], 7);
    assert_eq!(it.relay.refreshes(), before + 2, "nobody asks again");
    it.connect();
}

/// O-59: several commands wait for one refresh, and the answer is no. None of the others asks again.
#[test]
fn o59_a_no_is_heard_by_all_who_wait() {
    let it = Connected::new(Duration::from_secs(3));
    let before = it.relay.exchanges().len();
    it.relay.set(Line::NoAnswer);
    let doomed = it.start_refresh(None);
    it.relay.wait_for(before + 1);
    doomed.kill();
    it.relay.set(Line::Good);
    it.server.set_delay(Duration::from_millis(700)).unwrap();
    std::thread::sleep(Duration::from_secs(3));
    let asked = it.relay.refreshes();
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| it.home.ends(&["token", "MAIL"], 7));
        }
    });
    assert_eq!(it.relay.refreshes(), asked + 1, "one no is enough");
    assert_eq!(it.state(), "needs_consent");
}
