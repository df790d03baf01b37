//! The readers against files of the real tools, files written by hand after the documented formats, and hostile ones.
#![allow(
    clippy::disallowed_methods,
    reason = "tests read their fixtures and make their inputs"
)]

mod support;

mod managers;

mod texts;

mod sealed;

mod hostile;
