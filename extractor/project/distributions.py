"""Which distributions an import may come from, by name."""

from __future__ import annotations

# Imports whose distribution has another name than the ways of naming one would give.
_OTHERWISE = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "Crypto": "pycryptodome",
    "docx": "python-docx",
    "dns": "dnspython",
    "fitz": "PyMuPDF",
    "git": "GitPython",
    "google.protobuf": "protobuf",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "ldap": "python-ldap",
    "magic": "python-magic",
    "MySQLdb": "mysqlclient",
    "nacl": "PyNaCl",
    "OpenSSL": "pyOpenSSL",
    "PIL": "Pillow",
    "pkg_resources": "setuptools",
    "psycopg2": "psycopg2-binary",
    "serial": "pyserial",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "usb": "pyusb",
    "yaml": "PyYAML",
    "zmq": "pyzmq",
}


# Imports whose distribution is surely called the same.
_AS_CALLED = frozenset({"mock", "numpy", "pandas", "pbr", "pytest", "requests", "six", "sphinx"})


def known_distribution(name: str) -> str:
    """The distribution that the dotted import ``name`` is known to come from, or ``""``."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        if ".".join(parts[:end]) in _OTHERWISE:
            return _OTHERWISE[".".join(parts[:end])]
    return parts[0] if parts[0] in _AS_CALLED else ""


def candidates(name: str) -> tuple[str, ...]:
    """Distributions that the dotted import ``name`` may come from, the likeliest first."""
    top = name.partition(".")[0]
    parts = name.split(".")
    # Of a namespace each part may be one of its own: google.cloud.storage.
    nested = [".".join(parts[:size]) for size in range(min(len(parts), 3), 1, -1)]
    known = [_OTHERWISE[one] for one in (*nested, top) if one in _OTHERWISE]
    usual = [top, f"python-{top}", f"py{top}", f"{top}-python", f"{top}-binary"]
    return tuple(dict.fromkeys([*known, *usual[:1], *nested, *usual[1:]]))
