"""Serve a WSGI application on a free loopback port, and tell afterwards what it touched.

Usage: serve_wsgi.py TARGET PORT_FILE REPORT THREADS
TARGET is the path of a WSGI script that holds ``application``, or ``module:factory``.
PORT_FILE gets the port once the service listens; REPORT gets JSON on SIGTERM: modules loaded,
files opened, options read, seconds from start to listening, peak memory in KiB.
"""

import json
import os
import resource
import signal
import sys
import threading
import time

STARTED = time.time()
OPENED = set()


def watch_opened():
    if hasattr(sys, "addaudithook"):

        def hook(event, args):
            if event == "open" and isinstance(args[0], (str, bytes)):
                OPENED.add(os.fsdecode(args[0]))

        sys.addaudithook(hook)
        return
    import builtins
    import io

    plain = builtins.open

    def noting(file, *args, **kwargs):
        if isinstance(file, (str, bytes)):
            OPENED.add(os.fsdecode(file))
        return plain(file, *args, **kwargs)

    builtins.open = io.open = noting


def load(target):
    if os.path.exists(target):
        sys.argv = [target]
        # What is under __main__ in a script must not run: a server imports it.
        with open(target, encoding="utf-8") as handle:
            code = compile(handle.read(), target, "exec")
        namespace = {"__name__": "wsgi_script", "__file__": target}
        exec(code, namespace)
        return namespace["application"]
    import importlib

    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)()


def watch_options(read):
    try:
        from oslo_config import cfg
    except ImportError:
        return
    plain = cfg.ConfigOpts._get

    def noting(self, name, group=None, namespace=None):
        read.add(((getattr(group, "name", group) or "DEFAULT"), name))
        return plain(self, name, group, namespace)

    cfg.ConfigOpts._get = noting


def main():
    target, port_file, report, threads = sys.argv[1:5]
    sys.path[0] = os.getcwd()
    watch_opened()
    options = set()
    watch_options(options)
    application = load(target)
    import waitress

    server = waitress.create_server(
        application,
        host="127.0.0.1",
        port=0,
        threads=int(threads),
        clear_untrusted_proxy_headers=True,
    )
    at_start = {"seconds": round(time.time() - STARTED, 3), "modules": sorted(sys.modules)}

    def tell(signum, frame):
        answer = {
            "start": at_start,
            "modules": sorted(sys.modules),
            "opened": sorted(OPENED),
            "options": sorted(list(o) for o in options),
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        }
        with open(report + ".tmp", "w", encoding="utf-8") as out:
            json.dump(answer, out)
        os.rename(report + ".tmp", report)
        os._exit(0)

    signal.signal(signal.SIGTERM, tell)
    with open(port_file + ".tmp", "w") as out:
        out.write(str(server.effective_port))
    os.rename(port_file + ".tmp", port_file)
    threading.Thread(target=die_with_parent, daemon=True).start()
    server.run()


def die_with_parent():
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


main()
