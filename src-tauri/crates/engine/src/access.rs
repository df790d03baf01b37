//! Who may have what.

use crate::Result;

/// Who asks right now.
#[derive(Clone, Debug)]
pub enum Caller {
    /// The Owner: the person at this screen, through the window or a program running as them.
    Owner {
        /// What is known of the program, for the audit log: `window`, or pid and executable.
        through: String,
    },
}

impl Caller {
    /// The Owner through a program.
    pub fn owner(through: impl Into<String>) -> Self {
        Self::Owner {
            through: through.into(),
        }
    }

    /// How the audit log names this caller.
    #[must_use]
    pub fn actor(&self) -> String {
        match self {
            Self::Owner { through } => format!("owner ({through})"),
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A value leaves.
    Read,
    /// Something changes.
    Write,
}

/// Decides whether `caller` may do `act`.
///
/// # Errors
/// [`crate::Kind::Denied`] once there are callers other than the Owner.
pub fn authorize(caller: &Caller, act: Act) -> Result<()> {
    match (caller, act) {
        // T-07: until registered clients exist, whoever connects with our uid is the Owner: a program that runs
        // as you can run `keyward` as you. The socket's peer check (L-02) keeps everybody else out.
        (Caller::Owner { .. }, Act::Read | Act::Write) => Ok(()),
    }
}
