"""Writers that contend for the same providers, and what must hold whatever their order.

Every writer keeps a ledger of what it was told: an answer with success has happened, one with an
error has not, and where no answer came (the instance was killed) either may be true. ``judge``
holds the final state against the ledgers.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

from extractor.verification.comparisons.replay import Request
from extractor.verification.laboratory.service import Answer

Talk = Generator[Request, "Answer | None", None]

PROVIDERS = 6
CAPACITY = 48
COUNTED = 100000
# Rows are providers on which more is allocated than there is.
BEYOND_CAPACITY = """
SELECT p.uuid, i.resource_class_id, SUM(a.used)
FROM inventories i
JOIN resource_providers p ON p.id = i.resource_provider_id
JOIN allocations a ON a.resource_provider_id = i.resource_provider_id
    AND a.resource_class_id = i.resource_class_id
GROUP BY p.uuid, i.resource_class_id, i.total, i.reserved, i.allocation_ratio
HAVING SUM(a.used) > (i.total - i.reserved) * i.allocation_ratio
"""


@dataclass
class Ledger:
    """What one writer was told.

    ``consumers``: the allocations that each may have now. ``raised``: for each provider, how
    often its counter was raised for certain and perhaps. ``traits``: provider to whether the
    writer's own trait may be there. ``wrong``: what a single answer already shows.
    """

    consumers: dict[str, list[dict[str, int]]] = field(default_factory=dict)
    raised: dict[str, list[int]] = field(default_factory=dict)
    traits: dict[str, set[bool]] = field(default_factory=dict)
    claims: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


class Load:
    """The providers, their writers and the judgement.

    With ``tight`` there is too little for all, writers go on until they are stopped, and what
    cannot be had is let go. Without, everything fits, each writer does ``steps`` things, and a
    conflict is tried again until it is none: the final state does not depend on the order.
    """

    beyond = BEYOND_CAPACITY

    def __init__(self, seed: int, writers: int, *, tight: bool, steps: int = 0) -> None:
        self.seed, self.tight, self.steps = seed, tight, steps
        names = random.Random(seed)
        self.newest = 0
        self.providers = [_uuid(names) for _ in range(PROVIDERS)]
        self.project, self.user = _uuid(names), _uuid(names)
        self.ledgers = [Ledger() for _ in range(writers)]

    # -- before ------------------------------------------------------------------------------

    def prepare(self) -> Talk:
        """Make the providers; every answer must be a success."""
        answer = yield Request("GET", "/")
        assert answer is not None
        version = json.loads(answer.body)["versions"][0]["max_version"]
        self.newest = int(version.partition(".")[2])
        # A process writes the standard traits with the first request about them.
        yield self._ask("GET", "/traits")
        for number, provider in enumerate(self.providers):
            yield self._ask("POST", "/resource_providers", {"name": f"p{number}", "uuid": provider})
            inventories = {
                "VCPU": {"total": CAPACITY if self.tight else 10**6},
                "DISK_GB": {"total": CAPACITY * 3 if self.tight else 10**6, "reserved": 4},
                "MEMORY_MB": {"total": COUNTED},
            }
            body = {"resource_provider_generation": 0, "inventories": inventories}
            yield self._ask("PUT", f"/resource_providers/{provider}/inventories", body)
        for number in range(len(self.ledgers)):
            yield self._ask("PUT", f"/traits/{_trait(number)}")

    # -- meanwhile ---------------------------------------------------------------------------

    def writer(self, number: int) -> Talk:
        """What one writer does; it is sent each answer, ``None`` where the connection broke."""
        chance = random.Random(self.seed * 1000 + number)
        acts: list[tuple[int, Callable[[int, random.Random], Talk]]] = [
            (40, self._claim),
            (14, self._release),
            (12, self._move),
            (14, self._raise_counter),
            (10, self._toggle_trait),
            (5, self._ask_candidates),
            (5, self._own_provider),
        ]
        weights, chosen = zip(*acts, strict=True)
        done = 0
        while not self.steps or done < self.steps:
            yield from chance.choices(chosen, weights)[0](number, chance)
            done += 1

    def _claim(self, number: int, chance: random.Random) -> Talk:
        ledger = self.ledgers[number]
        known = sorted(ledger.consumers)
        again = bool(known) and chance.random() < 0.3
        consumer = chance.choice(known) if again else _uuid(chance)
        wanted = self._amounts(chance)
        before = ledger.consumers.get(consumer, [{}])
        if len(before) > 1:
            # What became of it is not known: it stays as it is, so that it can be judged.
            return
        generation = yield from self._generation_of(consumer, before[0])
        body = self._body(wanted, generation)
        answer = yield from self._until(
            lambda: self._ask("PUT", f"/allocations/{consumer}", body), number
        )
        self._book(ledger, {consumer: wanted}, answer)

    def _release(self, number: int, chance: random.Random) -> Talk:
        ledger = self.ledgers[number]
        held = sorted(c for c, states in ledger.consumers.items() if len(states) == 1 and states[0])
        if not held:
            return
        consumer = chance.choice(held)
        answer = yield from self._until(
            lambda: self._ask("DELETE", f"/allocations/{consumer}"), number
        )
        self._book(ledger, {consumer: {}}, answer)

    def _move(self, number: int, chance: random.Random) -> Talk:
        """From one consumer to another in one request: never both, never neither."""
        ledger = self.ledgers[number]
        held = sorted(c for c, states in ledger.consumers.items() if len(states) == 1 and states[0])
        if self.newest < 13 or not held:
            return
        old, new = chance.choice(held), _uuid(chance)
        amounts = ledger.consumers[old][0]
        generation = yield from self._generation_of(old, amounts)
        body = {old: self._body({}, generation), new: self._body(amounts, None)}
        answer = yield from self._until(lambda: self._ask("POST", "/allocations", body), number)
        self._book(ledger, {old: {}, new: amounts}, answer)

    def _raise_counter(self, number: int, chance: random.Random) -> Talk:
        """Read, add one, write: what another wrote in between must not be lost."""
        ledger = self.ledgers[number]
        provider = chance.choice(self.providers)
        path = f"/resource_providers/{provider}/inventories/MEMORY_MB"
        raised = ledger.raised.setdefault(provider, [0, 0])
        for _ in range(self._tries):
            read = yield self._ask("GET", path)
            if read is None or read.status != 200:
                continue
            known = json.loads(read.body)
            body = {
                "total": known["total"] + 1,
                "resource_provider_generation": known["resource_provider_generation"],
            }
            answer = yield self._ask("PUT", path, body)
            if answer is None:
                raised[1] += 1
                return
            if answer.status == 200:
                raised[0] += 1
                return
            self._must_conflict(ledger, "PUT inventory", answer)
        self._gave_up(ledger, "a counter was not raised")

    def _toggle_trait(self, number: int, chance: random.Random) -> Talk:
        """Read the provider's traits, add or take away one's own, write all of them."""
        ledger = self.ledgers[number]
        provider = chance.choice(self.providers)
        path, own = f"/resource_providers/{provider}/traits", _trait(number)
        before = ledger.traits.setdefault(provider, {False})
        if len(before) > 1:
            return
        wanted = not next(iter(before))
        for _ in range(self._tries):
            read = yield self._ask("GET", path)
            if read is None or read.status != 200:
                continue
            known = json.loads(read.body)
            traits = set(known["traits"]) | {own} if wanted else set(known["traits"]) - {own}
            body = {
                "traits": sorted(traits),
                "resource_provider_generation": known["resource_provider_generation"],
            }
            answer = yield self._ask("PUT", path, body)
            if answer is None:
                ledger.traits[provider] = {True, False}
                return
            if answer.status == 200:
                ledger.traits[provider] = {wanted}
                return
            self._must_conflict(ledger, "PUT traits", answer)
        self._gave_up(ledger, "a trait was not set")

    def _ask_candidates(self, number: int, chance: random.Random) -> Talk:
        if self.newest >= 10:
            yield self._ask("GET", f"/allocation_candidates?resources=VCPU:{chance.randint(1, 4)}")

    def _own_provider(self, number: int, chance: random.Random) -> Talk:
        """A provider of one's own comes and goes."""
        name = _uuid(chance)
        answer = yield self._ask("POST", "/resource_providers", {"name": f"w-{name}", "uuid": name})
        if answer is not None and answer.status < 300:
            yield self._ask("DELETE", f"/resource_providers/{name}")

    # -- afterwards --------------------------------------------------------------------------

    def inspect(self) -> Iterator[Request]:
        """Requests whose answers are the final state, in a fixed order."""
        for provider in self.providers:
            yield self._ask("GET", f"/resource_providers/{provider}")
            for part in ("inventories", "traits", "usages", "allocations", "aggregates"):
                yield self._ask("GET", f"/resource_providers/{provider}/{part}")
        for consumer in self._consumers():
            yield self._ask("GET", f"/allocations/{consumer}")

    def judge(self, answers: list[Answer]) -> list[str]:
        """What the answers to ``inspect`` show of lost updates and too much allocated."""
        wrong = [text for ledger in self.ledgers for text in ledger.wrong]
        found = iter(answers)
        for number, provider in enumerate(self.providers):
            shown, inventories, traits, usages, _, _ = (_loaded(next(found)) for _ in range(6))
            name = f"provider {number}"
            records = inventories.get("inventories", {})
            for kind, used in usages.get("usages", {}).items():
                record = records.get(kind, {"total": 0, "reserved": 0, "allocation_ratio": 1})
                most = (record["total"] - record["reserved"]) * record["allocation_ratio"]
                if used > most:
                    wrong.append(f"{name}: {used} of {kind} allocated, {most} are there")
            counts = [ledger.raised.get(provider, [0, 0]) for ledger in self.ledgers]
            least = COUNTED + sum(count[0] for count in counts)
            most = least + sum(count[1] for count in counts)
            total = records.get("MEMORY_MB", {}).get("total", 0)
            if not least <= total <= most:
                wrong.append(f"{name}: the counter is {total}, not {least} to {most}")
            claims = sum(ledger.claims.get(provider, 0) for ledger in self.ledgers)
            if shown.get("generation", 0) < least - COUNTED + claims:
                wrong.append(f"{name}: generation {shown.get('generation')} after more writes")
            for writer, ledger in enumerate(self.ledgers):
                there = _trait(writer) in traits.get("traits", [])
                if there not in ledger.traits.get(provider, {False}):
                    wrong.append(f"{name}: writer {writer}'s trait is {there}, it set {not there}")
        for consumer, states in self._consumers().items():
            body = _loaded(next(found)).get("allocations", {})
            now = {
                f"{provider}/{kind}": amount
                for provider, record in body.items()
                for kind, amount in record["resources"].items()
            }
            if now not in states:
                wrong.append(f"consumer {consumer} has {now}, it was told {states}")
        return wrong

    def kind(self, request: Request, answer: Answer) -> str:
        """What sort of answer it is, to be counted."""
        parts = request.path.partition("?")[0].strip("/").split("/")
        what = f"{request.method} {'/'.join(p for n, p in enumerate(parts) if n % 2 == 0)}"
        return f"{what}: {answer.status}{_code(answer)}"

    # -- parts -------------------------------------------------------------------------------

    @property
    def _tries(self) -> int:
        return 4 if self.tight else 500

    def _consumers(self) -> dict[str, list[dict[str, int]]]:
        return {c: s for ledger in self.ledgers for c, s in sorted(ledger.consumers.items())}

    def _ask(self, method: str, path: str, body: object = None) -> Request:
        headers = [
            ("x-auth-token", "admin"),
            ("openstack-api-version", f"placement 1.{self.newest}"),
        ]
        if body is None:
            return Request(method, path, tuple(headers))
        headers.append(("content-type", "application/json"))
        return Request(method, path, tuple(headers), json.dumps(body))

    def _amounts(self, chance: random.Random) -> dict[str, int]:
        chosen = chance.sample(self.providers, chance.choice([1, 1, 2]))
        amounts = {}
        for provider in sorted(chosen):
            amounts[f"{provider}/VCPU"] = chance.randint(1, 6)
            if chance.random() < 0.5:
                amounts[f"{provider}/DISK_GB"] = chance.randint(1, 12)
        return amounts

    def _body(self, amounts: dict[str, int], generation: int | None) -> dict[str, dict]:
        allocations: dict[str, dict] = {}
        for place, amount in amounts.items():
            provider, _, kind = place.partition("/")
            allocations.setdefault(provider, {"resources": {}})["resources"][kind] = amount
        body: dict = {"allocations": allocations, "project_id": self.project, "user_id": self.user}
        if self.newest >= 28:
            body["consumer_generation"] = generation
        if self.newest < 12:
            body["allocations"] = [
                {"resource_provider": {"uuid": name}, **one} for name, one in allocations.items()
            ]
        return body

    def _generation_of(
        self, consumer: str, held: dict[str, int]
    ) -> Generator[Request, Answer | None, int | None]:
        if self.newest < 28 or not held:
            return None
        for _ in range(self._tries):
            answer = yield self._ask("GET", f"/allocations/{consumer}")
            if answer is not None and answer.status == 200:
                return _loaded(answer).get("consumer_generation")
        return None

    def _until(
        self, ask: Callable[[], Request], number: int
    ) -> Generator[Request, Answer | None, Answer | None]:
        """Ask until it is no conflict of writers; ``None`` when no answer came."""
        answer: Answer | None = None
        for _ in range(self._tries):
            request = ask()
            answer = yield request
            if answer is None or answer.status < 300 or _is_refusal(answer):
                return answer
            self._must_conflict(self.ledgers[number], self.kind(request, answer), answer)
        self._gave_up(self.ledgers[number], "a claim was not made")
        return answer

    def _book(
        self, ledger: Ledger, wanted: dict[str, dict[str, int]], answer: Answer | None
    ) -> None:
        """Note what an answer says of the consumers' allocations."""
        for consumer, amounts in wanted.items():
            if answer is None:
                before = ledger.consumers.get(consumer, [{}])
                ledger.consumers[consumer] = [*before, amounts]
            elif answer.status < 300:
                ledger.consumers[consumer] = [amounts]
                for provider in {place.partition("/")[0] for place in amounts}:
                    ledger.claims[provider] = ledger.claims.get(provider, 0) + 1

    def _must_conflict(self, ledger: Ledger, what: str, answer: Answer) -> None:
        """An answer to a writer that came second: 409, and from 1.23 on its code."""
        if answer.status == 409 and self.newest >= 23 and _code(answer).startswith(" undefined"):
            ledger.wrong.append(f"{what} without the code of a concurrent update")
        elif answer.status not in {409, 500}:
            # Errors of the service itself are counted by their kind.
            ledger.wrong.append(f"{what}: {answer.status} {answer.body[:200]!r}")

    def _gave_up(self, ledger: Ledger, what: str) -> None:
        if not self.tight:
            ledger.wrong.append(f"{what} in {self._tries} tries")


def _uuid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def _trait(number: int) -> str:
    return f"CUSTOM_WRITER_{number}"


def _is_refusal(answer: Answer) -> bool:
    """There is not enough: a 409 that no second try would help."""
    return answer.status == 409 and b"Unable to allocate inventory" in answer.body


def _loaded(answer: Answer) -> dict:
    try:
        loaded = json.loads(answer.body)
    except ValueError:
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _code(answer: Answer) -> str:
    """The code in an error document, without its prefix; empty where there is none."""
    errors = _loaded(answer).get("errors") or [{}]
    code = errors[0].get("code", "") if isinstance(errors, list) else ""
    text = " " + code.rpartition(".")[2] if code else ""
    if answer.status == 409 and _is_refusal(answer):
        text += " (not enough)"
    return text
