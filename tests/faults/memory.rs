//! R-11, T-07, T-16: what another process of the same, unprivileged user sees of a host: nothing of its memory, its
//! environment or its open files, no core when it crashes; and a child of `keyward run` has the limits it would have
//! had. Root sees everything, so where these tests run as root the host and the curious are `nobody`.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use keyward_tests::home::Home;
use keyward_tests::process::{Guarded, wait_for};
use keyward_tests::{place, process};

use crate::ground::{NOBODY, as_nobody, is_root, socket};

/// `program` as an unprivileged person: nobody, or whoever runs this.
fn unprivileged(program: &str) -> Command {
    if is_root() {
        as_nobody(program)
    } else {
        Command::new(program)
    }
}

/// A home of that person, with a copy of the program that he may run wherever the checkout lies.
struct Person {
    home: Home,
    keyward: PathBuf,
}

impl Person {
    fn new() -> Self {
        let home = Home::new().unwrap();
        let keyward = home.path().join("keyward-copy");
        std::fs::copy(place::keyward().unwrap(), &keyward).unwrap();
        std::fs::set_permissions(&keyward, std::fs::Permissions::from_mode(0o755)).unwrap();
        if is_root() {
            chown(home.path(), Some(NOBODY), Some(NOBODY)).unwrap();
            for name in ["home", "data", "config", "cache", "state", "run", "keyward"] {
                chown(home.path().join(name), Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        Self { home, keyward }
    }

    /// A shell line as that person; `$K` is the program, descriptor 3 the passphrase.
    fn shell(&self, line: &str) -> Command {
        let mut shell = unprivileged("sh");
        shell
            .arg("-c")
            .arg(format!(
                "exec 3<<'END'\n{}\nEND\n{line}",
                keyward_tests::home::PASSPHRASE
            ))
            .env_clear()
            .envs(self.home.environment())
            .env("KEYWARD_PASSPHRASE_FD", "3")
            .env("K", &self.keyward)
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        shell
    }

    fn done(&self, line: &str) -> Output {
        let output = self.shell(line).output().unwrap();
        assert!(
            output.status.success(),
            "{line}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    /// An unlocked host that knows a secret; its environment holds a canary.
    fn host(&self) -> Guarded {
        self.done("exec $K init --passphrase --kdf-memory 64 --recovery-file recovery.txt");
        self.done("printf canary-value-71 | $K secret add KEY");
        let host = Guarded::start(
            self.shell("exec $K serve")
                .env("CANARY", "canary-environment-72")
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )
        .unwrap();
        wait_for("a host that hands the value out", Duration::from_secs(30), || {
            socket(&self.home)?;
            let got = self
                .shell("exec $K get KEY")
                .env_remove("KEYWARD_PASSPHRASE_FD")
                .output()
                .ok()?;
            (got.stdout == b"canary-value-71").then_some(())
        })
        .unwrap();
        host
    }
}

/// Whether the same person can read `/proc/PID/NAME`.
fn readable(pid: u32, name: &str) -> bool {
    let output = unprivileged("head")
        .args(["-c", "1", &format!("/proc/{pid}/{name}")])
        .output()
        .unwrap();
    output.status.success() && !output.stdout.is_empty()
}

/// Whether the same person can list `/proc/PID/fd`.
fn listable(pid: u32, name: &str) -> bool {
    let output = unprivileged("ls")
        .arg(format!("/proc/{pid}/{name}"))
        .output()
        .unwrap();
    output.status.success() && !output.stdout.is_empty()
}

fn attaches(pid: u32) -> bool {
    let script = "import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(16, int(sys.argv[1]), None, None) == 0:
    os.waitpid(int(sys.argv[1]), 0)
    libc.ptrace(17, int(sys.argv[1]), None, None)
    sys.exit(0)
sys.exit(1)";
    unprivileged("/usr/bin/python3")
        .args(["-c", script, &pid.to_string()])
        .status()
        .unwrap()
        .success()
}

/// A program that protects nothing: what is refused for the host is possible for it, so the refusal is the host's.
fn careless() -> Child {
    let sleeper = unprivileged("sleep").arg("60").spawn().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    sleeper
}

#[test]
fn r11_the_same_user_cannot_look_into_a_host() {
    let person = Person::new();
    let host = person.host();
    let pid = host.0.id();
    let open = Guarded(careless());
    for name in ["environ", "maps", "auxv", "stack"] {
        assert!(!readable(pid, name), "/proc/PID/{name} of the host is readable");
    }
    assert!(readable(open.0.id(), "environ") && readable(open.0.id(), "maps"));
    // The first byte of mem is never mapped: opening it is the question.
    let opens = |pid: u32| {
        unprivileged("sh")
            .args(["-c", &format!("exec 9</proc/{pid}/mem")])
            .stderr(Stdio::null())
            .status()
            .unwrap()
    };
    assert!(!opens(pid).success(), "/proc/PID/mem of the host opens");
    assert!(opens(open.0.id()).success());
    for name in ["fd/", "map_files/", "cwd/"] {
        assert!(!listable(pid, name), "/proc/PID/{name} of the host can be listed");
    }
    assert!(listable(open.0.id(), "fd/"));
    assert!(!attaches(pid), "a debugger attaches to the host");
    if !attaches(open.0.id()) {
        println!("no debugger attaches to anything on this machine");
    }

    // What everybody may read of a process holds no secret: its arguments.
    let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap();
    let arguments = String::from_utf8_lossy(&arguments);
    assert!(arguments.ends_with("serve\0"), "{arguments:?}");
    assert!(!arguments.contains(keyward_tests::home::PASSPHRASE));
}

/// R-11, T-16: a crash leaves no core, whatever the limit was before.
#[test]
fn r11_a_crash_leaves_no_core() {
    let person = Person::new();
    let mut host = person.host();
    let pid = host.0.id();
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    process::signal(pid, "ABRT").unwrap();
    let status = wait_for("the crash", Duration::from_secs(20), || {
        host.0.try_wait().unwrap()
    })
    .unwrap();
    assert_eq!(status.signal(), Some(6));
    assert!(!status.core_dumped(), "a core was written");
    let left: Vec<_> = std::fs::read_dir(person.home.path())
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("core"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// `run` gives its child the core limit it would have had, and a process others may look into as they ever could.
#[test]
fn r11_a_child_of_run_has_its_own_limits() {
    let person = Person::new();
    person.done("exec $K init --passphrase --kdf-memory 64 --recovery-file recovery.txt");
    person.done("printf value | $K secret add KEY");
    let ours = String::from_utf8(person.done("ulimit -S -c").stdout).unwrap();
    let line = "DB=keyward://KEY exec $K run -- sh -c 'ulimit -S -c; cat /proc/self/status | grep -c ^Name; cat /proc/$$/environ | tr \"\\0\" \"\\n\" | grep ^DB='";
    let child = String::from_utf8(person.done(line).stdout).unwrap();
    assert_eq!(
        child,
        format!("{ours}1\nDB=value\n"),
        "§b.9, 5: a child is an explicit non-promise"
    );
    for limit in ["0", "64"] {
        let set = format!("ulimit -S -c {limit} && exec $K run -- sh -c 'ulimit -S -c'");
        let output = person.shell(&set).output().unwrap();
        if output.status.success() {
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), limit);
        } else {
            println!("the core limit cannot be {limit} here");
        }
    }
}
