//! The main window: made when it is shown, destroyed when it is closed.

use keyward_api::wire::Error;
use tauri::{
    AppHandle, Manager, Theme as SystemTheme, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    WindowEvent,
    webview::{NewWindowResponse, PageLoadEvent},
};

use crate::{
    appearance::{Place, Theme},
    desk::Desk,
    events,
};

/// Its label: the one window of capability `main`.
pub const MAIN: &str = "main";

/// A proxy that is not there: port 1 is the system's, and nobody has served it for decades.
const NOBODY: &str = "socks5://127.0.0.1:1";

const SIZE: (f64, f64) = (1280.0, 800.0);
const LEAST: (f64, f64) = (720.0, 520.0);

/// Shows the window from whatever thread.
pub fn show_soon(app: &AppHandle) {
    let handle = app.clone();
    let _ = app.run_on_main_thread(move || {
        if let Err(error) = show(&handle) {
            eprintln!("keyward-desktop: the window cannot be shown: {error}");
        }
    });
}

/// Shows the window, making it when there is none.
///
/// # Errors
/// When the system refuses a window or a webview.
pub fn show(app: &AppHandle) -> tauri::Result<()> {
    if let Some(window) = app.get_webview_window(MAIN) {
        window.unminimize()?;
        window.show()?;
        return window.set_focus();
    }
    make(app)
}

fn make(app: &AppHandle) -> tauri::Result<()> {
    let desk = app.state::<Desk>();
    let theme = desk.theme();
    let place = desk.looks().window;
    let (width, height) = place.map_or(SIZE, |place| {
        (place.width.max(LEAST.0), place.height.max(LEAST.1))
    });
    let mut builder = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App("index.html".into()))
        .title("Keyward")
        .inner_size(width, height)
        .min_inner_size(LEAST.0, LEAST.1)
        .prevent_overflow()
        .maximized(place.is_some_and(|place| place.maximized))
        .theme(system_theme(theme))
        // Shown once its first page is there: no white flash.
        .visible(false)
        .on_page_load(|window, load| {
            if load.event() == PageLoadEvent::Finished {
                let _ = window.show();
            }
        })
        .initialization_script(before_first_paint(theme))
        // W-05: nothing but our own pages, no second window, no download, nothing asked of the person by a page.
        .on_navigation(is_ours)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_permission_request(|_, _| tauri::webview::PermissionResponse::Deny)
        // A link is connected to before it is denied: whatever the page finds, it finds nobody (W-02, UI.md §1, 8).
        .proxy_url(NOBODY.parse().expect("I2: an address written here is an address"))
        .disable_drag_drop_handler()
        .devtools(false)
        .zoom_hotkeys_enabled(false)
        .general_autofill_enabled(false)
        // UI.md §11, 5: where the system can (macOS, Windows).
        .content_protected(true);
    builder = match place.and_then(|place| Some((place.x?, place.y?))) {
        Some((x, y)) if on_a_display(app, x, y) => builder.position(x, y),
        _ => builder.center(),
    };
    builder = framed(builder);
    // W-09: what a webview writes lies in a folder that ends with the app.
    builder = match desk.profile() {
        Some(profile) if cfg!(target_os = "linux") => builder.data_directory(profile),
        _ => builder.incognito(true),
    };
    let window = builder.build()?;
    keep_no_page(&window)?;
    let handle = app.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { api, .. } = event {
            let desk = handle.state::<Desk>();
            remember(&handle);
            if !desk.has_tray() && !desk.looks().close_notice_seen && vault_exists(&desk) {
                // The page asks once and closes then; a page that does not answer must not hold the window.
                api.prevent_close();
                let _ = desk.change_looks(|looks| looks.close_notice_seen = true);
                events::closing(&handle);
            }
        }
    });
    Ok(())
}

/// Own title bar on Linux and Windows; macOS keeps its lights.
#[cfg(not(target_os = "macos"))]
fn framed<'a>(
    builder: WebviewWindowBuilder<'a, tauri::Wry, AppHandle>,
) -> WebviewWindowBuilder<'a, tauri::Wry, AppHandle> {
    builder.decorations(false)
}

#[cfg(target_os = "macos")]
fn framed<'a>(
    builder: WebviewWindowBuilder<'a, tauri::Wry, AppHandle>,
) -> WebviewWindowBuilder<'a, tauri::Wry, AppHandle> {
    builder
        .hidden_title(true)
        .title_bar_style(tauri::TitleBarStyle::Overlay)
}

/// Closes: with a tray the window is destroyed and the host stays; without one the app ends.
///
/// # Errors
/// When looks cannot be kept; the window closes all the same.
pub fn close(app: &AppHandle) -> Result<(), Error> {
    let desk = app.state::<Desk>();
    remember(app);
    if desk.has_tray() {
        if let Some(window) = app.get_webview_window(MAIN) {
            let _ = window.destroy();
        }
        return Ok(());
    }
    // The page asked before it called.
    let kept = desk.change_looks(|looks| looks.close_notice_seen = true);
    app.exit(0);
    kept
}

/// W-09: WebKit would keep the document that [`blank`] replaces, frozen whole, and show it again on Back.
#[cfg(target_os = "linux")]
fn keep_no_page(window: &WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::{SettingsExt as _, WebViewExt as _};
    window.with_webview(|webview| {
        if let Some(settings) = webview.inner().settings() {
            settings.set_enable_page_cache(false);
        }
    })
}

/// W-09: elsewhere the script before first paint is what refuses a frozen document.
#[cfg(not(target_os = "linux"))]
fn keep_no_page(_window: &WebviewWindow) -> tauri::Result<()> {
    Ok(())
}

/// W-09: replaces the document by a fresh one, so that nothing of an open vault is left in the page.
pub fn blank(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else {
        return;
    };
    let mut url = home();
    // The script before first paint was made with the window; the theme may be another one by now.
    if let Some(theme) = fixed(app.state::<Desk>().theme()) {
        url.query_pairs_mut().append_pair("theme", theme);
    }
    let _ = window.navigate(url);
}

/// Sets the theme of what the system draws: scroll bars, dialogs, `prefers-color-scheme`.
pub fn set_theme(app: &AppHandle, theme: Theme) {
    if let Some(window) = app.get_webview_window(MAIN) {
        let _ = window.set_theme(system_theme(theme));
    }
}

/// Keeps size and place for the next start.
pub fn remember(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else {
        return;
    };
    let desk = app.state::<Desk>();
    let before = desk.looks().window;
    if let Some(place) = measured(&window, before) {
        // Looks that cannot be kept are no reason to keep the window.
        let _ = desk.change_looks(|looks| looks.window = Some(place));
    }
}

fn measured(window: &WebviewWindow, before: Option<Place>) -> Option<Place> {
    if window.is_minimized().ok()? {
        return None;
    }
    if window.is_maximized().ok()? {
        let (width, height) = SIZE;
        let usual = Place {
            x: None,
            y: None,
            width,
            height,
            maximized: true,
        };
        return Some(Place {
            maximized: true,
            ..before.unwrap_or(usual)
        });
    }
    let scale = window.scale_factor().ok()?;
    let size = window.inner_size().ok()?.to_logical::<f64>(scale);
    let at = window.outer_position().ok().map(|at| at.to_logical::<f64>(scale));
    let (width, height) = (size.width.round(), size.height.round());
    Some(Place {
        x: at.map(|at| at.x.round()),
        y: at.map(|at| at.y.round()),
        width,
        height,
        maximized: false,
    })
}

/// Whether the title bar would lie on a display that is there now.
fn on_a_display(app: &AppHandle, x: f64, y: f64) -> bool {
    const GRIP: f64 = 120.0;
    app.available_monitors()
        .unwrap_or_default()
        .iter()
        .any(|monitor| {
            let at = monitor.position().to_logical::<f64>(monitor.scale_factor());
            let size = monitor.size().to_logical::<f64>(monitor.scale_factor());
            x + GRIP >= at.x && x + GRIP < at.x + size.width && y >= at.y && y < at.y + size.height
        })
}

fn vault_exists(desk: &Desk) -> bool {
    let names = desk.home().vault_names();
    names.is_ok_and(|names| !names.is_empty())
}

fn system_theme(theme: Theme) -> Option<SystemTheme> {
    match theme {
        Theme::System => None,
        Theme::Light => Some(SystemTheme::Light),
        Theme::Dark => Some(SystemTheme::Dark),
    }
}

fn fixed(theme: Theme) -> Option<&'static str> {
    match theme {
        Theme::System => None,
        Theme::Light => Some("light"),
        Theme::Dark => Some("dark"),
    }
}

/// UI.md §3: the theme stands on <html> before anything is painted. W-09: a document that comes back frozen is emptied
/// and made anew.
fn before_first_paint(theme: Theme) -> String {
    let saved = fixed(theme).unwrap_or_default();
    format!(
        "(() => {{ const asked = new URLSearchParams(location.search).get('theme') || '{saved}'; \
         const dark = asked ? asked === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches; \
         document.documentElement.dataset.theme = dark ? 'dark' : 'light'; \
         addEventListener('pageshow', (event) => {{ if (event.persisted) {{ \
         document.documentElement.textContent = ''; location.replace('/'); }} }}); }})();"
    )
}

fn home() -> Url {
    let address = if cfg!(windows) {
        "http://tauri.localhost/"
    } else {
        "tauri://localhost/"
    };
    address.parse().expect("I1: the app's own address is an address")
}

/// W-05: the app's own origin.
fn is_ours(url: &Url) -> bool {
    let ours = home();
    url.scheme() == ours.scheme()
        && url.host_str() == ours.host_str()
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w05_only_our_own_pages() {
        let check = |address: &str| is_ours(&address.parse().unwrap());
        assert!(check("tauri://localhost/"));
        assert!(check("tauri://localhost/index.html?theme=dark#/items"));
        for address in [
            "https://example.com/",
            "http://localhost/",
            "https://localhost/",
            "tauri://localhost.evil.example/",
            "tauri://evil/",
            "tauri://a@localhost/",
            "file:///etc/passwd",
            "data:text/html,hi",
            "about:blank",
            "javascript:alert(1)",
            "blob:tauri://localhost/1",
        ] {
            assert!(!check(address), "{address}");
        }
    }

    #[test]
    fn the_theme_before_first_paint_is_the_saved_one() {
        assert!(before_first_paint(Theme::Dark).contains("|| 'dark'"));
        assert!(before_first_paint(Theme::System).contains("|| ''"));
    }

    #[test]
    fn w09_a_frozen_document_is_refused() {
        let script = before_first_paint(Theme::System);
        assert!(script.contains("if (event.persisted) { document.documentElement.textContent = '';"));
    }
}
