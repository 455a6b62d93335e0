"""Serve a placement over HTTP: ``serve.py PACKAGE PORTFILE``; settings are in the environment.

Runs on the interpreter of the service, so in the grammar of its days.
"""

import importlib
import os
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


if __name__ == "__main__":
    package, port_file = sys.argv[1:]
    # Run from a tree, with some newer requirements than its packaging asks for.
    version.VersionInfo.version_string = lambda self: "0"
    if package.startswith("nova"):
        from nova import conf  # noqa: F401  (its options must be there before wsgi reads them)
    module = importlib.import_module(package + ".wsgi")
    server = simple_server.make_server(
        "127.0.0.1", 0, module.init_application(), server_class=Server, handler_class=Handler
    )
    with open(port_file + ".part", "w") as stream:
        stream.write(str(server.server_port))
    os.rename(port_file + ".part", port_file)
    server.serve_forever()
