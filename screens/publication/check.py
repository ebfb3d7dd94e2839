"""Check a publication: that no byte of it was changed, that its tables tie to each other, and who signed it.

    python check.py [FOLDER]

It needs Python 3.11, and for the signature the library `cryptography`. Read it before you trust it; it is short.
"""

import csv
import hashlib
import json
import sys
from collections import Counter
from pathlib import Path

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
sums, said = (folder / "SHA256SUMS").read_bytes(), json.loads((folder / "publication.json").read_bytes())
if hashlib.sha256(sums).hexdigest() != said["sums"]:
    sys.exit("SHA256SUMS is not that of this publication")
listed = {name: digest for digest, name in (line.split("  ", 1) for line in sums.decode().splitlines())}
there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
for name in sorted((there ^ listed.keys()) - {"SHA256SUMS", "publication.json"}):
    sys.exit(f"{name}: it is listed and not there, or there and not listed")
for name, digest in listed.items():
    if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
        sys.exit(f"{name}: it was changed")
left: Counter[tuple[str, str, str]] = Counter()  # what came less what went, less what the position says is held
for leg in csv.DictReader((folder / "data/legs.csv").open(encoding="utf-8", newline="")):
    for side, sign in (("to", 1), ("from", -1)):
        left[leg[f"{side}_organisation"], leg[f"{side}_fund"], leg["year"]] += sign * int(leg["amount_pence"])
for row in csv.DictReader((folder / "data/position.csv").open(encoding="utf-8", newline="")):
    left[row["organisation"], row["fund"], row["year"]] -= int(row["amount_pence"])
for holder in [holder for holder, pence in left.items() if pence]:
    sys.exit(f"{' '.join(holder)}: the position is not what the legs come to")
print(f"{len(listed)} files are as they were published, and the position is what the legs come to, to the penny")
if said["signature"]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    text = "".join(f"{name} {said[name]}\n" for name in ("form", "entries", "head", "root", "sums", "public_key"))
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(said["public_key"])).verify(
        bytes.fromhex(said["signature"]), text.encode()
    )  # which raises where it does not hold
    print(f"signed with the key {said['public_key']}: compare it with the one that you were given by another way")
