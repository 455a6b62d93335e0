"""Services are real processes: started, asked, forked from a nursery, ended."""

import sys
from pathlib import Path

import pytest

from extractor.plan.verify_settings import ServeSettings
from extractor.verification.checks import isolation
from extractor.verification.checks.api_parity import Side
from extractor.verification.laboratory.environment import Environment, Interpreter
from extractor.verification.laboratory.service import Nursery, ServiceDied, Setup, running

# A stand-in for the library that the environments of the time have.
WAITRESS = """
from wsgiref import simple_server
class Quiet(simple_server.WSGIRequestHandler):
    protocol_version = "HTTP/1.0"
    def log_message(self, *args):
        pass
def create_server(application, host, port, threads, **more):
    server = simple_server.make_server(host, port, application, handler_class=Quiet)
    server.effective_port = server.server_port
    server.run = server.serve_forever
    return server
"""
SHOP = """
import os
SEEN = []
def factory():
    home = os.environ["SHOP_HOME"]
    with open(os.path.join(home, "shop.conf")) as config:
        told = config.read()
    def application(environ, start_response):
        SEEN.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [("%s %d" % (told.strip(), len(SEEN))).encode()]
    return application
def sync():
    open(os.path.join(os.environ["SHOP_HOME"], "synced"), "w").close()
"""
SETTINGS = ServeSettings(
    factory="shop:factory",
    sync=("shop:sync",),
    config_name="shop.conf",
    config="{database} in {state}",
    database="store:{state}",
    environment={"SHOP_HOME": "{state}"},
)


@pytest.fixture
def setup(tmp_path):
    (tmp_path / "waitress.py").write_text(WAITRESS)
    (tmp_path / "shop.py").write_text(SHOP)
    root = tmp_path / "environment"
    (root / "bin").mkdir(parents=True)
    (root / "bin/python").symlink_to(sys.executable)
    made = Environment(root, Interpreter("3.10.0", sys.executable, "cpython-x"), 0.0)
    return Setup(SETTINGS, made, tmp_path, tmp_path / "state")


def test_a_service_is_set_up_asked_and_tells_at_the_end(setup):
    held = b"x" * (96 << 20)
    with running(setup) as service:
        state = str(setup.state)
        assert service.send("GET", "/a").body.decode() == f"store:{state} in {state} 1"
        assert service.send("POST", "/b", {}, b"x").body.decode().endswith(" 2")
        told = service.stop()
    assert (setup.state / "synced").is_file()
    assert "shop" in told["start"]["modules"]
    # Its own, whatever the process that started it holds.
    assert 1024 < told["memory"] < 64 * 1024 < len(held) >> 10
    assert str(setup.state / "shop.conf") in told["opened"]


def test_a_url_with_a_dollar_sign_stays_one_in_a_configuration_file(setup):
    from dataclasses import replace

    assert replace(setup, database="x://u:a$b@h/d").text("{database}") == "x://u:a$$b@h/d"


def test_instances_of_a_nursery_share_nothing_but_what_was_imported(setup):
    from dataclasses import replace

    other = replace(setup, state=setup.state / "other")
    with Nursery(setup) as nursery:
        with running(setup, nursery=nursery) as one, running(other, nursery=nursery) as two:
            assert one.send("GET", "/").body.decode().endswith(" 1")
            assert one.send("GET", "/").body.decode().endswith(" 2")
            assert two.send("GET", "/").body.decode().endswith("other 1")
            two.kill()
            assert two.process.poll() is not None
            with pytest.raises(ServiceDied, match="no answer to GET /"):
                two.send("GET", "/")
        assert one.process.poll() is not None


CONFIG = """
class Option:
    deprecated_opts, required, secret, type = (), False, False, "text"
    def __init__(self, default):
        self.default = default
class Group:
    def __init__(self, **options):
        self._opts = {name: {"opt": Option(value)} for name, value in options.items()}
class ConfigOpts:
    def __init__(self, **groups):
        self._opts = {}
        self._groups = {name: Group(**options) for name, options in groups.items()}
    def _get(self, name, group=None, namespace=None):
        return None
class NoSuchOptError(Exception):
    pass
CONF = ConfigOpts(log={"level": 1})
"""


def test_options_of_a_configuration_of_ones_own_are_told(setup):
    (setup.folder / "oslo_config").mkdir()
    (setup.folder / "oslo_config/__init__.py").write_text("")
    (setup.folder / "oslo_config/cfg.py").write_text(CONFIG)
    own = "from oslo_config import cfg\n"
    own += "OWN = cfg.ConfigOpts(till={'a': 2, 'b': 3}, log={'level': 4})\n"
    (setup.folder / "shop.py").write_text(own + SHOP)
    with running(setup) as service:
        told = service.stop()["registered"]
    defaults = {name: option["default"] for name, option in told.items()}
    # Both know the level: the larger one is the service's.
    assert defaults == {"till.a": "2", "till.b": "3", "log.level": "4"}


def test_a_side_gathers_what_all_its_instances_touched(setup, tmp_path):
    (tmp_path / "shop.py").write_text(
        SHOP.replace(
            "    def application",
            "    open(os.path.join(home, 'seen'), 'w').close()\n    def application",
        ).replace(
            "told = config.read()",
            "told = config.read()\n    if 'late' in home:\n        import colorsys",
        )
    )
    side = Side(setup, "unused.sqlite", tmp_path / "fresh")
    with Nursery(setup) as side.nursery:
        for name in ("early", "late"):
            with side.start(name) as service:
                service.send("GET", "/")
    assert {"shop", "colorsys"} <= side.touched["modules"]
    assert {str(setup.state / name / "shop.conf") for name in ("early", "late")} <= (
        side.touched["opened"]
    )
    assert isolation.judge(side.touched, "mall") == []
    assert "module shop is loaded" in isolation.judge(side.touched, "shop")


def test_what_cannot_be_imported_is_said(setup):
    (setup.folder / "shop.py").write_text("import absent_library\n")
    with Nursery(setup) as nursery, pytest.raises(ServiceDied, match="absent_library"):
        setup.configure()
        setup.launch(nursery=nursery)
    with pytest.raises(ServiceDied, match="absent_library"):
        setup.launch()


def test_a_service_that_fails_at_start_is_said(setup):
    text = (setup.folder / "shop.py").read_text()
    (setup.folder / "shop.py").write_text(text.replace("shop.conf", "other.conf"))
    with (
        Nursery(setup) as nursery,
        pytest.raises(ServiceDied, match=r"other\.conf"),
        running(setup, nursery=nursery),
    ):
        pass
    assert not Path(setup.state / "service-0.port").exists()
