"""OCI image layouts on disk, made on the fly: a static program that speaks the Runtime API, in one layer or more."""

import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile

PROGRAM = r"""
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static char answer[1 << 20];
/* One request on a connection of its own; what came back is in `answer`. */
static void ask(const char *api, const char *method, const char *path, const char *body) {
  char host[64], head[1024];
  const char *colon = strchr(api, ':');
  snprintf(host, sizeof host, "%.*s", (int)(colon - api), api);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
  inet_pton(AF_INET, host, &to.sin_addr);
  int s = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(s, (struct sockaddr *)&to, sizeof to) != 0) _exit(99);
  int n = snprintf(head, sizeof head, "%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n"
                   "Content-Length: %zu\r\n\r\n", method, path, api, strlen(body));
  if (write(s, head, n) != n || write(s, body, strlen(body)) != (ssize_t)strlen(body)) _exit(98);
  size_t have = 0;
  for (ssize_t got; (got = read(s, answer + have, sizeof answer - 1 - have)) > 0;) have += got;
  answer[have] = 0;
  close(s);
}
static const char *variable(const char *name) { const char *v = getenv(name); return v ? v : ""; }
static int error_of(const char *path) {
  int f = open(path, O_WRONLY | O_CREAT, 0644);
  if (f < 0) return errno;
  close(f);
  return 0;
}
int main(int argc, char **argv) {
  char text[256] = "", folder[256] = "", path[256], said[4096];
  FILE *version = fopen("/app/version", "r");
  if (version && !fgets(text, sizeof text, version)) text[0] = 0;
  if (!getcwd(folder, sizeof folder)) return 1;
  for (int count = 1;; ++count) {
    ask(variable("AWS_LAMBDA_RUNTIME_API"), "GET", "invocation/next", "");
    char *id = strcasestr(answer, "lambda-runtime-aws-request-id:");
    char *event = strstr(answer, "\r\n\r\n") + 4;
    snprintf(path, sizeof path, "invocation/%.36s/response", id + 31);
    if (strstr(event, "\"sleep\"")) sleep(60);
    if (strstr(event, "\"exit\"")) return 7;
    printf("event %s\n", event);
    fflush(stdout);
    snprintf(said, sizeof said,
             "{\"version\":\"%s\",\"folder\":\"%s\",\"first\":\"%s\",\"last\":\"%s\",\"handler\":\"%s\",\"of_image\":\"%s\","
             "\"of_function\":\"%s\",\"path\":\"%s\",\"number\":\"%s\",\"uid\":%d,\"root\":%d,\"tmp\":%d,\"null\":%d,"
             "\"usr\":%d,\"hosts\":%d,\"self\":%d,\"count\":%d}",
             text, folder, argv[0], argv[argc - 1], variable("_HANDLER"), variable("OF_IMAGE"), variable("OF_FUNCTION"),
             variable("PATH"), variable("AWS_LAMBDA_FUNCTION_VERSION"), getuid(), error_of("/app/x"),
             error_of("/tmp/x"), access("/dev/null", R_OK | W_OK), access("/usr", F_OK), access("/etc/hosts", R_OK),
             access("/proc/self/exe", F_OK), count);
    ask(variable("AWS_LAMBDA_RUNTIME_API"), "POST", path, said);
  }
}
"""

_built = {}


def program():
    """The bytes of the static program."""
    if "program" not in _built:
        with tempfile.TemporaryDirectory() as folder:
            source, target = os.path.join(folder, "runtime.c"), os.path.join(folder, "runtime")
            with open(source, "w") as file:
                file.write(PROGRAM)
            subprocess.run(["gcc", "-D_GNU_SOURCE", "-O1", "-s", "-static", "-o", target, source], check=True)
            with open(target, "rb") as file:
                _built["program"] = file.read()
    return _built["program"]


def layer(files, folders=()):
    """A layer of {path: content or (content, mode)}, gzipped."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in folders:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for name, content in files.items():
            content, mode = content if isinstance(content, tuple) else (content, 0o644)
            content = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), 1, mtime=0)


def architecture():
    return {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]


class Layout:
    """A folder as `skopeo copy … oci:folder:tag` leaves it."""

    def __init__(self, folder):
        self.folder = folder
        self.manifests = {}
        os.makedirs(os.path.join(folder, "blobs", "sha256"), exist_ok=True)
        os.chmod(folder, 0o755)
        self.write("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')

    def write(self, path, content):
        with open(os.path.join(self.folder, path), "wb") as file:
            file.write(content)

    def blob(self, content, kind):
        digest = hashlib.sha256(content).hexdigest()
        self.write(f"blobs/sha256/{digest}", content)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(content)}

    def image(self, tag, layers, **config):
        """Writes the image and its tag; answers the manifest's digest, hexadecimal."""
        document = {"os": "linux", "architecture": architecture(), "config": config,
                    "rootfs": {"type": "layers", "diff_ids": []}}
        manifest = {"schemaVersion": 2, "config": self.blob(json.dumps(document).encode(), "config.v1+json"),
                    "layers": [self.blob(content, "layer.v1.tar+gzip") for content in layers]}
        described = self.blob(json.dumps(manifest).encode(), "manifest.v1+json")
        self.manifests[tag] = {**described, "annotations": {"org.opencontainers.image.ref.name": tag}}
        self.write("index.json", json.dumps({"schemaVersion": 2, "manifests": list(self.manifests.values())}).encode())
        return described["digest"][len("sha256:"):]

    def uri(self, tag):
        return f"oci:{self.folder}:{tag}"
