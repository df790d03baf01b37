/** Where the browser comes back to, while it is chosen (OA1); `oauth/redirect.rs` reads what is written here and holds the rules. */

/** `usual` is what an entry of the catalogue says. */
export type RedirectKind = "usual" | "free" | "fixed" | "https" | "scheme" | "paste";
export type LoopbackHost = "127.0.0.1" | "localhost" | "[::1]";
export type RedirectFault = "port" | "path" | "scheme" | "address";

const USUAL_PATH = "/callback";
const USUAL_HTTPS_PORT = "8443";
const OUR_SCHEME = "keyward";
/** A free port of `[::1]` is taken by itself where 127.0.0.1 cannot be had: it is never registered alone. */
const FREE_HOSTS: readonly LoopbackHost[] = ["127.0.0.1", "localhost"];
const FIXED_HOSTS: readonly LoopbackHost[] = ["127.0.0.1", "localhost", "[::1]"];
const KINDS: readonly RedirectKind[] = ["free", "fixed", "https", "scheme", "paste"];

export class RedirectDraft {
  kind = $state<RedirectKind>("free");
  /** What `usual` stands for; empty without an entry of the catalogue. */
  usual = $state("");
  chosenHost = $state<LoopbackHost>("127.0.0.1");
  port = $state("");
  /** Empty for the proposed one. */
  typedPath = $state("");
  /** A path of its own, where the server does not name itself in its answers (O-41). */
  proposedPath = $state("");
  scheme = $state(OUR_SCHEME);
  address = $state("");

  get kinds(): readonly RedirectKind[] {
    return this.usual === "" ? KINDS : ["usual", ...KINDS];
  }

  get hosts(): readonly LoopbackHost[] {
    if (this.kind === "free") return FREE_HOSTS;
    return this.kind === "fixed" ? FIXED_HOSTS : [];
  }

  get host(): LoopbackHost {
    return this.hosts.includes(this.chosenHost) ? this.chosenHost : "127.0.0.1";
  }

  get hasPort(): boolean {
    return this.kind === "fixed" || this.kind === "https";
  }

  get hasPath(): boolean {
    return this.kind !== "paste";
  }

  get path(): string {
    return this.typedPath.trim() || this.proposedPath || USUAL_PATH;
  }

  /** The address to register; a free port is left out, servers do not compare it (RFC 8252 section 7.3). */
  get shown(): string {
    switch (this.kind) {
      case "usual":
        return this.path === USUAL_PATH ? this.usual : this.usual.replace(/\/callback$/, this.path);
      case "free":
        return `http://${this.host}${this.path}`;
      case "fixed":
        return `http://${this.host}:${this.#port || "PORT"}${this.path}`;
      case "https":
        return `https://localhost:${this.#port}${this.path}`;
      case "scheme":
        return `${this.scheme.trim()}:${this.path}`;
      case "paste":
        return this.address.trim();
    }
  }

  get fault(): RedirectFault | null {
    if (this.hasPort && !(/^[0-9]{4,5}$/.test(this.#port) && Number(this.#port) >= 1024 && Number(this.#port) <= 65535)) return "port";
    if (this.hasPath && !fitsPath(this.path)) return "path";
    if (this.kind === "scheme" && !fitsScheme(this.scheme.trim())) return "scheme";
    if (this.kind === "paste" && !fitsAddress(this.address.trim())) return "address";
    return null;
  }

  /** As the command line writes it; `null` for what the entry says. */
  written(): string | null {
    switch (this.kind) {
      case "usual":
        return null;
      case "free":
        return this.host === "localhost" ? "localhost" : "auto";
      case "fixed":
        return `fixed:${this.host}:${this.#port}`;
      case "https":
        return `https:${this.#port}`;
      case "scheme":
        return `scheme:${this.scheme.trim()}`;
      case "paste":
        return `paste:${this.address.trim()}`;
    }
  }

  writtenPath(): string | null {
    return this.hasPath && this.path !== USUAL_PATH ? this.path : null;
  }

  get #port(): string {
    return this.port.trim() || (this.kind === "https" ? USUAL_HTTPS_PORT : "");
  }
}

function fitsPath(path: string): boolean {
  const segments = path.split("/");
  return /^\/(?!\/)[A-Za-z0-9\-._~/]{0,199}$/.test(path) && !segments.includes(".") && !segments.includes("..");
}

/** A scheme of one's own has a dot in it (RFC 8252 section 7.1). */
function fitsScheme(scheme: string): boolean {
  return scheme === OUR_SCHEME || (/^[a-z][a-z0-9+\-.]{0,63}$/.test(scheme) && scheme.includes("."));
}

/** https, without a query, written as browsers write it. */
function fitsAddress(address: string): boolean {
  try {
    const url = new URL(address);
    return url.protocol === "https:" && url.search === "" && url.hash === "" && url.href === address;
  } catch {
    return false;
  }
}
