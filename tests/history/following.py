"""Append as a sync does: what is made of it is the result's in the end."""

from extractor.history.append import append_history as prepare
from extractor.history.publish import publish


def append_history(source, revision, moves, target, **options):
    appended = prepare(source, revision, moves, target, **options)
    publish(target, appended.refs, appended.state)
    return appended
