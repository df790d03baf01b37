//! Frames of the owner's door: a big-endian length, then JSON `{v, id, …}` (SECURITY.md L-04).

use std::{
    io::{self, Read, Write},
    ops::Deref,
};

use serde::{Deserialize, Serialize};
use zeroize::optimization_barrier;

use crate::wire;

/// Version of the protocol; a host and a client of other versions do not talk.
pub const VERSION: u32 = 1;

/// Longest frame, in bytes (L-04).
pub const MAX_FRAME: usize = 4 * 1024 * 1024;

/// Bytes of the length before each frame.
const LENGTH: usize = 4;

/// What a client sends. A host reads the body as it stands, and then as its verb says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request<'a, B> {
    /// [`VERSION`].
    pub v: u32,
    /// Chosen by the client, given back in the reply.
    pub id: u64,
    /// Name of the vault.
    pub vault: &'a str,
    /// Name of the verb.
    pub verb: &'a str,
    /// The verb's request.
    pub body: B,
}

/// What a host answers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply<R> {
    /// [`VERSION`].
    pub v: u32,
    /// The request's.
    pub id: u64,
    /// The verb's reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ok: Option<R>,
    /// Or why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<wire::Error>,
}

/// A frame as it travels, with its length in front; wiped when it is dropped.
pub struct Frame(Wiped);

impl Frame {
    /// Encodes into one buffer that wipes itself, also where it grew.
    ///
    /// # Errors
    /// `internal`: no shape of ours fails to encode.
    pub fn encode(content: &impl Serialize) -> Result<Self, wire::Error> {
        let mut buffer = Wiped(Vec::with_capacity(1024));
        buffer.0.extend_from_slice(&[0; LENGTH]);
        serde_json::to_writer(&mut buffer, content)
            .map_err(|_| wire::Error::new(wire::Code::Internal, "A reply could not be encoded.", ""))?;
        let length = u32::try_from(buffer.0.len() - LENGTH).unwrap_or(u32::MAX);
        buffer.0[..LENGTH].copy_from_slice(&length.to_be_bytes());
        Ok(Self(buffer))
    }

    /// Its JSON.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.0[LENGTH..]
    }

    /// Writes it in one piece.
    ///
    /// # Errors
    /// `InvalidInput` above [`MAX_FRAME`]; else of the stream.
    pub fn write(&self, stream: &mut impl Write) -> io::Result<()> {
        if self.content().len() > MAX_FRAME {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        stream.write_all(&self.0)
    }
}

/// Reads the rest of a frame whose length is known.
///
/// # Errors
/// `InvalidData` above [`MAX_FRAME`], before anything is allocated; else of the stream.
pub fn read_body(stream: &mut impl Read, length: [u8; 4]) -> io::Result<Wiped> {
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_FRAME {
        return Err(io::Error::from(io::ErrorKind::InvalidData));
    }
    let mut frame = Wiped(vec![0; length]);
    stream.read_exact(&mut frame.0)?;
    Ok(frame)
}

/// Bytes of a frame, wiped when they are dropped, whatever allocator the program has. [`zeroize::Zeroizing`] writes one
/// byte at a time, and memory that was asked for and never written too: a fifth of the cost of a long list (P6).
pub struct Wiped(Vec<u8>);

impl Wiped {
    /// A growing Vec would leave its old buffer behind unwiped (SECURITY.md §b.9, 3).
    #[cold]
    fn grow(&mut self, needed: usize) {
        let mut larger = Self(Vec::with_capacity(needed.next_power_of_two()));
        larger.0.extend_from_slice(&self.0);
        *self = larger;
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        // It only ever grows, so behind its length nothing was written. The barrier reads what the fill wrote: no
        // compiler may leave it out as a write that nobody sees (SECURITY.md §b.9, 3).
        self.0.fill(0);
        optimization_barrier(self.0.as_slice());
    }
}

impl Deref for Wiped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Write for Wiped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    /// JSON comes in pieces of a few bytes, a hundred for each entry of a list.
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            self.grow(needed);
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
