//! Frames of the owner's door: a big-endian length, then JSON `{v, id, …}` (SECURITY.md L-04).

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::wire;

/// Version of the protocol; a host and a client of other versions do not talk.
pub const VERSION: u32 = 1;

/// Longest frame, in bytes (L-04).
pub const MAX_FRAME: usize = 4 * 1024 * 1024;

/// What a client sends.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request<'a> {
    /// [`VERSION`].
    pub v: u32,
    /// Chosen by the client, given back in the reply.
    pub id: u64,
    /// Name of the vault.
    pub vault: &'a str,
    /// Name of the verb.
    pub verb: &'a str,
    /// The verb's request.
    #[serde(borrow)]
    pub body: &'a RawValue,
}

/// What a host answers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply<'a> {
    /// [`VERSION`].
    pub v: u32,
    /// The request's.
    pub id: u64,
    /// The verb's reply.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub ok: Option<&'a RawValue>,
    /// Or why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<wire::Error>,
}

/// Writes one frame.
///
/// # Errors
/// `InvalidInput` above [`MAX_FRAME`]; else of the stream.
pub fn write(stream: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    if frame.len() > MAX_FRAME {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    // One write a frame: a small frame then travels in one piece.
    let mut whole = Zeroizing::new(Vec::with_capacity(4 + frame.len()));
    whole.extend_from_slice(&u32::try_from(frame.len()).unwrap_or(u32::MAX).to_be_bytes());
    whole.extend_from_slice(frame);
    stream.write_all(&whole)
}

/// Reads the rest of a frame whose length is known.
///
/// # Errors
/// `InvalidData` above [`MAX_FRAME`], before anything is allocated; else of the stream.
pub fn read_body(stream: &mut impl Read, length: [u8; 4]) -> io::Result<Zeroizing<Vec<u8>>> {
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_FRAME {
        return Err(io::Error::from(io::ErrorKind::InvalidData));
    }
    let mut frame = Zeroizing::new(vec![0; length]);
    stream.read_exact(&mut frame)?;
    Ok(frame)
}

/// Encodes into a buffer that wipes itself, also where it grew.
///
/// # Errors
/// `internal`: no shape of ours fails to encode.
pub fn encode(content: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, wire::Error> {
    let mut buffer = WipingBuffer(Zeroizing::new(Vec::with_capacity(1024)));
    serde_json::to_writer(&mut buffer, content)
        .map_err(|_| wire::Error::new(wire::Code::Internal, "A reply could not be encoded.", ""))?;
    Ok(buffer.0)
}

struct WipingBuffer(Zeroizing<Vec<u8>>);

impl Write for WipingBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            // A growing Vec would leave its old buffer behind unwiped (SECURITY.md §b.9, 3).
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.next_power_of_two()));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
