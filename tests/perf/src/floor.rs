//! The floor: what a program would cost that did only what cannot be left out, without any promise.
//!
//! `make DIR N`, `get DIR NAME`, `set DIR NAME` (value on stdin), `list DIR`, `agent DIR`, `ask DIR NAME`, `kdf`,
//! `keychain ACCOUNT`. The key lies in a file; nothing is authenticated but the two records.
#![allow(
    clippy::disallowed_methods,
    reason = "a program of its own: it reads its arguments"
)]
#![allow(clippy::print_stdout, reason = "a program of its own: it prints values")]
#![allow(missing_docs, reason = "a yardstick, not a library")]

use std::{
    error::Error,
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
};

use aes_gcm::{Aes256Gcm, KeyInit, Nonce, aead::Aead};
use hmac::{Hmac, Mac};
use keyward_engine::home::{Keychain, OsKeychain};
use rusqlite::Connection;
use sha2::Sha256;

type Fallible<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Fallible {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["make", dir, count] => make(Path::new(dir), count.parse()?),
        ["get", dir, name] => print(&Store::open(dir)?.get(name)?),
        ["set", dir, name] => {
            let mut value = Vec::new();
            std::io::stdin().read_to_end(&mut value)?;
            Store::open(dir)?.set(name, &value)
        }
        ["list", dir] => Store::open(dir)?.list(),
        ["agent", dir] => agent(dir),
        ["ask", dir, name] => print(&ask(dir, name)?),
        ["kdf"] => kdf(),
        // What no cold command in keychain mode can leave out: its slot key and the anchor, two reads in one process.
        ["keychain", account] => {
            let (keychain, deadline) = (OsKeychain::new(), keyward_engine::home::keychain::DEADLINE);
            if keychain.get(account, deadline)?.is_none() {
                keychain.set(account, &[3; 48], deadline)?;
            }
            keychain.get(account, deadline)?;
            Ok(())
        }
        _ => Err("keyward-floor make|get|set|list|agent|ask|kdf|keychain".into()),
    }
}

fn print(value: &[u8]) -> Fallible {
    Ok(std::io::stdout().write_all(value)?)
}

struct Store {
    connection: Connection,
    key: Vec<u8>,
}

fn path(dir: impl AsRef<Path>, name: &str) -> PathBuf {
    dir.as_ref().join(name)
}

impl Store {
    fn open(dir: &str) -> Fallible<Self> {
        let key = std::fs::read(path(dir, "key"))?;
        let connection = Connection::open(path(dir, "floor.db"))?;
        connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")?;
        Ok(Self { connection, key })
    }

    fn index(&self, name: &str) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any length is a key");
        mac.update(name.as_bytes());
        mac.finalize().into_bytes()[..16].to_vec()
    }

    fn cipher(&self) -> Fallible<Aes256Gcm> {
        Ok(Aes256Gcm::new_from_slice(&self.key)?)
    }

    fn get(&self, name: &str) -> Fallible<Vec<u8>> {
        let (meta, value): (Vec<u8>, Vec<u8>) = self.connection.query_row(
            "SELECT meta, value FROM item WHERE name = ?1",
            [self.index(name)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let cipher = self.cipher()?;
        open(&cipher, &meta)?;
        open(&cipher, &value)
    }

    fn set(&self, name: &str, value: &[u8]) -> Fallible {
        let cipher = self.cipher()?;
        let (meta, value) = (seal(&cipher, name.as_bytes())?, seal(&cipher, value)?);
        self.connection.execute(
            "INSERT OR REPLACE INTO item VALUES (?1, ?2, ?3)",
            (self.index(name), meta, value),
        )?;
        Ok(())
    }

    fn list(&self) -> Fallible {
        let cipher = self.cipher()?;
        let mut statement = self.connection.prepare("SELECT meta FROM item")?;
        let metas = statement.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
        let mut names = Vec::new();
        for meta in metas {
            names.push(String::from_utf8(open(&cipher, &meta?)?)?);
        }
        names.sort_unstable();
        println!("{}", names.join("\n"));
        Ok(())
    }
}

fn seal(cipher: &Aes256Gcm, plaintext: &[u8]) -> Fallible<Vec<u8>> {
    // A fixed nonce is worthless as protection and costs what a random one costs, less the 12 bytes.
    let nonce = [7_u8; 12];
    Ok(cipher
        .encrypt(&Nonce::from(nonce), plaintext)
        .map_err(|_| "seal")?)
}

fn open(cipher: &Aes256Gcm, sealed: &[u8]) -> Fallible<Vec<u8>> {
    Ok(cipher
        .decrypt(&Nonce::from([7_u8; 12]), sealed)
        .map_err(|_| "open")?)
}

fn make(dir: &Path, count: usize) -> Fallible {
    std::fs::write(path(dir, "key"), [9; 32])?;
    let connection = Connection::open(path(dir, "floor.db"))?;
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; CREATE TABLE item (name BLOB PRIMARY KEY, meta BLOB, value BLOB) WITHOUT ROWID;",
    )?;
    let store = Store {
        connection,
        key: vec![9; 32],
    };
    store.connection.execute_batch("BEGIN")?;
    for number in 0..count {
        store.set(&format!("SECRET_{number:05}"), format!("{number:040}").as_bytes())?;
    }
    store
        .connection
        .execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}

/// A minimal agent: a name in, the value out, one connection at a time.
fn agent(dir: &str) -> Fallible {
    let store = Store::open(dir)?;
    let listener = UnixListener::bind(path(dir, "agent.sock"))?;
    for stream in listener.incoming() {
        let mut stream = stream?;
        let mut name = [0; 64];
        loop {
            let read = stream.read(&mut name)?;
            if read == 0 {
                break;
            }
            let value = store.get(std::str::from_utf8(&name[..read])?)?;
            stream.write_all(&value)?;
        }
    }
    Ok(())
}

fn ask(dir: &str, name: &str) -> Fallible<Vec<u8>> {
    let mut stream = UnixStream::connect(path(dir, "agent.sock"))?;
    stream.write_all(name.as_bytes())?;
    let mut value = [0; 256];
    let read = stream.read(&mut value)?;
    Ok(value[..read].to_vec())
}

fn kdf() -> Fallible {
    let params = argon2::Params::new(64 * 1024, 3, 1, Some(32)).map_err(|error| error.to_string())?;
    let kdf = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut key = [0; 32];
    kdf.hash_password_into(b"correct horse battery staple 42", &[1; 16], &mut key)
        .map_err(|error| error.to_string())?;
    print(&key[..0])
}
