"""What a state of Placement holds, and which requests of its API make it.

Speaks the newest microversion that both sides know, from 1.14 (nested providers) on. A state is
described in docs/database.md.
"""

from __future__ import annotations

import contextlib
import math
import urllib.parse

from extractor.database.service import Cannot, Client, Conflict, NotYet, Response, Unreadable
from extractor.errors import SourceError

_LOWEST = (1, 14)
_KNOWN = (1, 30)
_INVENTORY = ("total", "reserved", "min_unit", "max_unit", "step_size", "allocation_ratio")
_SCOPES = ("whole", "part")
# How often two answers are asked for that should be of one moment.
_LOOKS = 5
_SECONDS_TO_SETTLE = 2.0


# -- state files ------------------------------------------------------------------------------


def validate(state):
    """Raise ``ValueError`` with one sentence when ``state`` is not one."""
    known = {"format", "scope", "traits", "resource_classes", "resource_providers", "consumers"}
    for key in state:
        if key not in known:
            raise ValueError("{} is unknown; known are {}".format(key, ", ".join(sorted(known))))
    if state.get("scope") not in _SCOPES:
        raise ValueError("scope must be one of {}".format(", ".join(_SCOPES)))
    for uuid, provider in state.get("resource_providers", {}).items():
        for key in provider:
            if key not in {"name", "parent", "inventories", "traits", "aggregates"}:
                raise ValueError(f"provider {uuid}: {key} is not known here")
        if not isinstance(provider.get("name"), str):
            raise ValueError(f"provider {uuid} has no name")
        for name, inventory in (provider.get("inventories") or {}).items():
            if "total" not in inventory:
                raise ValueError(f"provider {uuid}: inventory of {name} has no total")
            for key in inventory:
                if key not in _INVENTORY:
                    raise ValueError(
                        f"provider {uuid}: inventory of {name}: {key} is not known here"
                    )
    for uuid, consumer in state.get("consumers", {}).items():
        if not isinstance(consumer.get("allocations"), dict):
            raise ValueError(f"consumer {uuid} has no allocations")
        for provider, resources in consumer["allocations"].items():
            for name, used in resources.items():
                if not isinstance(used, int) or used < 1:
                    raise ValueError(
                        f"consumer {uuid}: {used} of {name} on {provider} is not an amount"
                    )


def merge(states):
    """One state of several, by file name; ``ValueError`` where two contradict each other.

    A consumer gets ``of``: the providers on which the files know all of its allocations, or None
    when they know all that there are.
    """
    merged = {
        "scope": "part",
        "traits": set(),
        "resource_classes": set(),
        "resource_providers": {},
        "consumers": {},
    }
    told_by = {}
    for name, state in sorted(states.items()):
        if state["scope"] == "whole":
            merged["scope"] = "whole"
        merged["traits"].update(state.get("traits", ()))
        merged["resource_classes"].update(state.get("resource_classes", ()))
        own = set(state.get("resource_providers", {}))
        for uuid, provider in state.get("resource_providers", {}).items():
            place = merged["resource_providers"].setdefault(uuid, {})
            for key, value in provider.items():
                value = sorted(value) if key in ("traits", "aggregates") else value
                if key in place and place[key] != value:
                    raise ValueError(
                        f"{told_by[uuid, key]} and {name} contradict each other "
                        f"about {key} of provider {uuid}"
                    )
                place[key] = value
                told_by[uuid, key] = name
        for uuid, consumer in state.get("consumers", {}).items():
            place = merged["consumers"].setdefault(
                uuid, {"allocations": {}, "of": set(), "project_id": None, "user_id": None}
            )
            for key in ("project_id", "user_id"):
                value = consumer.get(key)
                if value is None:
                    continue
                if place[key] not in (None, value):
                    raise ValueError(
                        f"{told_by[uuid, key]} and {name} contradict each other "
                        f"about {key} of consumer {uuid}"
                    )
                place[key] = value
                told_by[uuid, key] = name
            for provider, resources in consumer["allocations"].items():
                if place["allocations"].setdefault(provider, resources) != resources:
                    raise ValueError(
                        f"{told_by[uuid, provider]} and {name} contradict each other "
                        f"about consumer {uuid} on "
                        f"provider {provider}"
                    )
                told_by[uuid, provider] = name
            if state["scope"] == "whole":
                place["of"] = None
            elif place["of"] is not None:
                place["of"] |= own | set(consumer["allocations"])
    try:
        _parents_first(merged["resource_providers"])
    except Cannot as error:
        raise ValueError(str(error)) from None
    for provider in merged["resource_providers"].values():
        merged["traits"].update(t for t in provider.get("traits", ()) if t.startswith("CUSTOM_"))
        merged["resource_classes"].update(
            c for c in provider.get("inventories") or () if c.startswith("CUSTOM_")
        )
    return merged


# -- the service ------------------------------------------------------------------------------


def open_service(client: Client):
    """Agree on a microversion with the service behind ``client``."""
    answer = client.request("GET", "/")
    try:
        newest = answer.data["versions"][0]["max_version"]
        major, minor = map(int, newest.split("."))
    except (TypeError, KeyError, IndexError, ValueError):
        raise SourceError(f"{client.shown} does not answer as Placement does") from None
    if (major, minor) < _LOWEST:
        raise SourceError(f"{client.shown} knows microversion {newest} at most; 1.14 is needed")
    service = Placement(client, min((major, minor), _KNOWN))
    # A process writes the standard traits with its first request about traits; were that a request
    # for a trait that is not there, the writing would be rolled back and never tried again.
    with contextlib.suppress(Unreadable):
        service.get("/traits", "traits")
    return service


def _quoted(text):
    return urllib.parse.quote(text, safe="")


class Placement:
    """One running Placement."""

    def __init__(self, client, version):
        self._client = client
        self.version = version

    def call(self, method, path, body=None, version=None) -> Response:
        major, minor = version or self.version
        spoken = f"placement {major}.{minor}"
        return self._client.request(method, path, body, {"OpenStack-API-Version": spoken})

    def get(self, path, what):
        """The body of a GET; None when there is no such thing."""
        answer = self.call("GET", path)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise Unreadable(f"{what} cannot be read: {answer.reason()}")
        return answer.data

    def write(self, method, path, body, version=None):
        """A request that changes something; raises Conflict or Cannot when it is refused."""
        answer = self.call(method, path, body, version)
        # A deadlock in the database under the service is a 500.
        if answer.status == 409 or answer.status >= 500:
            raise Conflict(answer.reason())
        if answer.status >= 400:
            raise Cannot(answer.reason())
        return answer

    def providers(self):
        return {
            p["uuid"]: p for p in self.get("/resource_providers", "providers")["resource_providers"]
        }

    def inventories(self, uuid):
        data = self.get(f"/resource_providers/{uuid}/inventories", f"inventories of {uuid}")
        if data is None:
            return None, None
        held = {
            name: {key: inventory[key] for key in _INVENTORY}
            for name, inventory in data["inventories"].items()
        }
        return held, data["resource_provider_generation"]

    def traits(self, uuid):
        data = self.get(f"/resource_providers/{uuid}/traits", f"traits of {uuid}")
        if data is None:
            return None, None
        return sorted(data["traits"]), data["resource_provider_generation"]

    def aggregates(self, uuid):
        data = self.get(f"/resource_providers/{uuid}/aggregates", f"aggregates of {uuid}")
        if data is None:
            return None, None
        return sorted(data["aggregates"]), data.get("resource_provider_generation")

    def consumers_on(self, uuid):
        data = self.get(f"/resource_providers/{uuid}/allocations", f"allocations on {uuid}")
        return sorted((data or {"allocations": {}})["allocations"])

    def allocations(self, consumer):
        return self.get(f"/allocations/{consumer}", f"allocations of {consumer}")

    def custom(self, path, key, pick):
        data = self.get(path, key)
        return sorted(n for n in map(pick, data[key]) if n.startswith("CUSTOM_"))

    def custom_traits(self):
        return self.custom("/traits", "traits", str)

    def custom_classes(self):
        return self.custom("/resource_classes", "resource_classes", lambda c: c["name"])

    def export(self):
        """All that the API tells."""
        providers = {}
        consumers = set()
        for uuid, provider in sorted(self.providers().items()):
            providers[uuid] = {
                "name": provider["name"],
                "parent": provider["parent_provider_uuid"],
                "inventories": self.inventories(uuid)[0] or {},
                "traits": self.traits(uuid)[0] or [],
                "aggregates": self.aggregates(uuid)[0] or [],
            }
            consumers.update(self.consumers_on(uuid))
        told = {}
        for uuid in sorted(consumers):
            data = self.allocations(uuid)
            if not data["allocations"]:
                continue  # gone since
            told[uuid] = {"allocations": _amounts(data)}
            if data.get("project_id") is not None:
                told[uuid].update(project_id=data["project_id"], user_id=data["user_id"])
        return {
            "format": 1,
            "scope": "whole",
            "traits": self.custom_traits(),
            "resource_classes": self.custom_classes(),
            "resource_providers": providers,
            "consumers": told,
        }

    def seconds_to_settle(self, state):
        """A moment where a client writes a consumer without saying what it had read of it.

        Others who do the same may write over it. Each then sees that and writes again: all that
        must have passed is the time between one's reading and writing.
        """
        return _SECONDS_TO_SETTLE if state["scope"] == "part" and self.version < (1, 28) else 0.0

    def resources(self, state):
        """Names first, parents before children, inventories before allocations."""
        found = [Name(self, "trait", "/traits", n) for n in sorted(state["traits"])]
        found += [
            Name(self, "resource class", "/resource_classes", n)
            for n in sorted(state["resource_classes"])
        ]
        wanted = state["resource_providers"]
        order = _parents_first(wanted)
        found += [Provider(self, uuid, wanted[uuid], wanted) for uuid in order]
        found.append(Listing(self, order))
        for uuid in order:
            provider = wanted[uuid]
            if provider.get("inventories") is not None:
                found.append(Inventories(self, uuid, provider["inventories"]))
            if provider.get("traits") is not None:
                found.append(Traits(self, uuid, provider["traits"]))
            if provider.get("aggregates") is not None:
                found.append(Aggregates(self, uuid, provider["aggregates"]))
        found += [
            Consumer(self, uuid, consumer) for uuid, consumer in sorted(state["consumers"].items())
        ]
        return found + [Usages(self, uuid) for uuid in order]

    def extras(self, state):
        """Consumers on providers of the state; with a whole state also all other things."""
        whole = state["scope"] == "whole"
        there = self.providers()
        found = []
        consumers = set()
        for uuid in sorted(there if whole else set(there) & set(state["resource_providers"])):
            consumers.update(self.consumers_on(uuid))
        found += [
            Stranger(self, f"consumer {uuid}", f"/allocations/{uuid}")
            for uuid in sorted(consumers - set(state["consumers"]))
        ]
        if whole:
            strangers = {
                u: {"parent": there[u]["parent_provider_uuid"]}
                for u in set(there) - set(state["resource_providers"])
            }
            # Children go before their parents.
            names = {provider["name"] for provider in state["resource_providers"].values()}
            found += [StrangeProvider(self, u, names) for u in reversed(_parents_first(strangers))]
            for what, path, names, known in (
                ("trait", "/traits", self.custom_traits(), state["traits"]),
                (
                    "resource class",
                    "/resource_classes",
                    self.custom_classes(),
                    state["resource_classes"],
                ),
            ):
                found += [
                    Stranger(self, f"{what} {n}", f"{path}/{_quoted(n)}")
                    for n in names
                    if n not in known
                ]
        return found


def _parents_first(providers):
    order = []
    left = set(providers)
    while left:
        ready = sorted(u for u in left if providers[u].get("parent") not in left)
        if not ready:
            raise Cannot("providers are each other's parents: {}".format(", ".join(sorted(left))))
        order += ready
        left.difference_update(ready)
    return order


def _amounts(data):
    return {
        provider: dict(sorted(one["resources"].items()))
        for provider, one in sorted(data["allocations"].items())
    }


class Name:
    """A custom trait or resource class."""

    kept = "the service accepted the name and does not show it"

    def __init__(self, service, what, path, name):
        self.name = f"{what} {name}"
        self._service = service
        self._path = f"{path}/{_quoted(name)}"

    def differences(self):
        answer = self._service.call("GET", self._path)
        return [] if answer.status in (200, 204) else ["is missing"]

    def apply(self):
        self._service.write("PUT", self._path, None)


class Provider:
    """A resource provider with its name and its place in the tree."""

    kept = "the service sets the root of a tree itself, when a provider gets its parent"

    def __init__(self, service, uuid, wanted, all_wanted):
        self.name = f"provider {uuid}"
        self._service = service
        self._uuid = uuid
        self._wanted = wanted
        self._all = all_wanted
        self._there = None

    def _root(self):
        """The root that the files imply, or None when they do not tell the whole way up."""
        uuid, seen = self._uuid, set()
        while uuid in self._all and "parent" in self._all[uuid] and uuid not in seen:
            seen.add(uuid)
            if self._all[uuid]["parent"] is None:
                return uuid
            uuid = self._all[uuid]["parent"]
        return None

    def differences(self):
        there = self._there = self._service.get(f"/resource_providers/{self._uuid}", self.name)
        if there is None:
            return ["is missing"]
        found = []
        if there["name"] != self._wanted["name"]:
            found.append("name is {!r}, not {!r}".format(there["name"], self._wanted["name"]))
        if "parent" in self._wanted and there["parent_provider_uuid"] != self._wanted["parent"]:
            found.append(
                "parent is {}, not {}".format(there["parent_provider_uuid"], self._wanted["parent"])
            )
        elif self._root() not in (None, there["root_provider_uuid"]):
            found.append("root is {}, not {}".format(there["root_provider_uuid"], self._root()))
        return found

    def apply(self):
        parent = self._wanted.get("parent")
        if (
            parent is not None
            and self._service.get(f"/resource_providers/{parent}", f"provider {parent}") is None
        ):
            raise NotYet(f"its parent {parent} is not there")
        body = {"name": self._wanted["name"]}
        if self._there is None:
            body["uuid"] = self._uuid
            if parent is not None:
                body["parent_provider_uuid"] = parent
            self._write("POST", "/resource_providers", body)
            return
        held = self._there["parent_provider_uuid"]
        if "parent" in self._wanted and held not in (None, parent):
            raise Cannot("the API does not give a provider another parent")
        if parent is not None or held is not None:
            body["parent_provider_uuid"] = parent or held
        self._write("PUT", f"/resource_providers/{self._uuid}", body)

    def _write(self, method, path, body):
        try:
            self._service.write(method, path, body)
        except Conflict as error:
            for other in self._service.providers().values():
                if other["name"] == body["name"] and other["uuid"] != self._uuid:
                    if other["uuid"] in self._all:
                        raise NotYet(
                            "provider {} still has that name".format(other["uuid"])
                        ) from None
                    raise Cannot(
                        "provider {}, which no file describes, has that name".format(other["uuid"])
                    ) from None
            raise error


class Listing:
    """The list of all providers, over which the service fails where one has no times.

    Whatever is written to a provider gives it a time, so all get what they have.
    """

    name = "list of providers"
    kept = "the service fails over a provider that no file describes"

    def __init__(self, service, uuids):
        self._service = service
        self._uuids = uuids

    def differences(self):
        try:
            self._service.providers()
        except Unreadable as error:
            return [str(error)]
        return []

    def apply(self):
        for uuid in self._uuids:
            held, generation = self._service.inventories(uuid)
            if held is not None:
                body = {"resource_provider_generation": generation, "inventories": held}
                self._service.write("PUT", f"/resource_providers/{uuid}/inventories", body)


class _OfProvider:
    kept = "the service accepted the request and shows something else"
    what = ""
    path = ""

    def __init__(self, service, uuid, wanted):
        self.name = f"provider {uuid} {self.what}"
        self._service = service
        self._uuid = uuid
        self._wanted = wanted
        self._generation = None
        self._held = None

    def _look(self):
        raise NotImplementedError

    def differences(self):
        self._held, self._generation = self._look()
        if self._held is None:
            return ["the provider is missing"] if self._wanted else []
        return self._compare()

    def _compare(self):
        missing = sorted(set(self._wanted) - set(self._held))
        more = sorted(set(self._held) - set(self._wanted))
        return [f"{m} is missing" for m in missing] + [f"{m} is too many" for m in more]

    def _body(self):
        raise NotImplementedError

    def apply(self):
        if self._held is None:
            raise NotYet("the provider is not there")
        self._service.write("PUT", f"/resource_providers/{self._uuid}/{self.path}", self._body())


class Inventories(_OfProvider):
    what = path = "inventories"

    def differences(self):
        try:
            return super().differences()
        except Unreadable as error:
            # One has no times, and gets one when it is written.
            there = self._service.get(f"/resource_providers/{self._uuid}", self.name)
            if there is None:
                raise
            self._held, self._generation = {}, there["generation"]
            return [str(error)]

    def _look(self):
        return self._service.inventories(self._uuid)

    def _compare(self):
        found = super()._compare()
        for name in sorted(set(self._wanted) & set(self._held)):
            for key, value in sorted(self._wanted[name].items()):
                held = self._held[name][key]
                # Some databases keep single precision only.
                same = (
                    math.isclose(held, value, rel_tol=1e-6)
                    if key == "allocation_ratio"
                    else held == value
                )
                if not same:
                    found.append(f"{key} of {name} is {held}, not {value}")
        return found

    def _body(self):
        return {"resource_provider_generation": self._generation, "inventories": self._wanted}


class Traits(_OfProvider):
    what = path = "traits"

    def _look(self):
        return self._service.traits(self._uuid)

    def _body(self):
        return {"resource_provider_generation": self._generation, "traits": self._wanted}


class Aggregates(_OfProvider):
    what = path = "aggregates"

    def _look(self):
        return self._service.aggregates(self._uuid)

    def _body(self):
        if self._service.version < (1, 19):
            return self._wanted
        return {"resource_provider_generation": self._generation, "aggregates": self._wanted}


class Consumer:
    """The allocations of one consumer, and whose they are."""

    kept = "the service does not change whose a consumer is that it knows already"

    def __init__(self, service, uuid, wanted):
        self.name = f"consumer {uuid}"
        self._service = service
        self._uuid = uuid
        self._wanted = wanted
        self._there = {}

    def _own(self, amounts):
        of = self._wanted["of"]
        return {p: r for p, r in amounts.items() if of is None or p in of}

    def differences(self):
        self._there = self._service.allocations(self._uuid) or {"allocations": {}}
        held = self._own(_amounts(self._there))
        wanted = self._wanted["allocations"]
        found = []
        for provider in sorted(set(held) | set(wanted)):
            have, want = held.get(provider, {}), wanted.get(provider, {})
            for name in sorted(set(have) | set(want)):
                if have.get(name) != want.get(name):
                    found.append(
                        f"{name} on {provider} is {have.get(name, 0)}, not {want.get(name, 0)}"
                    )
        if self._there["allocations"]:
            for key in ("project_id", "user_id"):
                want = self._wanted[key]
                if want is not None and self._there.get(key) != want:
                    found.append(f"{key} is {self._there.get(key)}, not {want}")
        return found

    def apply(self):
        amounts = {p: r for p, r in _amounts(self._there).items() if p not in self._own({p: r})}
        amounts.update({p: r for p, r in self._wanted["allocations"].items() if r})
        path = f"/allocations/{self._uuid}"
        if not amounts:
            self._service.write("DELETE", path, None)
            return
        for provider in sorted(amounts):
            held, _ = self._service.inventories(provider)
            if held is None:
                raise NotYet(f"provider {provider} is not there")
            for name in sorted(amounts[provider]):
                if name not in held:
                    raise NotYet(f"provider {provider} has no inventory of {name}")
        project = self._wanted["project_id"] or self._there.get("project_id")
        user = self._wanted["user_id"] or self._there.get("user_id")
        if project is None or user is None:
            # Before 1.8 a consumer had no owner; such allocations are written as they were.
            body = {
                "allocations": [
                    {"resource_provider": {"uuid": p}, "resources": r}
                    for p, r in sorted(amounts.items())
                ]
            }
            self._service.write("PUT", path, body, (1, 7))
            return
        body = {
            "allocations": {p: {"resources": r} for p, r in amounts.items()},
            "project_id": project,
            "user_id": user,
        }
        version = min(self._service.version, (1, 27))
        generation = self._there.get("consumer_generation")
        if generation is not None:
            body["consumer_generation"] = generation
            version = self._service.version
        elif self._service.version >= (1, 28):
            # New, as far as anybody can see: nobody else may have made it in between. A consumer
            # that has no allocations is not shown, and is written without its generation.
            try:
                self._service.write("PUT", path, dict(body, consumer_generation=None))
                return
            except Conflict:
                if (self._service.allocations(self._uuid) or {}).get("allocations"):
                    raise
        self._service.write("PUT", path, body, version)


class Usages:
    """What the service counts as used on a provider: what its consumers have, told one by one.

    A row that stands there twice is counted twice and shown once.
    """

    kept = "the service counts what no consumer of the provider has"

    def __init__(self, service, uuid):
        self.name = f"provider {uuid} usages"
        self._service = service
        self._uuid = uuid
        self._consumers = {}

    def differences(self):
        path = f"/resource_providers/{self._uuid}"
        for _ in range(_LOOKS):
            counted = self._service.get(f"{path}/usages", self.name)
            told = self._service.get(f"{path}/allocations", self.name)
            if counted is None or told is None:
                return []
            generation = "resource_provider_generation"
            if counted[generation] == told[generation]:
                break
        self._consumers = told["allocations"]
        found = []
        for name, used in sorted(counted["usages"].items()):
            had = sum(one["resources"].get(name, 0) for one in self._consumers.values())
            if used != had:
                found.append(f"{used} of {name} are counted, consumers have {had}")
        return found

    def apply(self):
        for uuid in sorted(self._consumers):
            amounts = _amounts(self._service.allocations(uuid) or {"allocations": {}})
            owner = {"project_id": None, "user_id": None}
            again = Consumer(self._service, uuid, {"allocations": amounts, "of": None, **owner})
            again.differences()
            again.apply()


class Stranger:
    """Something of which no file tells."""

    def __init__(self, service, name, path):
        self.name = name
        self._service = service
        self._path = path

    def remove(self):
        self._service.write("DELETE", self._path, None)

    def step_aside(self):
        return False


class StrangeProvider(Stranger):
    """A provider of which no file tells; in use, it can still give up a name that is wanted."""

    def __init__(self, service, uuid, names):
        super().__init__(service, f"provider {uuid}", f"/resource_providers/{uuid}")
        self._uuid = uuid
        self._names = names

    def step_aside(self):
        there = self._service.get(self._path, self.name)
        if there is None or there["name"] not in self._names:
            return False
        body = {"name": self._uuid}
        if there["parent_provider_uuid"] is not None:
            body["parent_provider_uuid"] = there["parent_provider_uuid"]
        self._service.write("PUT", self._path, body)
        return True
