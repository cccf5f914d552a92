#!/usr/bin/env python3
"""An OCI image layout of one layer, from a folder: what a build tool does, without one.

    layout.py FILES LAYOUT TAG COMMAND...
"""

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

files, layout, tag, *command = sys.argv[1:]
blobs = os.path.join(layout, "blobs", "sha256")
os.makedirs(blobs, exist_ok=True)


def blob(content, kind):
    digest = hashlib.sha256(content).hexdigest()
    with open(os.path.join(blobs, digest), "wb") as file:
        file.write(content)
    return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(content)}


packed = io.BytesIO()
with tarfile.open(fileobj=packed, mode="w") as archive:
    archive.add(files, "/")
layer = blob(gzip.compress(packed.getvalue(), mtime=0), "layer.v1.tar+gzip")
config = {"os": "linux", "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine],
          "config": {"Entrypoint": command[:1], "Cmd": command[1:]}, "rootfs": {"type": "layers", "diff_ids": []}}
manifest = blob(json.dumps({"schemaVersion": 2, "config": blob(json.dumps(config).encode(), "config.v1+json"),
                            "layers": [layer]}).encode(), "manifest.v1+json")
index = os.path.join(layout, "index.json")
others = []
if os.path.exists(index):
    with open(index) as file:
        others = json.load(file)["manifests"]
name = {"org.opencontainers.image.ref.name": tag}
others = [other for other in others if other["annotations"] != name]
with open(index, "w") as file:
    json.dump({"schemaVersion": 2, "manifests": [*others, {**manifest, "annotations": name}]}, file)
with open(os.path.join(layout, "oci-layout"), "w") as file:
    file.write('{"imageLayoutVersion": "1.0.0"}')
