/** Addresses as people read them. */

/** The host of an address; the text itself when it is none. */
export function host(address: string): string {
  try {
    return new URL(address).host;
  } catch {
    return address;
  }
}

export type AddressFault = "missing" | "scheme";

/** Providers are reached over https; plain http only on this computer. `null` when nothing is wrong. */
export function addressFault(address: string): AddressFault | null {
  if (address.trim() === "") return "missing";
  try {
    const url = new URL(address.trim());
    const loopback = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
    return url.protocol === "https:" || (url.protocol === "http:" && loopback) ? null : "scheme";
  } catch {
    return "scheme";
  }
}
