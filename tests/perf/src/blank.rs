//! The least a window with a webview can be: an empty page in a bare GTK window, until it is killed. `keyward-window`
//! holds the app against it (P13).
#![allow(missing_docs, reason = "a program, not a library")]

#[cfg(target_os = "linux")]
fn main() {
    use gtk::prelude::*;
    use webkit2gtk::{WebView, WebViewExt};

    gtk::init().expect("a display");
    let window = gtk::Window::new(gtk::WindowType::Toplevel);
    window.set_title("Blank");
    window.set_default_size(1280, 800);
    let view = WebView::new();
    view.load_html("<!doctype html><title>Blank</title><p>Blank", None);
    window.add(&view);
    window.show_all();
    gtk::main();
}

#[cfg(not(target_os = "linux"))]
fn main() {}
