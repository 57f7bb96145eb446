#!/usr/bin/env python3
"""Verifies what `distr audit export` wrote, with a public key:

    python3 verify-history.py FOLDER KEY [--since KEPT-CHECKPOINT] [--from TIME] [--to TIME]

KEY is the key or a file with it. With --from and --to the folder is held to this period, whatever it says of itself: all that was
committed from the one on and before the other must be there. A TIME is one like 2026-11-01T00:00:00Z. It shares no code with Distr and needs nothing but Python's standard library. It opens no connection. It ends with 0 if all is as it
was signed, and with 1 after a line for each thing that is not."""

import argparse
import base64
import datetime
import hashlib
import json
import pathlib
import re
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
    for line in signatures.removesuffix("\n").split("\n"):
        mark, signer, signature = line.split(" ")
        signature = base64.b64decode(signature, validate=True)
        if mark == "—" and signer == name and signature[:4] == key_id:
            if not is_signed(public, body.encode(), signature[4:]):
                sys.exit("the signature is not of this checkpoint")
            origin, size, root = body.split("\n")[:3]
            if not origin or any(c.isspace() or not c.isprintable() for c in origin):
                sys.exit("the checkpoint does not name a history")
            if not (size.isascii() and size.isdigit()):
                sys.exit("the checkpoint has no number of entries")
            return origin, int(size), base64.b64decode(root, validate=True)
    sys.exit(f"the checkpoint is not signed by {name}+{key_id.hex()}")


def tile_path(level, number, width):
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03}")
    return "/".join([str(level), *groups]) + (f".p/{width}" if width < 256 else "")


def contents(path):
    """Of a file, and of nothing else that a folder may hold: a pipe never ends, and a device neither."""
    if not path.is_file():
        sys.exit(f"{shown(path)} is no file")
    return path.read_bytes()


def read_tiles(folder, hashes, level):
    """All hashes of a level of tiles."""
    found = []
    for number in range((hashes + 255) // 256):
        width = min(256, hashes - number * 256)
        data = contents(folder / "tile" / tile_path(level, number, width))
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


FACT = ["organization", "stream", "revision", "id", "type", "schemaVersion", "actor", "causation", "correlation"]
ACCESS = ["organization", "subject", "id"]
ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
SPELLED = {
    **dict.fromkeys(["organization", "subject", "id", "causation", "correlation"], ID),
    **dict.fromkeys(["recordedAt", "committedAt"], INSTANT),
    "payloadDigest": "sha256:[0-9a-f]{64}",
}


def is_spelled(entry, line):
    """Whether the line is the one that is exported: what a signature does not cover, nobody is to read as if it did."""
    if json.dumps(entry, ensure_ascii=False, separators=(",", ":")) != line.removesuffix("\n"):
        return False
    names = [name for name in entry if name != "index"]
    envelope = {"fact": FACT, "access": ACCESS}.get(entry.get("kind"), [])
    payload = "payload" if "payload" in entry else "payloadDigest"
    if names != ["kind", *envelope, "recordedAt", "committedAt", payload] or ("index" in entry and next(iter(entry)) != "index"):
        return False
    for name, value in entry.items():
        if name in ("index", "revision", "schemaVersion"):
            fits = type(value) is int and value >= 0
        else:
            fits = type(value) is str and re.fullmatch(SPELLED.get(name, ".*"), value, re.ASCII | re.DOTALL)
        if not (fits or (name == "causation" and value is None)):
            return False
    return True


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def once(pairs):
    """An object in which no name stands twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        sys.exit("an object of the folder has a name twice")
    return found


def shown(text):
    """Nothing that a terminal would obey."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(text))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("key")
    parser.add_argument("--since", type=pathlib.Path)
    parser.add_argument("--from", dest="begin", type=instant)
    parser.add_argument("--to", dest="end", type=instant)
    return parser.parse_args()


def period(folder, wanted):
    """The begin and the end, each or none: the wanted ones, or else what the folder says of itself."""
    if wanted.begin or wanted.end:
        return wanted.begin, wanted.end
    said = json.loads(contents(folder / "export.json"), object_pairs_hook=once)
    return instant(said.get("from")), instant(said.get("to"))


def verify_entries(folder, leaves, begin, end):
    """What is not as it was signed; how many entries there are, and how many of them without their payload."""
    size, findings, count, without = len(leaves), [], 0, 0
    behind, last_at = None, None  # the index behind the last entry, and when that was committed
    if begin and end and end <= begin:
        findings.append(f"the period ends at {end}, before it begins at {begin}")
    lines = folder / "entries.jsonl"
    if not lines.is_file():
        sys.exit(f"{shown(lines)} is no file")
    for line in lines.open(encoding="utf-8", newline="\n"):
        entry = json.loads(line, object_pairs_hook=once)
        count += 1
        if type(entry) is not dict or not is_spelled(entry, line):
            sys.exit(f"line {count} of {shown(lines)} says something beside an entry, or says it otherwise than it is exported")
        index, what = entry.get("index"), shown(f"{entry['id']} ({entry.get('type', 'access')})")
        if type(index) is not int or not 0 <= index < size:
            findings.append(f"entry {what} is not among the {size} that are signed")
            continue
        at = instant(entry["committedAt"])
        if behind is None:
            if begin is None:
                findings += [f"entry {missing} is signed, and not there" for missing in range(index)]
            elif index > 0 and at >= begin:
                findings.append(f"what was committed between {begin} and the first entry, {index}, may be missing")
        elif index < behind:
            findings.append(f"entry {index} stands behind entry {behind - 1}: it is there twice, or not in its place")
        else:
            findings += [f"entry {missing} is signed, and not there" for missing in range(behind, index)]
        payload = entry.get("payloadDigest")
        if entry.get("payload") is not None:
            payload = "sha256:" + hashlib.sha256(entry["payload"].encode()).hexdigest()
        elif entry["kind"] == "access":
            without += 1
        else:
            findings.append(f"entry {index}, {what}, is there without its payload: facts are kept for ever")
        if leaf_hash(leaf(entry, payload)) != leaves[index]:
            findings.append(f"entry {index}, {what}, is not the one that is signed")
        if behind is None or index >= behind:
            behind, last_at = index + 1, at
    if behind is None and size:
        findings.append(f"no entry is there, and {size} are signed")
    elif end is None:
        findings += [f"entry {missing} is signed, and not there" for missing in range(behind or 0, size)]
    elif behind is not None and behind < size and last_at < end:
        findings.append(f"what was committed between the last entry, {behind - 1}, and {end} may be missing")
    return findings, count, without


def main():
    wanted = arguments()
    folder, key = wanted.folder, wanted.key
    if pathlib.Path(key).is_file():
        key = pathlib.Path(key).read_text(encoding="utf-8").strip()
    name, key_id, encoded = key.split("+", 2)
    data, key_id = base64.b64decode(encoded, validate=True), bytes.fromhex(key_id)
    if data[0] != 1 or hashlib.sha256(name.encode() + b"\n" + data).digest()[:4] != key_id:
        sys.exit("this is not a public key of a log")
    public = data[1:]
    origin, size, root = checkpoint(contents(folder / "checkpoint").decode(), name, key_id, public)

    findings = []
    if not origin.startswith(name + "/"):
        findings.append(f"the checkpoint is of {shown(origin)}, and the key of {shown(name)}")
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
    if wanted.since:
        _, kept, kept_root = checkpoint(contents(wanted.since).decode(), name, key_id, public)
        if kept > size or node(leaves[:kept]) != kept_root:
            findings.append(f"the history of {size} entries does not go on from the kept one of {kept}")
    begin, end = period(folder, wanted)
    found, count, without = verify_entries(folder, leaves, begin, end)
    findings += found

    for finding in findings[:100]:
        print(finding)
    if findings:
        sys.exit(f"{len(findings)} findings")
    print(f"{count} entries are as {shown(name)} signed them, among {size} of its history")
    print(f"committed from {begin or 'the first'} on and before {end or 'the checkpoint'}: all of that time are there")
    if not (wanted.begin or wanted.end) and (begin or end):
        print("the folder names this period itself: with --from and --to it is held to yours")
    if without:
        print(f"of {without} the payload is gone, and its digest is proven")


try:
    main()
except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
    sys.exit(f"it cannot be verified: {shown(repr(error))}")
