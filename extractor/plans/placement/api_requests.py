"""Makes requests to Placement: sound, odd and broken ones, that build on one another.

``Generator(seed)`` gives the next request and is told each answer, so that later requests meet
the state earlier ones left: generations, inventories, parents, classes and traits that exist.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from extractor.verification.comparisons.replay import Request, shape
from extractor.verification.laboratory.service import Answer

CLASSES = ["VCPU", "MEMORY_MB", "DISK_GB", "PCI_DEVICE", "SRIOV_NET_VF"]
TRAITS = ["HW_CPU_X86_AVX", "HW_CPU_X86_SSE", "STORAGE_DISK_SSD", "MISC_SHARES_VIA_AGGREGATE"]
ODD_TEXTS = ["", " ", "a" * 201, "ü", "名前", "\u2028", "nul\u0000", "%00", "../..", "'; --", "😀"]
ODD_VALUES = [None, True, -1, 0, 1.5, 2**31, 2**63, "1", "", [], {}, [1], {"a": 1}, "x" * 300]


class Generator:
    """Requests from a seed: the same seed and answers give the same requests."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.newest = 17
        self.providers: dict[str, int] = {}
        self.inventories: dict[str, dict[str, int]] = {}
        self.consumers: dict[str, int | None] = {}
        self.classes: list[str] = []
        self.traits: list[str] = []
        self.aggregates = [self._uuid() for _ in range(6)]
        self.projects = [self._uuid() for _ in range(3)]
        self.first = True
        # Made when the answer to the last request is known.
        self.later: list[Callable[[], Request]] = []
        self.makers = [
            (8, self.create_provider),
            (5, self.list_providers),
            (3, self.show_provider),
            (3, self.update_provider),
            (2, self.delete_provider),
            (10, self.put_inventories),
            (4, self.post_inventory),
            (3, self.put_inventory),
            (2, self.get_inventory),
            (1, self.delete_inventory),
            (3, self.put_traits),
            (2, self.traits_of_provider),
            (3, self.trait),
            (4, self.aggregates_of_provider),
            (3, self.resource_class),
            (10, self.put_allocations),
            (4, self.post_allocations),
            (3, self.get_allocations),
            (2, self.delete_allocations),
            (3, self.usages),
            (8, self.candidates),
            (2, self.reshape),
            (5, self.broken),
        ]

    # -- the protocol ------------------------------------------------------------------------

    def next(self) -> Request:
        """The next request; the first asks for the version document."""
        if self.first:
            self.first = False
            return Request("GET", "/", (("accept", "application/json"),))
        if self.later:
            return self.later.pop()()
        weights, makers = zip(*self.makers, strict=True)
        return self.chance.choices(makers, weights)[0]()

    def saw(self, request: Request, answer: Answer) -> None:
        """Learn from the answer what there is now."""
        parts = request.path.split("?")[0].strip("/").split("/")
        if request.path == "/":
            document = _loaded(answer.body)
            versions = document.get("versions", []) if isinstance(document, dict) else []
            self.newest = max(
                (int(v["max_version"].split(".")[1]) for v in versions if "max_version" in v),
                default=self.newest,
            )
            return
        if answer.status >= 300:
            # A conflict of generations: look the present one up with the next request about it.
            return
        body = _loaded(answer.body)
        asked = _loaded(request.body.encode("utf-8", "surrogateescape"))
        if parts == ["resource_providers"] and request.method == "POST":
            name = asked.get("uuid") if isinstance(asked, dict) else None
            if isinstance(name, str):
                self.providers[name] = 0
        elif parts[0] == "resource_providers" and len(parts) == 2 and request.method == "DELETE":
            self.providers.pop(parts[1], None)
            self.inventories.pop(parts[1], None)
        elif parts[0] == "resource_providers" and isinstance(body, dict) and len(parts) > 1:
            generation = body.get("resource_provider_generation", body.get("generation"))
            if isinstance(generation, int):
                self.providers[parts[1]] = generation
            if len(parts) == 3 and parts[2] == "inventories" and "inventories" in body:
                self.inventories[parts[1]] = {
                    name: record["total"] for name, record in body["inventories"].items()
                }
        elif parts[0] == "traits" and request.method == "PUT":
            self.traits = sorted({*self.traits, parts[1]})
        elif parts[0] == "resource_classes" and request.method in {"PUT", "POST"}:
            name = parts[1] if len(parts) > 1 else asked.get("name", "")
            self.classes = sorted({*self.classes, name})
        elif parts[0] == "allocations" and request.method == "PUT":
            # Its generation is another one now: to be asked for.
            self.consumers[parts[1]] = None
        elif parts[0] == "allocations" and isinstance(body, dict):
            generation = body.get("consumer_generation")
            if isinstance(generation, int):
                self.consumers[parts[1]] = generation

    # -- parts -------------------------------------------------------------------------------

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def _odds(self, percent: float) -> bool:
        return self.chance.random() * 100 < percent

    def _version(self) -> str:
        if self._odds(3):
            return self.chance.choice(["0.9", "1.999", "latest", "2.0", "one", "1", "", "1.-1"])
        if self._odds(45):
            return f"1.{self.newest}"
        return self._version_from(0)

    def _version_from(self, first: int) -> str:
        """A version that exists, 1.``first`` or newer where there are such."""
        return f"1.{self.chance.randint(min(first, self.newest), self.newest)}"

    def _minor(self, version: str) -> int:
        tail = version.partition(".")[2]
        return int(tail) if tail.isdigit() else self.newest

    def _request(
        self, method: str, path: str, body: object = None, version: str | None = None
    ) -> Request:
        version = self._version() if version is None else version
        headers = [("x-auth-token", "admin")]
        if self._odds(1):
            headers = [] if self._odds(50) else [("x-auth-token", "user:project")]
        if version:
            headers.append(("openstack-api-version", f"placement {version}"))
        if self._odds(4):
            accepts = ["text/html", "text/plain", "*/*", "application/xml", "application/json"]
            headers.append(("accept", self.chance.choice(accepts)))
        text = ""
        if body is not None:
            text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=self._odds(50))
            kind = "application/json"
            if self._odds(2):
                kind = self.chance.choice(["text/plain", "application/xml", "", "json"])
            if kind:
                headers.append(("content-type", kind))
        return Request(method, path, tuple(headers), text)

    def _provider(self) -> str:
        if self.providers and not self._odds(5):
            return self.chance.choice(sorted(self.providers))
        return self._uuid() if self._odds(70) else "not-a-uuid"

    def _generation(self, provider: str) -> object:
        if self._odds(8):
            return self.chance.choice([None, "1", -1, 999, 1.5])
        return self.providers.get(provider, 0)

    def _class(self) -> str:
        if self.classes and self._odds(20):
            return self.chance.choice(self.classes)
        return self.chance.choice(CLASSES) if not self._odds(4) else "CUSTOM_ABSENT"

    def _trait(self) -> str:
        if self.traits and self._odds(30):
            return self.chance.choice(self.traits)
        return self.chance.choice(TRAITS) if not self._odds(5) else "CUSTOM_NO_SUCH"

    def _spoil(self, body: object) -> object:
        """Sometimes one value somewhere in ``body`` is of the wrong type, missing or extra."""
        if not self._odds(8) or not isinstance(body, dict) or not body:
            return body
        spoilt = json.loads(json.dumps(body))
        node = spoilt
        while True:
            key = self.chance.choice(sorted(node))
            if isinstance(node[key], dict) and node[key] and self._odds(70):
                node = node[key]
                continue
            turn = self.chance.randint(0, 2)
            if turn == 0:
                node[key] = self.chance.choice(ODD_VALUES)
            elif turn == 1:
                del node[key]
            else:
                node["extra"] = self.chance.choice(ODD_VALUES)
            return spoilt

    def _inventory(self) -> dict[str, object]:
        record: dict[str, object] = {"total": self.chance.choice([1, 8, 64, 1024, 4096])}
        if self._odds(30):
            record["reserved"] = self.chance.choice([0, 1, 8])
        if self._odds(20):
            record["allocation_ratio"] = self.chance.choice([1.0, 2, 16.0, 0.5])
        if self._odds(15):
            record["step_size"] = self.chance.choice([1, 2, 10])
        if self._odds(15):
            record["min_unit"] = self.chance.choice([1, 2])
        if self._odds(15):
            record["max_unit"] = self.chance.choice([4, 64, 2048])
        return record

    # -- requests ----------------------------------------------------------------------------

    def create_provider(self) -> Request:
        name = (
            self.chance.choice(ODD_TEXTS) if self._odds(5) else f"rp-{self.chance.randint(0, 400)}"
        )
        body: dict[str, object] = {"name": name, "uuid": self._uuid()}
        version = self._version()
        if self._minor(version) >= 14 and self._odds(40):
            body["parent_provider_uuid"] = self._provider() if self._odds(90) else None
        return self._request("POST", "/resource_providers", self._spoil(body), version)

    def list_providers(self) -> Request:
        wanted = []
        if self._odds(30):
            wanted.append(f"name=rp-{self.chance.randint(0, 400)}")
        if self._odds(20):
            wanted.append(f"uuid={self._provider()}")
        if self._odds(30):
            which = self.chance.sample(self.aggregates, self.chance.randint(1, 3))
            wanted.append("member_of=" + ("in:" if len(which) > 1 else "") + ",".join(which))
        if self._odds(35):
            wanted.append(f"resources={self._class()}:{self.chance.choice([0, 1, 4, 512])}")
        if self._odds(15):
            wanted.append(f"required={self._trait()}")
        if self._odds(15):
            wanted.append(f"in_tree={self._provider()}")
        if self._odds(5):
            wanted.append(
                self.chance.choice(["limit=1", "name=%E5%90%8D", "resources=", "uuid=%00"])
            )
        return self._request(
            "GET", "/resource_providers" + ("?" + "&".join(wanted) if wanted else "")
        )

    def show_provider(self) -> Request:
        return self._request("GET", f"/resource_providers/{self._provider()}")

    def update_provider(self) -> Request:
        body: dict[str, object] = {"name": f"rp-{self.chance.randint(0, 400)}"}
        version = self._version()
        if self._minor(version) >= 14 and self._odds(40):
            body["parent_provider_uuid"] = self._provider() if self._odds(80) else None
        path = f"/resource_providers/{self._provider()}"
        return self._request("PUT", path, self._spoil(body), version)

    def delete_provider(self) -> Request:
        return self._request("DELETE", f"/resource_providers/{self._provider()}")

    def put_inventories(self) -> Request:
        provider = self._provider()
        body = {
            "resource_provider_generation": self._generation(provider),
            "inventories": {
                self._class(): self._inventory() for _ in range(self.chance.randint(0, 4))
            },
        }
        path = f"/resource_providers/{provider}/inventories"
        return self._request("PUT", path, self._spoil(body))

    def post_inventory(self) -> Request:
        provider = self._provider()
        body = {"resource_class": self._class(), **self._inventory()}
        if self._odds(60):
            body["resource_provider_generation"] = self._generation(provider)
        return self._request(
            "POST", f"/resource_providers/{provider}/inventories", self._spoil(body)
        )

    def put_inventory(self) -> Request:
        provider = self._provider()
        body = {**self._inventory(), "resource_provider_generation": self._generation(provider)}
        path = f"/resource_providers/{provider}/inventories/{self._class()}"
        return self._request("PUT", path, self._spoil(body))

    def get_inventory(self) -> Request:
        tail = "" if self._odds(60) else f"/{self._class()}"
        return self._request("GET", f"/resource_providers/{self._provider()}/inventories{tail}")

    def delete_inventory(self) -> Request:
        tail = "" if self._odds(30) else f"/{self._class()}"
        return self._request("DELETE", f"/resource_providers/{self._provider()}/inventories{tail}")

    def put_traits(self) -> Request:
        provider = self._provider()
        body = {
            "resource_provider_generation": self._generation(provider),
            "traits": [self._trait() for _ in range(self.chance.randint(0, 3))],
        }
        return self._request("PUT", f"/resource_providers/{provider}/traits", self._spoil(body))

    def traits_of_provider(self) -> Request:
        method = "GET" if self._odds(80) else "DELETE"
        return self._request(method, f"/resource_providers/{self._provider()}/traits")

    def trait(self) -> Request:
        if self._odds(25):
            queries = ["", "?name=startswith:HW_CPU", "?associated=true", "?name=in:CUSTOM_A,X"]
            queries += ["?associated=maybe", "?name=like:x"]
            return self._request("GET", "/traits" + self.chance.choice(queries))
        name = f"CUSTOM_T{self.chance.randint(0, 12)}" if self._odds(90) else "custom_low"
        return self._request(self.chance.choice(["PUT", "PUT", "GET", "DELETE"]), f"/traits/{name}")

    def aggregates_of_provider(self) -> Request:
        provider = self._provider()
        path = f"/resource_providers/{provider}/aggregates"
        if self._odds(35):
            return self._request("GET", path)
        version = self._version()
        chosen = self.chance.sample(self.aggregates, self.chance.randint(0, 3))
        body: object = chosen
        if self._minor(version) >= 19:
            body = {
                "aggregates": chosen,
                "resource_provider_generation": self._generation(provider),
            }
        return self._request("PUT", path, self._spoil(body), version)

    def resource_class(self) -> Request:
        name = f"CUSTOM_C{self.chance.randint(0, 12)}" if self._odds(90) else "low case"
        turn = self.chance.randint(0, 4)
        if turn == 0:
            return self._request("POST", "/resource_classes", self._spoil({"name": name}))
        if turn == 1:
            return self._request("GET", "/resource_classes")
        path = "/resource_classes/" + name.replace(" ", "%20")
        if turn == 2:
            return self._request("PUT", path, version=self._version_from(2))
        if turn == 3:
            return self._request("DELETE" if self._odds(40) else "GET", path)
        return self._request("PUT", path, {"name": f"CUSTOM_C{self.chance.randint(0, 12)}"}, "1.2")

    def _allocations(self, minor: int) -> object:
        chosen = {
            self._provider(): {"resources": self._amounts()}
            for _ in range(self.chance.randint(1, 2))
        }
        if minor >= 12:
            return chosen
        return [{"resource_provider": {"uuid": name}, **one} for name, one in chosen.items()]

    def _amounts(self) -> dict[str, int]:
        return {
            self._class(): self.chance.choice([1, 1, 2, 4, 64, 5000])
            for _ in range(self.chance.randint(1, 2))
        }

    def _claim(self, minor: int, consumer: str) -> dict[str, object]:
        body: dict[str, object] = {"allocations": self._allocations(minor)}
        if minor >= 8:
            body["project_id"] = self.chance.choice(self.projects)
            body["user_id"] = self.chance.choice(self.projects)
        if minor >= 28:
            body["consumer_generation"] = self.consumers.get(consumer)
        return body

    def _consumer(self) -> str:
        if self.consumers and self._odds(60):
            return self.chance.choice(sorted(self.consumers))
        return self._uuid() if not self._odds(3) else "consumer"

    def put_allocations(self) -> Request:
        version, consumer = self._version(), self._consumer()
        if consumer in self.consumers and self._minor(version) >= 28 and self._odds(60):
            # With the generation that the answer tells.
            self.later.append(lambda: self._put_allocations(version, consumer))
            return self._request("GET", f"/allocations/{consumer}", version=version)
        return self._put_allocations(version, consumer)

    def _put_allocations(self, version: str, consumer: str) -> Request:
        body = self._claim(self._minor(version), consumer)
        return self._request("PUT", f"/allocations/{consumer}", self._spoil(body), version)

    def post_allocations(self) -> Request:
        version = self._version_from(13)
        minor = self._minor(version)
        body = {}
        for _ in range(self.chance.randint(1, 3)):
            consumer = self._consumer()
            body[consumer] = self._claim(minor, consumer)
            if self._odds(15):
                body[consumer]["allocations"] = {}
        return self._request("POST", "/allocations", self._spoil(body), version)

    def get_allocations(self) -> Request:
        if self._odds(40):
            return self._request("GET", f"/resource_providers/{self._provider()}/allocations")
        return self._request("GET", f"/allocations/{self._consumer()}")

    def delete_allocations(self) -> Request:
        return self._request("DELETE", f"/allocations/{self._consumer()}")

    def usages(self) -> Request:
        if self._odds(50):
            return self._request("GET", f"/resource_providers/{self._provider()}/usages")
        query = f"?project_id={self.chance.choice(self.projects)}"
        if self._odds(50):
            query += f"&user_id={self.chance.choice(self.projects)}"
        return self._request("GET", f"/usages{query if not self._odds(5) else '?x=1'}")

    def candidates(self) -> Request:
        version = self._version_from(10)
        groups = []
        for suffix in ["", "1", "2"][: self.chance.choice([1, 1, 1, 2, 3])]:
            amounts = ",".join(f"{name}:{n}" for name, n in self._amounts().items())
            groups.append(f"resources{suffix}={amounts}")
            if self._odds(25):
                mark = "!" if self._odds(30) else ""
                groups.append(f"required{suffix}={mark}{self._trait()}")
            if self._odds(20):
                groups.append(f"member_of{suffix}={self.chance.choice(self.aggregates)}")
        if self._odds(15):
            groups.append(f"limit={self.chance.choice(['1', '5', '0', '-1', 'x', '1000'])}")
        if len(groups) > 2 and self._odds(50):
            groups.append("group_policy=" + self.chance.choice(["none", "isolate", "other"]))
        return self._request("GET", "/allocation_candidates?" + "&".join(groups), version=version)

    def reshape(self) -> Request:
        """Inventories of some providers and allocations on them, all at once."""
        inventories: dict[str, dict[str, Any]] = {}
        for _ in range(self.chance.randint(1, 2)):
            provider = self._provider()
            known = self.inventories.get(provider, {})
            wanted: dict[str, object] = {
                name: {"total": max(total, 8)} for name, total in known.items()
            }
            if not wanted or self._odds(40):
                wanted[self._class()] = self._inventory()
            inventories[provider] = {
                "resource_provider_generation": self._generation(provider),
                "inventories": wanted,
            }
        body: dict[str, object] = {"inventories": inventories, "allocations": {}}
        if self._odds(40):
            place = self.chance.choice(sorted(inventories))
            kind = self.chance.choice(sorted(inventories[place]["inventories"]))
            claim = self._claim(self.newest, self._uuid())
            claim["allocations"] = {place: {"resources": {kind: 1}}}
            if self.newest >= 28:
                claim["consumer_generation"] = None
            body["allocations"] = {self._uuid(): claim}
        version = f"1.{self.newest}" if self._odds(80) else self._version()
        return self._request("POST", "/reshaper", self._spoil(body), version)

    def broken(self) -> Request:
        """Wrong methods, unknown paths, bodies that are no JSON, odd text in every place."""
        turn = self.chance.randint(0, 5)
        provider = self._provider()
        if turn == 0:
            paths = ["/", "/resource_providers", f"/resource_providers/{provider}/inventories"]
            paths += ["/allocations", "/usages", "/traits", "/resource_classes", "/nowhere"]
            methods = ["PATCH", "DELETE", "PUT", "POST", "HEAD", "OPTIONS", "FROB"]
            return self._request(self.chance.choice(methods), self.chance.choice(paths))
        if turn == 1:
            texts = ["{", "[]", "null", '"text"', "{'a': 1}", '{"name": "\udc80"}', "1e999", "{}"]
            return self._request("POST", "/resource_providers", self.chance.choice(texts))
        if turn == 2:
            texts = ["{", "[]", "null", "{}", '{"inventories": NaN}']
            path = f"/resource_providers/{provider}/inventories"
            return self._request("PUT", path, self.chance.choice(texts))
        if turn == 3:
            tails = ["%C3%BC", "%F0%9F%98%80", "a%2Fb", "%FF", "x" * 300, "."]
            folder = self.chance.choice(["resource_providers", "traits", "resource_classes"])
            return self._request("GET", f"/{folder}/{self.chance.choice(tails)}")
        if turn == 4:
            queries = ["resources=VCPU", "resources=VCPU:x", "resources=VCPU:1:2", "required=", ""]
            queries += ["member_of=x", "resources=%C3%BC:1", "resources=VCPU:1&resources=VCPU:2"]
            return self._request("GET", "/allocation_candidates?" + self.chance.choice(queries))
        name = self.chance.choice(ODD_TEXTS)
        return self._request("POST", "/resource_providers", {"name": name, "uuid": self._uuid()})


class Sweep(Generator):
    """Every sound kind of request at every version, and at one that is none yet; then it ends.

    A kind is a method, a path without its names, and each parameter of its query. Everything is
    asked twice in a row, so that what exists already and what has gone is met at each version too.
    """

    TRIES = 2
    ATTEMPTS = 40

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.forced = 0
        self.asked: dict[tuple[int, str, str], int] = {}
        self.walk = self._walk()

    def next(self) -> Request | None:  # type: ignore[override]
        """The next request, ``None`` after the last."""
        return next(self.walk, None)

    def _walk(self) -> Iterator[Request]:
        yield super().next()
        for _ in range(20):
            yield self.create_provider()
            yield self.put_inventories()
        versions = list(range(self.newest + 2))
        self.chance.shuffle(versions)
        for self.forced in versions:
            for make in (make for _, make in self.makers if make != self.broken):
                for _ in range(self.ATTEMPTS):
                    request = make()
                    while self.later:
                        request = self.later.pop()()
                    if self._is_wanted(request):
                        yield request
                        yield request

    def _is_wanted(self, request: Request) -> bool:
        """Whether something of its kind was not asked often enough at this version."""
        query = request.path.partition("?")[2]
        names = [part.partition("=")[0] for part in query.split("&")]
        kinds = [(self.forced, shape(request), name) for name in names]
        wanted = any(self.asked.get(kind, 0) < self.TRIES for kind in kinds)
        for kind in kinds:
            self.asked[kind] = self.asked.get(kind, 0) + wanted
        return wanted

    def _version(self) -> str:
        return f"1.{self.forced}"

    def _version_from(self, first: int) -> str:
        return self._version()


def _loaded(text: bytes) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return {}
