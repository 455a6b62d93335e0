"""What ``extractor --help`` shows for each verb: no verb is imported to show it."""

SECTIONS: dict[str, dict[str, str]] = {
    "Extract a subsystem": {
        "run": "Extract, check, and write OUTPUT.",
        "plan": "Show what would be extracted, or draft a plan.",
        "extract": "Extract without checks.",
        "verify": "Check a result; show the evidence.",
        "report": "Write pages for reviewers.",
        "sync": "Bring a result up to date with its source.",
        "history": "Preview and check the carried history.",
        "sweep": "Run a plan over many revisions.",
    },
    "Change the source": {
        "refactor": "Write patches that decouple the subsystem.",
        "prove": "Run the tests after each of those patches.",
        "rewrite": "Run one rewrite on any project.",
    },
    "Analyse and guard": {
        "analyze": "Show what each import loads and what it costs.",
        "contracts": "Check rules about imports, in CI or by hand.",
    },
    "Move the database": {
        "schema": "Compare, freeze and check tables.",
        "data": "Copy, export and replay data.",
    },
    "About the command line": {
        "help": "Show the help of a verb.",
        "completion": "Print a script for shell completion.",
    },
}
