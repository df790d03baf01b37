//! Somebody who shows trays, on a session bus: the few messages of D-Bus that `org.kde.StatusNotifierWatcher` needs.
//!
//! A panel would bring its own desktop; this brings a hundred lines of the wire format (D-Bus specification, “Message Protocol”).

use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyward_tests::Trouble;
use keyward_tests::process::wait_for;

const WATCHER: &str = "org.kde.StatusNotifierWatcher";

/// A bus and a watcher on it, whose thread ends with the bus.
pub struct TrayHost {
    address: String,
    item: Arc<Mutex<Option<Item>>>,
}

/// Who registered a tray item, and its path.
type Item = (String, String);

impl TrayHost {
    /// Owns the watcher's name on the bus at `address` (`unix:path=…`).
    pub fn start(address: &str) -> Result<Self, Trouble> {
        let path = address
            .strip_prefix("unix:path=")
            .and_then(|path| path.split(',').next())
            .ok_or("a bus at a path")?;
        let mut bus = Bus(UnixStream::connect(path)?, 0);
        bus.authenticate(std::fs::metadata(path)?.uid())?;
        bus.call("Hello", "", &[])?;
        let mut name = Body::default();
        name.text(WATCHER);
        name.number(0);
        bus.call("RequestName", "su", &name.0)?;
        let item = Arc::new(Mutex::new(None));
        let registered = Arc::clone(&item);
        std::thread::spawn(move || {
            while let Ok(news) = bus.answer() {
                if let (Some(news), Ok(mut item)) = (news, registered.lock()) {
                    *item = Some(news);
                }
            }
        });
        Ok(Self {
            address: address.to_owned(),
            item,
        })
    }

    /// The labels of the app's tray menu with their ids, as a panel would draw them.
    pub fn menu(&self) -> Result<Vec<(i32, String)>, Trouble> {
        let (owner, path) = self.find()?;
        let layout = self.ask(
            &owner,
            &path,
            "com.canonical.dbusmenu.GetLayout",
            &["0", "-- -1", "[]"],
        )?;
        // (2, {'label': <'Show Keyward'>, …}, …): an id stands before its properties.
        let mut entries = Vec::new();
        for part in layout.split("<(").skip(1) {
            let id = part
                .split(',')
                .next()
                .unwrap_or_default()
                .trim()
                .trim_start_matches("int32 ")
                .parse();
            let label = part
                .split("'label': <'")
                .nth(1)
                .and_then(|rest| rest.split("'>").next());
            if let (Ok(id), Some(label)) = (id, label) {
                entries.push((id, label.replace('_', "")));
            }
        }
        Ok(entries)
    }

    /// Chooses the entry called `label`.
    pub fn choose(&self, label: &str) -> Result<(), Trouble> {
        let entries = wait_for("the tray's menu", Duration::from_secs(10), || {
            self.menu().ok().filter(|entries| !entries.is_empty())
        })?;
        let id = entries
            .iter()
            .find(|(_, known)| known == label)
            .ok_or(format!("{entries:?}"))?
            .0;
        let (owner, path) = self.find()?;
        self.ask(
            &owner,
            &path,
            "com.canonical.dbusmenu.Event",
            &[&id.to_string(), "clicked", "<''>", "0"],
        )
        .map(drop)
    }

    /// The connection that has a tray item, and the path of its menu.
    fn find(&self) -> Result<Item, Trouble> {
        let item = self.item.lock().map_err(|_| "the watcher broke off")?;
        let (owner, path) = item.as_ref().ok_or("nobody has a tray item")?;
        Ok((owner.clone(), format!("{path}/Menu")))
    }

    fn ask(&self, owner: &str, path: &str, method: &str, args: &[&str]) -> Result<String, Trouble> {
        let output = Command::new("gdbus")
            .args([
                "call",
                "--timeout",
                "5",
                "--address",
                &self.address,
                "--dest",
                owner,
                "--object-path",
                path,
            ])
            .args(["--method", method])
            .args(args.iter().flat_map(|arg| arg.split(' ')))
            .output()?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
        }
    }
}

/// A connection, and the serial of its last message.
struct Bus(UnixStream, u32);

/// What came in.
struct Message {
    kind: u8,
    serial: u32,
    sender: String,
    member: String,
    /// Its first argument, when that is a text.
    text: String,
}

impl Bus {
    fn authenticate(&mut self, uid: u32) -> Result<(), Trouble> {
        let hex: String = uid
            .to_string()
            .bytes()
            .map(|digit| format!("{digit:02x}"))
            .collect();
        self.0
            .write_all(format!("\0AUTH EXTERNAL {hex}\r\n").as_bytes())?;
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte)?;
            line.push(byte[0]);
        }
        if !line.starts_with(b"OK ") {
            return Err("the bus refused us".into());
        }
        Ok(self.0.write_all(b"BEGIN\r\n")?)
    }

    /// Calls the bus itself.
    fn call(&mut self, member: &str, signature: &str, body: &[u8]) -> Result<(), Trouble> {
        const NAME: &str = "org.freedesktop.DBus";
        let mut fields = vec![
            (1, 'o', "/org/freedesktop/DBus"),
            (2, 's', NAME),
            (3, 's', member),
            (6, 's', NAME),
        ];
        if !signature.is_empty() {
            fields.push((8, 'g', signature));
        }
        self.send(1, None, &fields, body)
    }

    /// Reads a message and answers it when it is a call; tells who registered a tray item.
    fn answer(&mut self) -> Result<Option<Item>, Trouble> {
        let message = self.read()?;
        if message.kind != 1 {
            return Ok(None);
        }
        let mut body = Body::default();
        let signature = match message.member.as_str() {
            // Whatever property is asked for: yes.
            "Get" => {
                body.yes();
                "v"
            }
            "GetAll" => {
                let mut entry = Body::default();
                entry.text("IsStatusNotifierHostRegistered");
                entry.yes();
                body.number(u32::try_from(entry.0.len())?);
                body.align(8);
                body.0.extend(&entry.0);
                "a{sv}"
            }
            _ => "",
        };
        let mut fields = vec![(6, 's', message.sender.as_str())];
        if !signature.is_empty() {
            fields.push((8, 'g', signature));
        }
        self.send(2, Some(message.serial), &fields, &body.0)?;
        let registers = message.member == "RegisterStatusNotifierItem";
        Ok(registers.then_some((message.sender, message.text)))
    }

    fn send(
        &mut self,
        kind: u8,
        reply_to: Option<u32>,
        fields: &[(u8, char, &str)],
        body: &[u8],
    ) -> Result<(), Trouble> {
        self.1 += 1;
        let mut list = Body::default();
        if let Some(serial) = reply_to {
            list.0.extend([5, 1, b'u', 0]);
            list.number(serial);
        }
        for (code, kind, text) in fields {
            list.align(8);
            list.0.extend([*code, 1, *kind as u8, 0]);
            match kind {
                'g' => {
                    list.0.push(u8::try_from(text.len())?);
                    list.0.extend(text.bytes());
                    list.0.push(0);
                }
                _ => list.text(text),
            }
        }
        let mut message = Body(vec![b'l', kind, 0, 1]);
        message.number(u32::try_from(body.len())?);
        message.number(self.1);
        message.number(u32::try_from(list.0.len())?);
        message.0.extend(&list.0);
        message.align(8);
        message.0.extend(body);
        Ok(self.0.write_all(&message.0)?)
    }

    fn read(&mut self) -> Result<Message, Trouble> {
        let mut head = [0; 16];
        self.0.read_exact(&mut head)?;
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (body, serial, fields) = (number(4) as usize, number(8), number(12) as usize);
        let mut rest = vec![0; fields.next_multiple_of(8) + body];
        self.0.read_exact(&mut rest)?;
        let (mut sender, mut member) = (String::new(), String::new());
        let mut at: usize = 0;
        while at + 4 <= fields {
            at = at.next_multiple_of(8);
            let (code, kind) = (rest[at], rest[at + 2]);
            at += 4;
            let length = match kind {
                b'g' => usize::from(rest[at]),
                _ => u32::from_le_bytes([rest[at], rest[at + 1], rest[at + 2], rest[at + 3]]) as usize,
            };
            match kind {
                b'g' => at += 1 + length + 1,
                b'u' => at += 4,
                _ => {
                    let text = String::from_utf8_lossy(&rest[at + 4..at + 4 + length]).into_owned();
                    match code {
                        3 => member = text,
                        7 => sender = text,
                        _ => {}
                    }
                    at += 4 + length + 1;
                }
            }
        }
        let body = &rest[fields.next_multiple_of(8)..];
        let length = body
            .first_chunk()
            .map_or(0, |length| u32::from_le_bytes(*length) as usize);
        let text = body
            .get(4..4 + length)
            .map(|text| String::from_utf8_lossy(text).into_owned());
        Ok(Message {
            kind: head[1],
            serial,
            sender,
            member,
            text: text.unwrap_or_default(),
        })
    }
}

/// Bytes being put together, little-endian, each value at its own alignment.
#[derive(Default)]
struct Body(Vec<u8>);

impl Body {
    fn align(&mut self, to: usize) {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
    }

    fn number(&mut self, number: u32) {
        self.align(4);
        self.0.extend(number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(u32::try_from(text.len()).unwrap_or(u32::MAX));
        self.0.extend(text.bytes());
        self.0.push(0);
    }

    /// A variant that holds `true`.
    fn yes(&mut self) {
        self.0.extend([1, b'b', 0]);
        self.number(1);
    }
}
