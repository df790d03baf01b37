//! A small WebDriver client (W3C WebDriver 2): what a person does with the window of the built app (by WebKitWebDriver),
//! and with the pages of a provider in a real Chromium.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Trouble;
use crate::display::Display;
use crate::http;
use crate::process::{Guarded, wait_for};

/// WebDriver's name for an element in JSON.
pub(crate) const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long [`Window::find`] and its like wait for the page.
const PATIENCE: Duration = Duration::from_secs(15);

/// A running app under automation; the session, the driver and the app end with this value.
#[derive(Debug)]
pub struct Window {
    session: String,
    // In order of their end: the driver with its app, then the profile they wrote into.
    _driver: Guarded,
    _profile: Option<TempDir>,
}

/// An element of the page.
#[derive(Debug, Clone)]
pub struct Element(pub(crate) String);

impl Window {
    /// Starts WebKitWebDriver on a free port and, through it, `app` with `args`, on `display`, with `environment` alone.
    ///
    /// # Errors
    /// When the driver is not installed, or the app does not show a window within its time.
    pub fn open(
        display: &Display,
        app: &Path,
        args: &[&str],
        environment: &[(String, String)],
    ) -> Result<Self, Trouble> {
        let mut driver = Command::new("WebKitWebDriver");
        driver
            .arg("--host=127.0.0.1")
            .env_clear()
            .envs(environment.iter().cloned())
            .env("DISPLAY", display.name())
            // The switch that lets the driver in; the app inherits it from the driver.
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("TAURI_AUTOMATION", "true")
            // Saves 65 MB where there is no graphics card.
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
        Self::begin(
            driver,
            None,
            &json!({ "webkitgtk:browserOptions": { "binary": app, "args": args } }),
        )
    }

    /// Starts a real Chromium without a screen, with a profile of its own: the person's system browser.
    ///
    /// # Errors
    /// When chromium or its driver is not installed.
    pub fn chromium() -> Result<Self, Trouble> {
        let profile = tempfile::Builder::new().prefix("kwweb").tempdir()?;
        // As root (in containers) Chromium starts without its sandbox or not at all; it only meets pages of ours here.
        let data = format!("--user-data-dir={}", profile.path().display());
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--no-proxy-server",
            &data,
        ];
        let mut driver = Command::new("chromedriver");
        driver.env("HOME", profile.path());
        Self::begin(
            driver,
            Some(profile),
            &json!({ "browserName": "chrome", "goog:chromeOptions": { "args": args } }),
        )
    }

    fn begin(mut driver: Command, profile: Option<TempDir>, wish: &Value) -> Result<Self, Trouble> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let driver = Guarded::start(
            driver
                .arg(format!("--port={port}"))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        let base = format!("http://127.0.0.1:{port}");
        wait_for("the WebDriver", Duration::from_secs(20), || {
            http::get(&format!("{base}/status"), &[]).ok()
        })?;
        let wish = json!({ "capabilities": { "alwaysMatch": wish } });
        let made = value(&http::post_json(&format!("{base}/session"), &wish)?)?;
        let id = made["sessionId"].as_str().ok_or("a session has an id")?;
        Ok(Self {
            session: format!("{base}/session/{id}"),
            _driver: driver,
            _profile: profile,
        })
    }

    /// Goes to an address.
    ///
    /// # Errors
    /// When the page cannot be loaded.
    pub fn go(&self, url: &str) -> Result<(), Trouble> {
        self.post("/url", &json!({ "url": url })).map(drop)
    }

    /// One step back in the window's history.
    ///
    /// # Errors
    /// When the driver does not answer.
    pub fn back(&self) -> Result<(), Trouble> {
        self.post("/back", &json!({})).map(drop)
    }

    /// The first element that `css` matches, waited for.
    ///
    /// # Errors
    /// When there is none after 15 s; the message carries the selector.
    pub fn find(&self, css: &str) -> Result<Element, Trouble> {
        self.locate("css selector", css)
    }

    /// The first element that the XPath expression matches, waited for.
    ///
    /// # Errors
    /// When there is none after 15 s; the message carries the expression.
    pub fn find_xpath(&self, xpath: &str) -> Result<Element, Trouble> {
        self.locate("xpath", xpath)
    }

    /// The innermost element that shows exactly `text`, waited for.
    ///
    /// # Errors
    /// When there is none after 15 s.
    pub fn find_text(&self, text: &str) -> Result<Element, Trouble> {
        self.locate(
            "xpath",
            &format!(
                "//*[normalize-space(.)={0} and not(*[normalize-space(.)={0}])]",
                quoted(text)
            ),
        )
    }

    /// The button (or what acts as one) whose visible text or label is `name`, waited for.
    ///
    /// # Errors
    /// When there is none after 15 s.
    pub fn button(&self, name: &str) -> Result<Element, Trouble> {
        let name = quoted(name);
        self.locate(
            "xpath",
            &format!("//*[(self::button or @role='button' or @role='menuitem' or self::a) and (normalize-space(.)={name} or @aria-label={name})]"),
        )
    }

    /// The field whose label (or `aria-label`, or placeholder) is `name`, waited for.
    ///
    /// # Errors
    /// When there is none after 15 s.
    pub fn field(&self, name: &str) -> Result<Element, Trouble> {
        let name = quoted(name);
        self.locate(
            "xpath",
            &format!(
                "//*[self::input or self::textarea or self::select][@id=//label[normalize-space(.)={name}]/@for or ancestor::label[starts-with(normalize-space(.),{name})] or @aria-label={name} or @placeholder={name}]"
            ),
        )
    }

    /// How many elements `css` matches right now.
    ///
    /// # Errors
    /// When the window is gone.
    pub fn count(&self, css: &str) -> Result<usize, Trouble> {
        let found = self.post("/elements", &json!({ "using": "css selector", "value": css }))?;
        Ok(found.as_array().map_or(0, Vec::len))
    }

    /// Clicks.
    ///
    /// # Errors
    /// When the element cannot be clicked.
    pub fn click(&self, element: &Element) -> Result<(), Trouble> {
        self.post(&format!("/element/{}/click", element.0), &json!({}))
            .map(drop)
    }

    /// Presses what is called `name`. A page that is still drawing may replace it between the look and the press: it is
    /// looked for again then.
    ///
    /// # Errors
    /// When there is none, or it cannot be pressed.
    pub fn press(&self, name: &str) -> Result<(), Trouble> {
        again_if_stale(|| self.click(&self.button(name)?))
    }

    /// Empties the field called `name`, as [`Window::press`] presses.
    ///
    /// # Errors
    /// When there is none.
    pub fn empty(&self, name: &str) -> Result<(), Trouble> {
        again_if_stale(|| self.clear(&self.field(name)?))
    }

    /// Types; WebDriver's key codes (`\u{E007}` is Enter, `\u{E00C}` Escape) are understood.
    ///
    /// # Errors
    /// When the element takes no keys.
    pub fn keys(&self, element: &Element, text: &str) -> Result<(), Trouble> {
        self.post(&format!("/element/{}/value", element.0), &json!({ "text": text }))
            .map(drop)
    }

    /// Empties a field.
    ///
    /// # Errors
    /// When the element is no field.
    pub fn clear(&self, element: &Element) -> Result<(), Trouble> {
        self.post(&format!("/element/{}/clear", element.0), &json!({}))
            .map(drop)
    }

    /// The text a person sees of the element.
    ///
    /// # Errors
    /// When the element is gone.
    pub fn text(&self, element: &Element) -> Result<String, Trouble> {
        let text = self.get(&format!("/element/{}/text", element.0))?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// An attribute as it is now.
    ///
    /// # Errors
    /// When the element is gone.
    pub fn attribute(&self, element: &Element, name: &str) -> Result<Option<String>, Trouble> {
        Ok(self
            .get(&format!("/element/{}/attribute/{name}", element.0))?
            .as_str()
            .map(str::to_owned))
    }

    /// A DOM property as it is now (`value` of a field).
    ///
    /// # Errors
    /// When the element is gone.
    pub fn property(&self, element: &Element, name: &str) -> Result<Value, Trouble> {
        self.get(&format!("/element/{}/property/{name}", element.0))
    }

    /// Runs the body of a function in the page and gives what it returns; a promise is waited for.
    ///
    /// # Errors
    /// When it throws.
    pub fn script(&self, body: &str, args: &[Value]) -> Result<Value, Trouble> {
        self.post("/execute/sync", &json!({ "script": body, "args": args }))
    }

    /// Everything the page shows as text.
    ///
    /// # Errors
    /// When the window is gone.
    pub fn page_text(&self) -> Result<String, Trouble> {
        Ok(self
            .script("return document.body.innerText", &[])?
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }

    /// Waits until the page's text contains `text`.
    ///
    /// # Errors
    /// After 15 s; the message carries what the page shows instead.
    pub fn wait_text(&self, text: &str) -> Result<(), Trouble> {
        wait_for(text, PATIENCE, || {
            self.page_text().ok()?.contains(text).then_some(())
        })
        .map_err(|error| {
            format!(
                "{error}; the page shows:\n{}",
                self.page_text().unwrap_or_default()
            )
            .into()
        })
    }

    /// The address of the page.
    ///
    /// # Errors
    /// When the window is gone.
    pub fn url(&self) -> Result<String, Trouble> {
        Ok(self.get("/url")?.as_str().unwrap_or_default().to_owned())
    }

    /// The handles of the open windows.
    ///
    /// # Errors
    /// When the app is gone.
    pub fn windows(&self) -> Result<Vec<String>, Trouble> {
        let list = self.get("/window/handles")?;
        Ok(list
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|handle| handle.as_str().map(str::to_owned))
            .collect())
    }

    /// A picture of the page as PNG.
    ///
    /// # Errors
    /// When it cannot be taken.
    pub fn picture(&self, to: &Path) -> Result<(), Trouble> {
        let picture = self.get("/screenshot")?;
        std::fs::write(to, STANDARD.decode(picture.as_str().ok_or("a picture is text")?)?)?;
        Ok(())
    }

    fn locate(&self, using: &str, what: &str) -> Result<Element, Trouble> {
        wait_for(what, PATIENCE, || {
            let found = self
                .post("/element", &json!({ "using": using, "value": what }))
                .ok()?;
            found[ELEMENT].as_str().map(|id| Element(id.to_owned()))
        })
        .map_err(|error| {
            format!(
                "{error}; the page shows:\n{}",
                self.page_text().unwrap_or_default()
            )
            .into()
        })
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Trouble> {
        value(&http::post_json(&format!("{}{path}", self.session), body)?)
    }

    pub(crate) fn delete(&self, path: &str) -> Result<(), Trouble> {
        value(&http::send(
            "DELETE",
            &format!("{}{path}", self.session),
            &[],
            b"",
        )?)
        .map(drop)
    }

    fn get(&self, path: &str) -> Result<Value, Trouble> {
        value(&http::get(&format!("{}{path}", self.session), &[])?)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // The app ends with its session; one that is already gone answers with an error.
        let _ = http::send("DELETE", &self.session, &[], b"");
    }
}

/// The `value` of an answer, or WebDriver's own error.
fn value(answer: &http::Answer) -> Result<Value, Trouble> {
    let mut json = answer.json()?;
    let value = json["value"].take();
    if answer.status == 200 {
        return Ok(value);
    }
    Err(format!(
        "{}: {}",
        value["error"].as_str().unwrap_or("error"),
        value["message"].as_str().unwrap_or_default()
    )
    .into())
}

/// `text` as an XPath string; texts of ours never hold both kinds of quote.
fn quoted(text: &str) -> String {
    if text.contains('\'') {
        format!("\"{text}\"")
    } else {
        format!("'{text}'")
    }
}

/// Acts on an element; where the page put another into its place meanwhile, on that one.
///
/// # Errors
/// As the act says, and when the page does not come to rest.
pub fn again_if_stale<T>(mut act: impl FnMut() -> Result<T, Trouble>) -> Result<T, Trouble> {
    wait_for("a page at rest", PATIENCE, || match act() {
        Err(error) if error.to_string().contains("stale element reference") => None,
        done => Some(done),
    })?
}
