"""Import every module alone and say what happened, as JSON.

Usage: import_modules.py TOP OUTPUT SPEC, with SPEC a JSON file:
    {"modules": [dotted names], "forbidden": "package", "start": "module imported at start"}

Libraries are loaded once, by a first child that tells which; each module is then imported by a
child of its own that has the libraries and none of our modules.
"""

import functools
import importlib
import importlib.util
import json
import os
import sys
import time
import traceback


def in_child(work):
    """The JSON value that ``work()`` gives in a forked child, or None when the child died."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        try:
            value = json.dumps(work())
        except BaseException:
            value = json.dumps({"error": traceback.format_exc()})
        with os.fdopen(write, "w") as pipe:
            pipe.write(value)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    return json.loads(text) if text else None


def loaded_by(names, own):
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException:
            continue
    return sorted(n for n, m in sys.modules.items() if m is not None and not below(n, own))


def below(name, package):
    return name == package or name.startswith(package + ".")


def import_one(name, own, forbidden):
    started = time.time()
    try:
        importlib.import_module(name)
    except BaseException:
        return {"error": traceback.format_exc()[-2000:]}
    return {
        "own": sorted(n for n in sys.modules if below(n, own)),
        "forbidden": sorted(n for n in sys.modules if below(n, forbidden)),
        "seconds": time.time() - started,
    }


def main():
    top, output, spec_path = sys.argv[1:4]
    sys.path[0] = top
    os.chdir(top)
    with open(spec_path, encoding="utf-8") as handle:
        spec = json.load(handle)
    own, forbidden = spec["own"], spec["forbidden"]
    answer = {"modules": {}}
    present = importlib.util.find_spec(forbidden)
    answer["present"] = None if present is None else str(present.origin)
    if spec.get("start"):
        answer["start"] = in_child(lambda: import_start(spec["start"], own))
    for name in in_child(lambda: loaded_by(spec["modules"], own)) or []:
        try:
            importlib.import_module(name)
        except BaseException:
            continue
    for name in spec["modules"]:
        answer["modules"][name] = in_child(functools.partial(import_one, name, own, forbidden))
    with open(output, "w", encoding="utf-8") as out:
        json.dump(answer, out)


def import_start(name, own):
    started = time.time()
    try:
        importlib.import_module(name)
    except BaseException:
        return {"error": traceback.format_exc()[-2000:]}
    seconds = time.time() - started
    return {
        "own": sum(1 for n in sys.modules if below(n, own)),
        "all": len(sys.modules),
        "seconds": round(seconds, 2),
    }


main()
