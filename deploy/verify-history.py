#!/usr/bin/env python3
"""Verifies what `distr audit export` wrote, with a public key: python3 verify-history.py FOLDER KEY [KEPT-CHECKPOINT]

It shares no code with Distr and needs nothing but Python's standard library. It opens no connection. It ends with 0 if all is as it
was signed, and with 1 after a line for each thing that is not."""

import base64
import hashlib
import json
import pathlib
import sys


# Ed25519 as RFC 8032 has it; verification alone, of one signature or two.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    g, h = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return i * j % P, k * m % P, j * k % P, i * m % P


def times(number, point):
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, point)
        point, number = add(point, point), number >> 1
    return result


def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public, text, signature):
    if len(signature) != 64:
        return False
    a, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + text).digest(), "little") % L
    left, right = times(s, BASE), add(r, times(k, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# The tree: RFC 6962.
def leaf_hash(leaf):
    return hashlib.sha256(b"\0" + leaf).digest()


def node(hashes):
    """The hash over some that stand beside each other."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + node(hashes[:split]) + node(hashes[split:])).digest()


def checkpoint(text, name, key_id, public):
    body, _, signatures = text.rpartition("\n\n")
    body += "\n"
    for line in signatures.splitlines():
        mark, signer, signature = line.split(" ")
        signature = base64.b64decode(signature, validate=True)
        if mark == "—" and signer == name and signature[:4] == key_id:
            if not is_signed(public, body.encode(), signature[4:]):
                sys.exit("the signature is not of this checkpoint")
            origin, size, root = body.splitlines()[:3]
            return origin, int(size), base64.b64decode(root, validate=True)
    sys.exit(f"the checkpoint is not signed by {name}+{key_id.hex()}")


def tile_path(level, number, width):
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03}")
    return "/".join([str(level), *groups]) + (f".p/{width}" if width < 256 else "")


def read_tiles(folder, hashes, level):
    """All hashes of a level of tiles."""
    found = []
    for number in range((hashes + 255) // 256):
        width = min(256, hashes - number * 256)
        data = (folder / "tile" / tile_path(level, number, width)).read_bytes()
        if len(data) != width * 32:
            sys.exit(f"tile {tile_path(level, number, width)} has {len(data)} bytes")
        found += [data[at : at + 32] for at in range(0, len(data), 32)]
    return found


def leaf(entry, payload):
    lines = [("distr", "fact v1" if entry["kind"] == "fact" else "access v1"), ("organization", entry["organization"])]
    if entry["kind"] == "fact":
        lines += [
            ("stream", entry["stream"]), ("revision", entry["revision"]), ("id", entry["id"]), ("type", entry["type"]),
            ("schema", entry["schemaVersion"]), ("actor", entry["actor"]), ("causation", entry.get("causation") or "-"),
            ("correlation", entry["correlation"]),
        ]
    else:
        lines += [("subject", entry["subject"]), ("id", entry["id"])]
    lines += [("recorded", entry["recordedAt"]), ("committed", entry["committedAt"]), ("payload", payload)]
    return "".join(f"{name} {value}\n" for name, value in lines).encode()


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    folder, key = pathlib.Path(sys.argv[1]), sys.argv[2]
    if pathlib.Path(key).is_file():
        key = pathlib.Path(key).read_text().strip()
    name, key_id, encoded = key.split("+", 2)
    data, key_id = base64.b64decode(encoded, validate=True), bytes.fromhex(key_id)
    if data[0] != 1 or hashlib.sha256(name.encode() + b"\n" + data).digest()[:4] != key_id:
        sys.exit("this is not a public key of a log")
    public = data[1:]
    origin, size, root = checkpoint((folder / "checkpoint").read_text(), name, key_id, public)

    findings = []
    if not origin.startswith(name + "/"):
        findings.append(f"the checkpoint is of {origin}, and the key of {name}")
    leaves = read_tiles(folder, size, 0)
    if node(leaves) != root:
        findings.append(f"the root of the {size} leaves is not the one that is signed")
        above, level = leaves, 1
        while len(above) >= 256:
            stored = read_tiles(folder, len(above) // 256, level)
            for number, expected in enumerate(stored):
                if node(above[number * 256 : number * 256 + 256]) != expected:
                    findings.append(f"tile {tile_path(level - 1, number, 256)} is not the one that is signed")
            above, level = stored, level + 1
    if len(sys.argv) == 4:
        _, kept, kept_root = checkpoint(pathlib.Path(sys.argv[3]).read_text(), name, key_id, public)
        if kept > size or node(leaves[:kept]) != kept_root:
            findings.append(f"the history of {size} entries does not go on from the kept one of {kept}")

    period = json.loads((folder / "export.json").read_text())
    first, expected, count = None, None, 0
    for line in (folder / "entries.jsonl").open(encoding="utf-8", newline="\n"):
        entry = json.loads(line)
        count += 1
        index, what = entry.get("index"), f"{entry['id']} ({entry.get('type', 'access')})"
        if index is None or index >= size:
            findings.append(f"entry {what} is not among the {size} that are signed")
            continue
        if first is None:
            first = index
            if not period.get("from"):
                findings += [f"entry {missing} is signed, and not there" for missing in range(index)]
        else:
            findings += [f"entry {missing} is signed, and not there" for missing in range(expected, index)]
        payload = entry.get("payloadDigest")
        if "payload" in entry:
            payload = "sha256:" + hashlib.sha256(entry["payload"].encode()).hexdigest()
        if leaf_hash(leaf(entry, payload)) != leaves[index]:
            findings.append(f"entry {index}, {what}, is not the one that is signed")
        expected = max(expected or 0, index + 1)
    if not period.get("to"):
        findings += [f"entry {missing} is signed, and not there" for missing in range(expected or 0, size)]

    for finding in findings[:100]:
        print(finding)
    if findings:
        sys.exit(f"{len(findings)} findings")
    print(f"{count} entries are as {name} signed them, among {size} of its history")


main()
