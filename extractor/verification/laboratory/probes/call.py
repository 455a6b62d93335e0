"""Call a command given as ``module:function``, as its console script would.

Usage: call.py MODULE:FUNCTION [ARGUMENT...]
"""

import importlib
import os
import sys


def main():
    target = sys.argv[1]
    module, _, name = target.partition(":")
    sys.argv = [target, *sys.argv[2:]]
    sys.path[0] = os.getcwd()
    return getattr(importlib.import_module(module), name)()


if __name__ == "__main__":
    sys.exit(main())
