// W-06: every message of the page passes this frame, which the page cannot reach into, and is sealed here before Rust
// reads it. What is no command name is dropped; which command is allowed is decided by the capability, in Rust.
window.__TAURI_ISOLATION_HOOK__ = (message) => {
  if (typeof message.cmd !== "string" || !/^[a-z][a-z0-9_:|-]{2,63}$/.test(message.cmd)) throw new Error("refused");
  return message;
};
