//! The person in front of the provider's sign-in and consent pages, played over plain HTTP with a cookie jar.

use std::time::Duration;

use crate::Trouble;
use crate::http::{self, Answer};
use crate::process::wait_for;
use crate::webdriver::Window;

/// What the person does on the consent page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Signs in and agrees.
    Agree,
    /// Goes back to the program without agreeing (`error=access_denied`).
    Refuse,
}

/// Walks through the pages and gives the address the provider sends the browser back to, without opening it.
///
/// # Errors
/// When the provider shows a page that is neither sign-in nor consent; the message carries the status, never the address.
pub fn redirect_of(authorization_url: &str, choice: Choice) -> Result<String, Trouble> {
    let (provider, _) = http::split(authorization_url)?;
    let provider = provider.to_owned();
    let mut browser = Browser::default();
    let mut url = authorization_url.to_owned();
    let mut answer = browser.get(&url)?;
    // A whole consent takes seven answers; a loop among the pages would never end by itself.
    for _ in 0..20 {
        if let Some(next) = answer.header("location") {
            url = absolute(&url, next)?;
            // No server here speaks https: it is somewhere else.
            if url.starts_with("https://") || http::split(&url)?.0 != provider {
                return Ok(url);
            }
            answer = browser.get(&url)?;
            continue;
        }
        let page = answer.text();
        if answer.status != 200 || !page.contains("name=\"prompt\"") {
            return Err(format!(
                "the provider answered {} instead of a consent page",
                answer.status
            )
            .into());
        }
        if choice == Choice::Refuse {
            // The page's own link back: its address with /abort behind it.
            url += "/abort";
            answer = browser.get(&url)?;
            continue;
        }
        let action = between(&page, "action=\"", "\"").map_or_else(|| url.clone(), str::to_owned);
        url = absolute(&url, &action)?;
        let fields: &[(&str, &str)] = if page.contains("value=\"login\"") {
            &[("prompt", "login"), ("login", "ada"), ("password", "any")]
        } else {
            &[("prompt", "consent")]
        };
        answer = browser.post(&url, fields)?;
    }
    Err("the consent pages go round in circles".into())
}

/// Types a device code in where the provider asks for it, signs in and agrees or refuses (RFC 8628 §3.3).
///
/// # Errors
/// When the provider shows a page that is none of these.
pub fn on_another_device(verification_uri: &str, user_code: &str, choice: Choice) -> Result<(), Trouble> {
    let mut browser = Browser::default();
    let mut url = verification_uri.to_owned();
    let mut answer = browser.get(&url)?;
    for _ in 0..20 {
        if let Some(next) = answer.header("location") {
            url = absolute(&url, next)?;
            answer = browser.get(&url)?;
            continue;
        }
        let page = answer.text();
        if answer.status != 200 {
            return Err(format!("the provider answered {} to a device code", answer.status).into());
        }
        let hidden =
            |name: &str| between(&page, &format!("name=\"{name}\" value=\""), "\"").unwrap_or_default();
        let fields: Vec<(&str, &str)> = if page.contains("deviceInputForm") {
            vec![("xsrf", hidden("xsrf")), ("user_code", user_code)]
        } else if page.contains("deviceConfirmForm") {
            let act = if choice == Choice::Agree {
                "confirm"
            } else {
                "abort"
            };
            vec![
                ("xsrf", hidden("xsrf")),
                ("user_code", hidden("user_code")),
                (act, "yes"),
            ]
        } else if page.contains("value=\"login\"") {
            vec![("prompt", "login"), ("login", "ada"), ("password", "any")]
        } else if page.contains("name=\"prompt\"") {
            vec![("prompt", "consent")]
        } else {
            return Ok(());
        };
        let is_no = fields.iter().any(|(name, _)| *name == "abort");
        let action = between(&page, "action=\"", "\"").map_or_else(|| url.clone(), str::to_owned);
        url = absolute(&url, &action)?;
        answer = browser.post(&url, &fields)?;
        if is_no {
            return Ok(());
        }
    }
    Err("the device pages go round in circles".into())
}

/// Walks through the pages and opens the address they lead to, as a browser does; gives the last page of the program.
///
/// # Errors
/// As [`redirect_of`], or when nobody listens at the address.
pub fn give(authorization_url: &str, choice: Choice) -> Result<Answer, Trouble> {
    let mut url = redirect_of(authorization_url, choice)?;
    // O-32: the listener answers with one redirect to a path without parameters.
    for _ in 0..3 {
        let answer = http::get(&url, &[])?;
        match answer.header("location") {
            Some(next) if answer.status / 100 == 3 => url = absolute(&url, next)?,
            _ => return Ok(answer),
        }
    }
    Err("the listener redirects in circles".into())
}

/// The same in a real Chromium: types, clicks, follows the provider back; gives the address the browser ends on.
///
/// # Errors
/// When Chromium is not installed, or the browser does not leave the provider within 15 s.
pub fn give_in_chromium(authorization_url: &str) -> Result<String, Trouble> {
    let (provider, _) = http::split(authorization_url)?;
    let browser = Window::chromium()?;
    browser.go(authorization_url)?;
    browser.keys(&browser.find("input[name=login]")?, "ada")?;
    browser.keys(&browser.find("input[name=password]")?, "any")?;
    browser.click(&browser.find("button[type=submit]")?)?;
    // The same button stands on both pages; this field only on the second.
    browser.find("input[name=prompt][value=consent]")?;
    browser.click(&browser.find("button[type=submit]")?)?;
    wait_for("the way back", Duration::from_secs(15), || {
        let url = browser.url().ok()?;
        (http::split(&url).ok()?.0 != provider && !browser.page_text().ok()?.is_empty()).then_some(url)
    })
}

/// Cookies by name and path, for one host.
#[derive(Debug, Default)]
struct Browser {
    cookies: Vec<(String, String, String)>,
}

impl Browser {
    fn get(&mut self, url: &str) -> Result<Answer, Trouble> {
        let cookies = self.cookies_for(url)?;
        let answer = http::get(url, &[("cookie", &cookies)])?;
        Ok(self.keep(answer))
    }

    fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Result<Answer, Trouble> {
        let cookies = self.cookies_for(url)?;
        let answer = http::post_form(url, &[("cookie", &cookies)], fields)?;
        Ok(self.keep(answer))
    }

    fn cookies_for(&self, url: &str) -> Result<String, Trouble> {
        let (_, path) = http::split(url)?;
        let path = path.split('?').next().unwrap_or(path);
        let fits = |scope: &str| {
            path == scope
                || path
                    .strip_prefix(scope)
                    .is_some_and(|rest| scope.ends_with('/') || rest.starts_with('/'))
        };
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .filter(|(_, scope, _)| fits(scope))
            .map(|(name, _, value)| format!("{name}={value}"))
            .collect();
        Ok(pairs.join("; "))
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let mut parts = cookie.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let mut scope = "/";
            let mut gone = value.is_empty();
            for part in parts {
                match part.split_once('=') {
                    Some((key, path)) if key.eq_ignore_ascii_case("path") => scope = path,
                    Some((key, date)) if key.eq_ignore_ascii_case("expires") => {
                        gone |= date.contains(" 1970 ")
                    }
                    _ => {}
                }
            }
            self.cookies.retain(|(known, at, _)| known != name || at != scope);
            if !gone {
                self.cookies
                    .push((name.to_owned(), scope.to_owned(), value.to_owned()));
            }
        }
        answer
    }
}

/// `next` seen from `base`: absolute, or a path of the same host.
fn absolute(base: &str, next: &str) -> Result<String, Trouble> {
    if next.starts_with("http://") || next.starts_with("https://") {
        return Ok(next.to_owned());
    }
    let (authority, path) = http::split(base)?;
    if next.starts_with('/') {
        return Ok(format!("http://{authority}{next}"));
    }
    let folder = path
        .split('?')
        .next()
        .and_then(|path| path.rfind('/').map(|at| &path[..=at]))
        .unwrap_or("/");
    Ok(format!("http://{authority}{folder}{next}"))
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = &text[text.find(before)? + before.len()..];
    rest.find(after).map(|end| &rest[..end])
}
