"""An independent reader of the format KWV1, written from FORMAT.md alone (R-44).

usage: reader.py vault.db KEK_HEX                      (the key of the os-keychain slot)
       reader.py vault.db --passphrase TEXT [DEVICE_HEX]   (and the device secret where the slot asks for one)
       reader.py vault.db --recovery GROUPS
Verifies header, manifest and log, opens every record, and prints them as JSON.
Needs Python 3 and the packages `cryptography` and, for a passphrase, `argon2-cffi`.
"""

import hashlib
import hmac
import json
import sqlite3
import struct
import sys
import unicodedata

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

OAUTH = {"auth_client", "auth_client_version", "connection", "token_set", "refresh_intent", "pending_revocation"}


def u32(n):
    return struct.pack(">I", n)


def u64(n):
    return struct.pack(">Q", n)


def lp(x):
    return u32(len(x)) + x


def mac(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def hkdf(salt, ikm, info, length):
    prk, out, block = mac(salt, ikm), b"", b""
    while len(out) < length:
        block = mac(prk, block, info, bytes([len(out) // 32 + 1]))
        out += block
    return out[:length]


def unseal(key, ctx, aad, blob):
    assert blob[0] == 1
    info = b"keyward/v1/seal" + lp(ctx) + hashlib.sha256(aad).digest()
    okm = hkdf(blob[1:33], key, info, 76)
    assert okm[32:64] == blob[33:65], "commitment"
    return AESGCM(okm[:32]).decrypt(okm[64:], blob[65:], lp(ctx) + aad)


def unpad(x):
    x = x.rstrip(b"\0")
    assert x[-1] == 0x80
    return x[:-1]


def cbor(data):
    def item(at):
        major, argument = data[at] >> 5, data[at] & 31
        at += 1
        if argument >= 24:
            width = 1 << (argument - 24)
            argument = int.from_bytes(data[at : at + width], "big")
            at += width
        if major == 0:
            return argument, at
        if major == 1:
            return -1 - argument, at
        if major in (2, 3):
            raw = data[at : at + argument]
            return (raw if major == 2 else raw.decode()), at + argument
        if major == 4:
            values = []
            for _ in range(argument):
                value, at = item(at)
                values.append(value)
            return values, at
        if major == 5:
            values = {}
            for _ in range(argument):
                number, at = item(at)
                values[number], at = item(at)
            return values, at
        assert major == 7 and argument in (20, 21)
        return argument == 21, at

    value, end = item(0)
    assert end == len(data)
    return value


def name_bi(keys, tbl, row_uuid, body):
    def named(scope, environment, text):
        return mac(keys["index"], b"name\0", lp(scope), environment, lp(text.lower().encode()))[:16]

    if tbl == "environment":
        return named(b"environment", bytes(16), body[1])
    if tbl == "settings":
        return named(b"settings", bytes(16), "main")
    if tbl in ("application", "auth_client"):
        return named(tbl.encode(), bytes(16), body[1])
    if tbl == "connection":
        return named(b"item", body[3], body[1])
    if tbl == "secret":
        if 11 in body:
            return mac(keys["index"], b"trash\0", row_uuid)[:16]
        return named(b"item", body[6], body[1])
    if tbl == "credential":
        if 9 in body:
            return mac(keys["index"], b"trash\0", row_uuid)[:16]
        return named(b"item", body[4], body[1])
    if tbl.endswith("_version"):
        return mac(keys["index"], b"version\0", body[1], u32(body[2]))[:16]
    return row_uuid


def by_passphrase(text, device):
    from argon2.low_level import Type, hash_secret_raw

    def kek(params):
        p = cbor(params)
        assert p[2] == 1 and p[6] == bool(device)
        passphrase = unicodedata.normalize("NFC", text).encode()
        stretched = hash_secret_raw(passphrase, p[1], p[4], p[3], p[5], 32, Type.ID, 0x13)
        return hkdf(p[1], stretched + device, b"keyward/v1/slot/pass", 32)

    return "passphrase", kek


def by_recovery(groups):
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    number = 0
    for letter in groups.replace("-", ""):
        number = number << 5 | alphabet.index(letter)
    bits = number >> 10
    r = (bits << 2).to_bytes(19, "big")
    assert int.from_bytes(hashlib.sha256(r).digest()[:2], "big") >> 6 == number & 0x3FF, "checksum"
    return "recovery", lambda params: hkdf(cbor(params)[1], r, b"keyward/v1/slot/recovery", 32)


def way(arguments):
    if arguments[0] == "--passphrase":
        return by_passphrase(arguments[1], bytes.fromhex(arguments[2]) if len(arguments) > 2 else b"")
    if arguments[0] == "--recovery":
        return by_recovery(arguments[1])
    return "os-keychain", lambda params: bytes.fromhex(arguments[0])


def main(path, way):
    kind, kek = way
    db = sqlite3.connect(path)
    one = lambda sql: db.execute(sql).fetchone()
    assert one("PRAGMA application_id")[0] == 0x4B575631
    user_version = one("PRAGMA user_version")[0]
    uuid, epoch, reader, critical, compat, header_mac = one(
        "SELECT vault_uuid, epoch, min_reader, features_critical, features_compat, mac FROM header"
    )
    slots = db.execute("SELECT slot_id, type, params, blob FROM slot ORDER BY slot_id").fetchall()
    slot = next(slot for slot in slots if slot[1] == kind)
    vk = unseal(kek(slot[2]), b"slot", lp(uuid) + lp(slot[0]) + lp(slot[1].encode()) + lp(slot[2]), slot[3])
    labels = ["wrap/main", "wrap/oauth", "header", "index", "manifest", "audit", "audit_enc"]
    keys = {
        label: hkdf(uuid, vk, b"keyward/v1/key/" + label.encode() + b"\0" + u32(epoch), 32) for label in labels
    }
    canonical = lp(uuid) + u32(epoch) + u32(user_version) + struct.pack(">H", reader) + lp(critical) + lp(compat)
    for slot_id, kind, params, blob in slots:
        canonical += lp(slot_id) + lp(kind.encode()) + lp(params) + lp(blob)
    assert mac(keys["header"], canonical) == header_mac, "header"

    generation, audit_seq, audit_head, nodes, root = one(
        "SELECT generation, audit_seq, audit_head, nodes, root FROM manifest"
    )
    expect = mac(keys["manifest"], b"root", u64(generation), u64(audit_seq), audit_head, header_mac, nodes)
    assert expect == root, "root"
    stored = dict(db.execute("SELECT m, digests FROM node"))
    buckets = dict(db.execute("SELECT n, leaves FROM bucket"))
    leaves = {}
    for m in range(256):
        digests = stored.get(m, bytes(8192))
        assert mac(keys["manifest"], b"node", bytes([m]), digests) == nodes[32 * m : 32 * m + 32], "node"
        for low in range(256):
            n = 256 * m + low
            bucket = buckets.get(n, b"")
            digest = mac(keys["manifest"], b"bucket", struct.pack(">H", n), bucket) if bucket else bytes(32)
            assert digest == digests[32 * low : 32 * low + 32], "bucket"
            entries = [bucket[at : at + 48] for at in range(0, len(bucket), 48)]
            assert entries == sorted(entries)
            leaves.update((entry[:16], entry[16:]) for entry in entries)

    records = []
    for row_uuid, tbl, version, row_epoch, wrapped, body, name in db.execute(
        "SELECT record_uuid, tbl, version, epoch, wrapped, body, name_bi FROM rec ORDER BY rowid"
    ):
        head = lp(tbl.encode()) + row_uuid + u64(version) + u32(row_epoch) + lp(name)
        assert leaves.pop(name) == hashlib.sha256(head + lp(wrapped) + lp(body)).digest(), "leaf"

        def aad(column, epoch):
            return (
                lp(b"keyward.v1") + lp(uuid) + u32(epoch) + lp(tbl.encode())
                + lp(row_uuid) + u64(version) + lp(column)
            )

        wrap = keys["wrap/oauth" if tbl in OAUTH else "wrap/main"]
        dek = unseal(wrap, b"dek", aad(b"dek", row_epoch), wrapped)
        padded = unseal(dek, b"body", aad(b"body", 0), body)
        fields = cbor(unpad(padded))
        assert name == name_bi(keys, tbl, row_uuid, fields), "name"
        records.append({"table": tbl, "version": version, "fields": fields})
    assert not leaves, "a row is missing"

    head, events = mac(keys["audit"], b"genesis", uuid), []
    for at, (seq, body, row_mac) in enumerate(db.execute("SELECT seq, body, mac FROM audit ORDER BY seq"), 1):
        assert seq == at
        head = mac(keys["audit"], head, u64(seq), body)
        assert head == row_mac, "log"
        events.append(cbor(unpad(unseal(keys["audit_enc"], b"audit", uuid + u64(seq), body))))
    assert (len(events), head) == (audit_seq, audit_head), "end of the log"
    json.dump({"records": records, "events": events}, sys.stdout, default=lambda raw: raw.hex())


main(sys.argv[1], way(sys.argv[2:]))
