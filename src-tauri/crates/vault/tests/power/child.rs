//! The process that acts: told by its environment what to do, it says what it does by marks in a file of their own, which
//! the trace keeps in order with its writes.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use keyward_vault::{Home, Keychain, KeychainError, UnlockedVault};
use zeroize::Zeroizing;

use crate::{
    acts,
    support::{MapKeychain, World},
};

const ACT: &str = "KEYWARD_POWER_ACT";
const ROOT: &str = "KEYWARD_POWER_ROOT";

/// Name of the file of marks, beside the home.
pub const MARKS: &str = "marks";

/// `program ARGS…` that ends in this test binary doing the act in `root`.
pub fn command(program: &str, args: &[&str], act: &str, root: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(args)
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "child::acts",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(ACT, act)
        .env(ROOT, root);
    command
}

/// Not a test of its own: the other side of [`command`].
#[test]
#[ignore = "started by the tests of this file, under strace"]
fn acts() {
    let (Ok(act), Ok(root)) = (std::env::var(ACT), std::env::var(ROOT)) else {
        return;
    };
    let acting = Acting::at(Path::new(&root));
    match act.strip_prefix("errors ") {
        Some(seed) => crate::errors::write_on(&acting, seed.parse().unwrap()),
        None => acts::perform(&act, &acting),
    }
}

/// A world whose every step is marked.
pub struct Acting {
    pub world: World,
    marks: Arc<Marks>,
}

struct Marks(Mutex<File>);

impl Marks {
    /// One line by one write.
    fn say(&self, line: &str) {
        self.0
            .lock()
            .unwrap()
            .write_all(format!("{line}\n").as_bytes())
            .unwrap();
    }
}

impl Acting {
    fn at(root: &Path) -> Self {
        let path: PathBuf = root.join(MARKS);
        let file = File::options().create(true).append(true).open(path).unwrap();
        let marks = Arc::new(Marks(Mutex::new(file)));
        let mut world = World::new();
        world.home = Home::open(&root.join("home")).unwrap();
        world.keychain = Arc::new(Marked {
            map: Arc::clone(&world.map),
            marks: Arc::clone(&marks),
        });
        Self { world, marks }
    }

    /// Says a line that the other side understands.
    pub fn say(&self, line: &str) {
        self.marks.say(line);
    }

    /// Does something, and says when it begins and what a person sees afterwards.
    pub fn act(&self, label: &str, act: impl FnOnce()) {
        self.say(&format!("begin {label}"));
        act();
        let state = acts::state_of(&self.world);
        self.say(&format!("done {state}"));
    }

    /// As [`Acting::act`], of a vault that stays open.
    pub fn open_act(&self, vault: &UnlockedVault, label: &str, act: impl FnOnce()) {
        // What holds before the first act is acknowledged as well.
        self.say(&format!("done {}", acts::told(&self.world, vault)));
        self.say(&format!("begin {label}"));
        act();
        self.say(&format!("done {}", acts::told(&self.world, vault)));
    }
}

/// A keychain that says what it took once it has it.
struct Marked {
    map: Arc<MapKeychain>,
    marks: Arc<Marks>,
}

impl Keychain for Marked {
    fn get(&self, account: &str, deadline: Duration) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        self.map.get(account, deadline)
    }

    fn set(&self, account: &str, bytes: &[u8], deadline: Duration) -> Result<(), KeychainError> {
        self.map.set(account, bytes, deadline)?;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.marks.say(&format!("keychain {account} {hex}"));
        Ok(())
    }

    fn delete(&self, account: &str, deadline: Duration) -> Result<(), KeychainError> {
        self.map.delete(account, deadline)?;
        self.marks.say(&format!("keychain {account}"));
        Ok(())
    }
}
