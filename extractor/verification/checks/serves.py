"""Installed with pip into a fresh environment, the service makes its database and answers."""

from __future__ import annotations

import shutil
import subprocess

from extractor.plan.verify_settings import Probe
from extractor.verification import labs
from extractor.verification.check import CheckResult, Context, Result, does_not_apply, verdict
from extractor.verification.laboratory.environment import Environment, clean_variables
from extractor.verification.laboratory.service import Service, ServiceDied, Setup, running

NEEDS = "environment"


def check(result: Result, context: Context) -> CheckResult:
    """Install, sync, start, send the plan's probes in order, stop."""
    settings = context.settings.serve
    if not settings.script:
        return does_not_apply("serves", "the plan does not say how to serve it ([verify.serve])")
    findings: list[str] = []
    evidence: list[str] = []
    try:
        installed = install(result, context)
        setup = Setup(
            settings, installed, context.scratch, context.scratch / "serves", installed=True
        )
        with running(setup) as service:
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
    return verdict(
        "serves",
        findings,
        evidence,
        {"probes": len(settings.probes)},
        compared=len(settings.probes),
    )


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
            return f"{probe.method} {probe.path} does not contain {part!r}: {text[:160]}"
    return ""


def install(result: Result, context: Context) -> Environment:
    """A fresh environment into which pip installed the distribution.

    Its requirements are those of the kept runtime environment, seen through a ``.pth`` file, so
    that only the distribution itself is installed each time.
    """
    runtime = labs.runtime_of_result(result, context)
    root, copy = context.scratch / "installed", context.scratch / "install-from"
    # With .git: pbr packs the files that git knows.
    shutil.copytree(result.root, copy, symlinks=True, ignore=shutil.ignore_patterns("*.pyc"))
    variables = clean_variables() | {"PBR_VERSION": context.settings.source.version}
    python = str(root / "bin" / "python")
    installed = labs.layered(root, runtime)
    pip = [python, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    _run([*pip, "--no-index", str(copy)], variables)
    return installed


def _run(command: list[str], variables: dict[str, str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env=variables)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()] or ["no message"]
        raise ServiceDied(f"pip cannot install the result: {said[-1]}")
