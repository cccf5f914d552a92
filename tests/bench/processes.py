"""What processes take and leave behind, read from /proc."""
import os
import pathlib
import re
import subprocess


def rss(pid):
    """Resident memory of one process, MiB."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def children(pid):
    """How many processes it is the parent of."""
    counted = subprocess.run(["pgrep", "-c", "-P", str(pid)], stdout=subprocess.PIPE, text=True).stdout
    return int(counted or 0)


def offspring(pid):
    """All processes below this one."""
    found, parents = [], [str(pid)]
    while parents:
        parents = subprocess.run(["pgrep", "-P", ",".join(parents)], stdout=subprocess.PIPE, text=True).stdout.split()
        found += parents
    return found


class Traces:
    """What a server's sandboxes leave on the machine while it runs, and when it is gone."""

    def __init__(self, pid):
        self.pid = pid
        links = [os.path.realpath(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        self.folder = pathlib.Path(next(link for link in links if re.search(r"/aviary-\d+-\d+$", link)))
        self.groups = [pathlib.Path(line) for line in (self.folder / "cgroups").read_text().split()]

    def count(self):
        """Processes, mounts, control groups and files."""
        below = offspring(self.pid)
        mounts = sum(len(pathlib.Path(f"/proc/{one}/mountinfo").read_text().splitlines()) for one in below[:1])
        groups = sum(len([entry for entry in group.iterdir() if entry.is_dir()]) for group in self.groups)
        files = sum(len(names) + len(folders) for where, folders, names in os.walk(self.folder) if "/world" not in where)
        return {"processes": len(below), "mounts": mounts, "control groups": groups, "files": files}

    def left(self, below):
        """Of a server that is gone."""
        return [*(one for one in below if os.path.exists(f"/proc/{one}")), *(str(group) for group in self.groups if group.exists()),
                *([str(self.folder)] if self.folder.exists() else [])]


def cpu_ticks(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])
