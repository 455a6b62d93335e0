"""Serve a placement over HTTP: ``serve.py PACKAGE PORTFILE``; settings are in the environment.

Runs on the interpreter of the service, so in the grammar of its days. SIGHUP puts a fresh process
in place of the one that serves: the imports, which take longest, are not done again.
"""

import importlib
import os
import signal
import socketserver
import sys
import warnings
from wsgiref import simple_server

from pbr import version

warnings.simplefilter("ignore")


class Server(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    daemon_threads = True


class Handler(simple_server.WSGIRequestHandler):
    def log_message(self, *args):
        pass


def serve(module, server, port_file):
    """What the process does that serves."""
    for name in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(name, signal.SIG_DFL)
    server.set_app(module.init_application())
    with open(port_file + ".part", "w") as stream:
        stream.write(str(server.server_port))
    os.rename(port_file + ".part", port_file)
    server.serve_forever()


if __name__ == "__main__":
    package, port_file = sys.argv[1:]
    # Run from a tree, with some newer requirements than its packaging asks for.
    version.VersionInfo.version_string = lambda self: "0"
    if package.startswith("nova"):
        from nova import conf  # noqa: F401  (its options must be there before wsgi reads them)
    module = importlib.import_module(package + ".wsgi")
    # Who comes before a process serves waits at the socket.
    server = Server(("127.0.0.1", 0), Handler)
    signals = {signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    while True:
        child = os.fork()
        if not child:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
            serve(module, server, port_file)
        told = signal.sigwait(signals)
        if told != signal.SIGCHLD:
            os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        if told != signal.SIGHUP:
            sys.exit(told == signal.SIGCHLD and status != 0)
        # The child that was just ended told of itself too.
        while signal.SIGCHLD in signal.sigpending():
            signal.sigwait({signal.SIGCHLD})
