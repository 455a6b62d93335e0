"""Installed with pip into a fresh environment, the service makes its database and answers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from extractor.verification import labs
from extractor.verification.check import CheckResult, Context, Result, verdict
from extractor.verification.environment import (
    Environment,
    NoEnvironment,
    clean_variables,
    environment,
    read_requirements,
    recipe,
)
from extractor.verification.service import Service, ServiceDied, running
from extractor.verification.settings import Probe

NEEDS = "environment"


def check(result: Result, context: Context) -> CheckResult:
    """Install, sync, start, send the plan's probes in order, stop."""
    settings = context.settings.serve
    if not settings.script:
        return CheckResult("serves", True, skipped="the plan does not say how it is served")
    installed = install(result, context)
    findings: list[str] = []
    evidence: list[str] = []
    try:
        state = context.scratch / "serves"
        with running(settings, installed, context.scratch, state, installed=True) as service:
            for probe in settings.probes:
                problem = send(service, probe)
                if problem:
                    findings.append(f"{probe.title}: {problem}")
                else:
                    evidence.append(f"{probe.title}: {probe.status}")
            told = service.stop()
    except ServiceDied as error:
        return verdict("serves", [str(error)], evidence)
    if told:
        evidence.append(
            f"listening after {told['start']['seconds']:.1f} s with "
            f"{len(told['start']['modules'])} modules, {told['memory'] // 1024} MiB"
        )
    return verdict("serves", findings, evidence, {"probes": len(settings.probes)})


def send(service: Service, probe: Probe) -> str:
    """Send a probe; what is wrong with the answer, empty when nothing is."""
    base = f"http://127.0.0.1:{service.port}"
    headers = {k: v.replace("{base}", base) for k, v in probe.headers.items()}
    answer = service.send(probe.method, probe.path, headers, probe.body.encode("utf-8"))
    text = answer.body.decode("utf-8", "replace")
    if answer.status != probe.status:
        return f"{probe.method} {probe.path} gave {answer.status}, not {probe.status}: {text[:160]}"
    for part in probe.expect:
        if part.replace("{base}", base) not in text:
            return f"{probe.method} {probe.path} does not say {part!r}: {text[:160]}"
    return ""


def install(result: Result, context: Context) -> Environment:
    """An environment with the requirements and the distribution itself, kept by content."""
    settings = context.settings
    tree = result.tree
    content = labs.content_key(result.root, [p for p in tree.paths() if not p.endswith(".pyc")])
    files = [result.root / n for n in settings.requirements if (result.root / n).is_file()]
    lines = [*read_requirements(files), *settings.serve.requirements]
    made = recipe(lines, labs.pins(context), settings.build)
    copy = context.scratch / f"install-{content}"
    if not copy.exists():
        shutil.copytree(result.root, copy, ignore=shutil.ignore_patterns(".git", "*.pyc"))

    def put(root: Path) -> None:
        done = subprocess.run(
            [
                str(root / "bin" / "python"),
                *("-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"),
                str(copy),
            ],
            capture_output=True,
            text=True,
            env=clean_variables() | {"PBR_VERSION": settings.source.version},
        )
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.strip()]
            raise NoEnvironment(f"pip cannot install the result: {(said or ['no reason'])[-1]}")

    return environment(made, labs.interpreter(context), context.report, extra=content, finish=put)
