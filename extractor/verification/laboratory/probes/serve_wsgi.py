"""Serve a WSGI application on a free loopback port, and tell afterwards what it touched.

Usage: serve_wsgi.py TARGET PORT_FILE REPORT THREADS
       serve_wsgi.py --nursery MODULE:FACTORY

TARGET is the path of a WSGI script that holds ``application``, or ``module:factory``.
PORT_FILE gets the port once the service listens; REPORT gets JSON on SIGTERM: modules loaded,
files opened, options read, seconds from start to listening, peak memory in KiB; options and
policy rules with their defaults; options that the distributions installed declare.

A nursery only imports the module. For every JSON line on its standard input, with "port_file",
"report", "log", "threads" and "environment", it forks a child that does the rest: as fresh as a
new process, without the seconds that importing takes. It answers with the child's process id.
"""

import io
import json
import os
import re
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


def asked_by_library():
    """Whether the code that asks the configuration, two calls up, is installed and not ours."""
    frame = sys._getframe(2)
    while frame.f_globals.get("__name__", "").startswith("oslo_config."):
        frame = frame.f_back
    return "site-packages" in frame.f_code.co_filename


def watch_options(read):
    try:
        from oslo_config import cfg
    except ImportError:
        return
    plain = cfg.ConfigOpts._get

    def noting(self, name, group=None, namespace=None):
        if group is None and name in self._groups:
            # A whole group is handed out; what is read of it comes by here again.
            return plain(self, name, group, namespace)
        option = (getattr(group, "name", group) or "DEFAULT", name)
        try:
            value = plain(self, name, group, namespace)
        except cfg.NoSuchOptError:
            # A library may ask for what it can do without.
            if not asked_by_library():
                read.add(option)
            raise
        read.add(option)
        return value

    cfg.ConfigOpts._get = noting


def described(option):
    """What a user can tell of an option, as text."""
    told = {"default": repr(option.default), "type": repr(option.type)}
    told = {key: re.sub(" at 0x[0-9a-f]+", "", text) for key, text in told.items()}
    told["deprecated"] = repr(sorted(str(vars(d)) for d in option.deprecated_opts))
    told["required"] = repr(bool(option.required))
    told["secret"] = repr(bool(option.secret))
    return told


def registered_options():
    """Options that the process's configurations know: "group.name" to what is told of each.

    A service may have a configuration of its own beside the library's global one. What several
    know is told as the largest knows it.
    """
    if "oslo_config.cfg" not in sys.modules:
        return {}
    kind = sys.modules["oslo_config.cfg"].ConfigOpts
    known = [options_of(conf) for conf in instances(kind)]
    found = {}
    for options in sorted(known, key=lambda one: (-len(one), sorted(one))):
        for name, told in options.items():
            found.setdefault(name, told)
    return found


def options_of(conf):
    # Where the file is that says all this is not one of the options that are compared.
    own = {"config_file", "config_dir", "config_source"}
    found = {
        "DEFAULT." + name: described(info["opt"])
        for name, info in conf._opts.items()
        if name not in own
    }
    for group, holder in conf._groups.items():
        for name, info in holder._opts.items():
            found[group + "." + name] = described(info["opt"])
    return found


def instances(kind):
    """All objects of a class that the process holds."""
    import gc

    return [thing for thing in gc.get_objects() if type(thing) is kind]


def policy_rules():
    """Rules of any enforcer of the process: name to what is checked."""
    if "oslo_policy.policy" not in sys.modules:
        return {}
    found = {}
    for thing in instances(sys.modules["oslo_policy.policy"].Enforcer):
        found.update((name, str(rule)) for name, rule in dict(thing.rules or {}).items())
        for name, rule in thing.registered_rules.items():
            found[name] = str(rule.check)
    return found


def declared_options():
    """Options that installed distributions declare through entry points: [group, name]."""
    try:
        import pkg_resources
    except ImportError:
        return []
    found = set()
    for point in pkg_resources.iter_entry_points("oslo.config.opts"):
        try:
            for group, options in point.resolve()():
                name = getattr(group, "name", group) or "DEFAULT"
                found.update((name, option.dest) for option in options)
        except Exception:
            continue
    return sorted(list(one) for one in found)


def main():
    sys.path[0] = os.getcwd()
    options = set()
    watch_opened()
    watch_options(options)
    if sys.argv[1] == "--nursery":
        nursery(sys.argv[2], options)
    else:
        serve(*sys.argv[1:5], options=options)


def nursery(target, options):
    import importlib

    importlib.import_module(target.partition(":")[0])
    importlib.import_module("waitress")
    # Nobody waits for the children: the system buries them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in iter(sys.stdin.readline, ""):
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            answers.close()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.environ.update(wanted["environment"])
            try:
                serve(target, wanted["port_file"], wanted["report"], wanted["threads"], options)
            except BaseException:
                import traceback

                traceback.print_exc()
                sys.stderr.flush()
            os._exit(1)
        answers.write("%d\n" % pid)
        answers.flush()


def peak_memory():
    """In KiB. What getrusage tells is never less than the parent had when it made this process."""
    try:
        with io.open("/proc/self/status", encoding="utf-8") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def serve(target, port_file, report, threads, options):
    started = time.time() if sys.argv[1] == "--nursery" else STARTED
    application = load(target)
    import waitress

    server = waitress.create_server(
        application,
        host="127.0.0.1",
        port=0,
        threads=int(threads),
        clear_untrusted_proxy_headers=True,
    )
    at_start = {"seconds": round(time.time() - started, 3), "modules": sorted(sys.modules)}

    def tell(signum, frame):
        answer = {
            "start": at_start,
            "modules": sorted(sys.modules),
            "opened": sorted(OPENED),
            "options": sorted(list(o) for o in options),
            "memory": peak_memory(),
        }
        # Only now: these load modules of their own.
        answer["registered"] = registered_options()
        answer["rules"] = policy_rules()
        answer["declared"] = declared_options()
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
