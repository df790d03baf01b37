//! R-12, O-27, O-28: what pages of others do, in a real Chromium, to the listener of a waiting `keyward connect`.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use keyward_tests::consent::{self, Choice};
use keyward_tests::oidc::{NATIVE_CLIENT, OidcServer};
use keyward_tests::process::wait_for;
use keyward_tests::webdriver::Window;
use serde_json::json;

use crate::forged_callbacks::{Target, begin, codes_exchanged};
use crate::ground::Keychained;
use crate::kill_in_refresh::add_client;

/// R-12: at least as many attempts.
const ATTEMPTS: u64 = 300;

/// Every way in which a page sends a request without a person's click, once for each address. What it could read is
/// counted as `read`, what was answered without being readable as `opaque`.
const ATTACK: &str = r#"
const addresses = arguments[0];
const seen = (window.seen = { sent: 0, ended: 0, read: 0, opaque: 0 });
const one = (start) => {
  seen.sent += 1;
  let open = true;
  const end = (how) => {
    if (!open) return;
    open = false;
    seen.ended += 1;
    if (how) seen[how] += 1;
  };
  setTimeout(() => end(), 20000);
  try { start(end); } catch { end(); }
};
const element = (name, set, into) => one((end) => {
  const made = document.createElement(name);
  set(made);
  made.onerror = () => end();
  made.onload = () => end(into(made) ? "read" : undefined);
  document.body.append(made);
});
const form = (address, method) => one((end) => {
  const frame = document.createElement("iframe");
  frame.name = `frame-${seen.sent}`;
  document.body.append(frame);
  const sender = document.createElement("form");
  Object.assign(sender, { action: address, method, target: frame.name });
  for (const [name, value] of new URL(address).searchParams) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    sender.append(field);
  }
  document.body.append(sender);
  frame.onload = () => end();
  sender.submit();
});
for (const address of addresses) {
  one((end) => fetch(address).then(() => end("read"), () => end()));
  one((end) => fetch(address, { mode: "no-cors", credentials: "include" }).then(() => end("opaque"), () => end()));
  one((end) => fetch(address, { method: "POST", mode: "no-cors", body: "a=b" }).then(() => end("opaque"), () => end()));
  one((end) => fetch(address, { headers: { "X-Own": "1" } }).then(() => end("read"), () => end()));
  one((end) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.onload = () => end("read");
    request.onerror = () => end();
    request.send();
  });
  one((end) => {
    const source = new EventSource(address);
    source.onopen = () => end("read");
    source.onerror = () => { source.close(); end(); };
  });
  one((end) => {
    const socket = new WebSocket(address.replace("http:", "ws:"));
    socket.onopen = () => end("read");
    socket.onerror = () => end();
  });
  one((end) => { navigator.sendBeacon(address, "a=b"); end(); });
  element("img", (made) => (made.src = address), () => true);
  element("script", (made) => (made.src = address), () => true);
  element("link", (made) => Object.assign(made, { rel: "stylesheet", href: address }), () => true);
  element("iframe", (made) => (made.src = address), (made) => made.contentDocument !== null);
  element("object", (made) => (made.data = address), (made) => made.contentDocument !== null);
  form(address, "get");
  form(address, "post");
}
"#;

/// A page of a stranger, on an origin of its own.
fn page() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0_u8; 4096]);
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 33\r\nconnection: close\r\n\r\n<!doctype html><body>hello</body>",
            );
        }
    });
    origin
}

/// R-12: no page of a stranger reads an answer, ends or finishes the consent, by whatever request and under whatever
/// name of this machine, and even where it had the state. The person's own answer counts afterwards.
#[test]
fn r12_o27_o28_pages_in_a_real_browser_neither_read_nor_finish() {
    let server = OidcServer::start(Duration::from_secs(300)).unwrap();
    let home = Keychained::new();
    let add = add_client(&server, &format!("{}/token", server.issuer()), NATIVE_CLIENT);
    home.ends(&add.iter().map(String::as_str).collect::<Vec<_>>(), 0);
    let (mut waiting, link) = begin(&home);
    let Target { authority, state } = Target::of(&link);
    let genuine = consent::redirect_of(&link, Choice::Agree).unwrap();
    let (_, port) = authority.rsplit_once(':').unwrap();

    // Chromium takes every name below localhost for this machine, as a name that was bound to it anew would be.
    let hosts = ["127.0.0.1", "localhost", "attacker.localhost"];
    let guesses = [
        format!("/callback?code=c&state={state}"),
        "/callback?code=c&state=guessed".to_owned(),
        "/callback?error=access_denied".to_owned(),
        format!("/callback?error=access_denied&state={state}"),
        "/done".to_owned(),
        "/favicon.ico".to_owned(),
        "/".to_owned(),
    ];
    let addresses: Vec<String> = hosts
        .iter()
        .flat_map(|host| {
            guesses
                .iter()
                .map(move |path| format!("http://{host}:{port}{path}"))
        })
        .collect();
    let browser = Window::chromium().unwrap();
    browser.go(&page()).unwrap();
    browser.script(ATTACK, &[json!(addresses)]).unwrap();
    let seen = wait_for("every request to end", Duration::from_secs(120), || {
        let seen = browser.script("return window.seen", &[]).ok()?;
        (seen["sent"] == seen["ended"]).then_some(seen)
    })
    .unwrap();
    println!("R-12: {seen}");
    assert!(seen["sent"].as_u64().unwrap() >= ATTEMPTS, "{seen}");
    assert_eq!(seen["read"], 0, "{seen}");
    // They did arrive: an answer that nobody may read is an answer.
    assert!(seen["opaque"].as_u64().unwrap() > 0, "{seen}");
    assert_eq!(codes_exchanged(&server), 0);
    assert!(
        waiting.process.0.try_wait().unwrap().is_none(),
        "the consent was ended by a page"
    );

    browser.go(&genuine).unwrap();
    let ended = waiting.wait(Duration::from_secs(30)).unwrap();
    assert!(ended.success(), "{:?}", waiting.stderr.seen());
    assert_eq!(codes_exchanged(&server), 1);
    // O-32: no code stays where the browser ends.
    let address = browser.url().unwrap();
    assert!(address.ends_with("/done"), "{address}");
}
