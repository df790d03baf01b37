//! House rules that a program can check (ARCHITECTURE §2, SECURITY §e). They read the sources as text and build nothing.
//!
//! Every rule is a row with the id of the page it comes from; a failure names the rule, the file and the line.
#![allow(clippy::disallowed_methods, reason = "a face: tests read their own checkout")]

mod acceptance;
mod manifests;
mod rust;
mod tree;
mod ui;
mod window;
