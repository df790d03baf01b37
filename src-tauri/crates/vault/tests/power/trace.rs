//! What a process did to files, step by step, as `strace` saw it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use crate::child;

/// Every call that changes a file, a name or a folder. One that is here and not understood ends the test.
const CALLS: &str = "openat,open,creat,close,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,fsync,\
                     fdatasync,sync_file_range,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,\
                     symlink,symlinkat,dup,dup2,dup3,lseek,copy_file_range,sendfile,splice";

/// A file, whatever its name is at the moment.
pub type Inode = usize;

/// One change, with paths relative to the root.
#[derive(Debug)]
pub enum Step {
    /// A name for a new, empty file.
    Create(PathBuf, Inode),
    Write {
        inode: Inode,
        at: usize,
        bytes: Vec<u8>,
    },
    Cut(Inode, usize),
    Sync(Inode),
    Folder(PathBuf),
    SyncFolder(PathBuf),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    Mark(Mark),
}

/// What the process said (`child.rs`).
#[derive(Debug)]
pub enum Mark {
    Begin,
    Done(String),
    Keychain(String, Option<Vec<u8>>),
}

pub struct Trace {
    pub steps: Vec<Step>,
}

impl Trace {
    /// Lets a child do the act; `None` where nothing may be traced.
    pub fn of(act: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir(&root).unwrap();
        let log = folder.path().join("trace");
        let args = ["-f", "-xx", "-s", "4194304", "-o", log.to_str().unwrap(), "-e"];
        let mut args = args.to_vec();
        let calls = format!("trace={CALLS}");
        args.push(&calls);
        if !may_trace() {
            return None;
        }
        let done = child::command("strace", &args, act, &root).output().unwrap();
        assert!(
            done.status.success(),
            "{act}: {}{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
        let log = std::fs::read_to_string(&log).unwrap();
        let mut reader = Reader::new(&root);
        log.lines().for_each(|line| reader.line(line));
        Some(Self { steps: reader.steps })
    }
}

/// Whether `strace` works here: it must be installed, and the system must let a process trace its child.
pub fn may_trace() -> bool {
    let tried = std::process::Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output();
    match tried {
        Ok(done) if done.status.success() => true,
        Ok(done) => {
            println!("skipped: strace: {}", String::from_utf8_lossy(&done.stderr));
            false
        }
        Err(error) => {
            println!("skipped: strace: {error}");
            false
        }
    }
}

/// The state after the act that is under way.
pub fn outcome_of(rest: &[Step]) -> String {
    rest.iter()
        .find_map(|step| match step {
            Step::Mark(Mark::Done(state)) => Some(state.clone()),
            _ => None,
        })
        .expect("every act is done in the end")
}

/// An open descriptor.
#[derive(Clone)]
enum Open {
    File { inode: Inode, at: usize },
    Folder(PathBuf),
    Marks,
}

struct Reader {
    root: PathBuf,
    steps: Vec<Step>,
    open: HashMap<i64, Open>,
    /// What each name means at the moment.
    names: HashMap<PathBuf, Inode>,
    sizes: Vec<usize>,
}

impl Reader {
    fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            steps: Vec::new(),
            open: HashMap::new(),
            names: HashMap::new(),
            sizes: Vec::new(),
        }
    }

    /// `PID call(arguments) = result`.
    fn line(&mut self, line: &str) {
        let call = line.split_once(' ').map_or("", |(_, call)| call.trim_start());
        if call.starts_with("+++") || call.starts_with("---") {
            return;
        }
        assert!(
            !call.contains("<unfinished ...>") && !call.contains("resumed>"),
            "two threads at once: {}",
            short(call)
        );
        let Some((name, rest)) = call.split_once('(') else {
            return;
        };
        let Some((arguments, result)) = rest.rsplit_once(" = ") else {
            return;
        };
        let Ok(result) = result.split([' ', '<']).next().unwrap_or_default().parse::<i64>() else {
            return;
        };
        let arguments = arguments.trim_end().trim_end_matches(')');
        if result >= 0 {
            self.call(name, &split(arguments), result, call);
        }
    }

    fn call(&mut self, name: &str, arguments: &[&str], result: i64, call: &str) {
        let number = |at: usize| arguments[at].parse::<i64>().unwrap_or(-1);
        let size = |at: usize| usize::try_from(number(at)).expect("a size");
        match name {
            "openat" | "open" | "creat" => {
                let path = arguments
                    .iter()
                    .position(|argument| argument.starts_with('"'))
                    .expect("a path");
                let how = arguments.get(path + 1).copied().unwrap_or("O_CREAT|O_TRUNC");
                self.opened(&text(arguments[path]), how, result);
            }
            "close" => {
                self.open.remove(&number(0));
            }
            "dup" | "dup2" | "dup3" => {
                if let Some(open) = self.open.get(&number(0)).cloned() {
                    self.open.insert(result, open);
                }
            }
            "write" => self.written(
                number(0),
                None,
                &bytes(arguments[1])[..usize::try_from(result).unwrap()],
            ),
            "pwrite64" => {
                let bytes = bytes(arguments[1]);
                self.written(
                    number(0),
                    Some(size(3)),
                    &bytes[..usize::try_from(result).unwrap()],
                );
            }
            "lseek" => {
                if let Some(Open::File { at, .. }) = self.open.get_mut(&number(0)) {
                    *at = usize::try_from(result).unwrap();
                }
            }
            "ftruncate" => {
                if let Some(Open::File { inode, .. }) = self.open.get(&number(0)) {
                    self.sizes[*inode] = size(1);
                    self.steps.push(Step::Cut(*inode, size(1)));
                }
            }
            "fsync" | "fdatasync" => match self.open.get(&number(0)) {
                Some(Open::File { inode, .. }) => self.steps.push(Step::Sync(*inode)),
                Some(Open::Folder(path)) => self.steps.push(Step::SyncFolder(path.clone())),
                Some(Open::Marks) | None => {}
            },
            "mkdir" | "mkdirat" | "unlink" | "unlinkat" | "rmdir" => {
                let path = arguments
                    .iter()
                    .find(|argument| argument.starts_with('"'))
                    .expect("a path");
                let Some(path) = self.inside(&text(path)) else {
                    return;
                };
                if name.starts_with("mkdir") {
                    self.steps.push(Step::Folder(path));
                } else {
                    self.names.remove(&path);
                    self.steps.push(Step::Remove(path));
                }
            }
            "rename" | "renameat" | "renameat2" => {
                let mut paths = arguments.iter().filter(|argument| argument.starts_with('"'));
                let mut next = || self.inside(&text(paths.next().expect("two paths")));
                let (from, to) = (next(), next());
                let (Some(from), Some(to)) = (from, to) else {
                    return;
                };
                if let Some(inode) = self.names.remove(&from) {
                    self.names.insert(to.clone(), inode);
                }
                self.steps.push(Step::Rename(from, to));
            }
            // A call that does nothing to our files, or one that this reader must learn.
            _ => {
                let ours = |at: &i64| self.open.contains_key(at) && !matches!(self.open[at], Open::Marks);
                let touches = arguments
                    .iter()
                    .filter_map(|argument| argument.parse().ok())
                    .any(|fd| ours(&fd));
                let named = arguments
                    .iter()
                    .any(|one| one.starts_with('"') && self.inside(&text(one)).is_some());
                assert!(!touches && !named, "not understood: {}", short(call));
            }
        }
    }

    fn opened(&mut self, path: &str, how: &str, descriptor: i64) {
        let Some(path) = self.inside(path) else {
            self.open.remove(&descriptor);
            return;
        };
        let open = if path == Path::new(child::MARKS) {
            Open::Marks
        } else if let Some(&inode) = self.names.get(&path) {
            if how.contains("O_TRUNC") && self.sizes[inode] > 0 {
                self.sizes[inode] = 0;
                self.steps.push(Step::Cut(inode, 0));
            }
            let at = if how.contains("O_APPEND") {
                self.sizes[inode]
            } else {
                0
            };
            Open::File { inode, at }
        } else if how.contains("O_CREAT") {
            let inode = self.sizes.len();
            self.sizes.push(0);
            self.names.insert(path.clone(), inode);
            self.steps.push(Step::Create(path, inode));
            Open::File { inode, at: 0 }
        } else {
            Open::Folder(path)
        };
        self.open.insert(descriptor, open);
    }

    fn written(&mut self, descriptor: i64, at: Option<usize>, bytes: &[u8]) {
        match self.open.get_mut(&descriptor) {
            Some(Open::File { inode, at: position }) => {
                let from = at.unwrap_or(*position);
                if at.is_none() {
                    *position += bytes.len();
                }
                self.sizes[*inode] = self.sizes[*inode].max(from + bytes.len());
                self.steps.push(Step::Write {
                    inode: *inode,
                    at: from,
                    bytes: bytes.to_vec(),
                });
            }
            Some(Open::Marks) => {
                let line = String::from_utf8(bytes.to_vec()).unwrap();
                self.steps.push(Step::Mark(mark(line.trim_end())));
            }
            Some(Open::Folder(_)) | None => {}
        }
    }

    /// A path below the root, from there.
    fn inside(&self, path: &str) -> Option<PathBuf> {
        Path::new(path).strip_prefix(&self.root).ok().map(Path::to_owned)
    }
}

pub fn mark(line: &str) -> Mark {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "begin" => Mark::Begin,
        "done" => Mark::Done(rest.to_owned()),
        "keychain" => {
            let (account, bytes) = rest.split_once(' ').unwrap_or((rest, ""));
            let byte = |at| u8::from_str_radix(&bytes[at..at + 2], 16).unwrap();
            let bytes: Vec<u8> = (0..bytes.len()).step_by(2).map(byte).collect();
            Mark::Keychain(account.to_owned(), (!bytes.is_empty()).then_some(bytes))
        }
        _ => panic!("no mark: {line}"),
    }
}

/// Arguments at the outermost level; with `-xx` no text holds a comma or a bracket.
fn split(arguments: &str) -> Vec<&str> {
    arguments.split(", ").map(str::trim).collect()
}

/// `"\x41\x42"`.
fn bytes(quoted: &str) -> Vec<u8> {
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let inner = inner.unwrap_or_else(|| panic!("a text that was cut off: {}", short(quoted)));
    let hex = inner.split("\\x").skip(1);
    hex.map(|digits| u8::from_str_radix(digits, 16).expect("two hex digits"))
        .collect()
}

fn text(quoted: &str) -> String {
    String::from_utf8(bytes(quoted)).expect("a path in UTF-8")
}

fn short(text: &str) -> &str {
    &text[..text.len().min(200)]
}
