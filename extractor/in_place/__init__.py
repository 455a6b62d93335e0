"""One rewrite over files and folders of any project, in place: see what it would do, or do it.

First the whole new tree is made in memory, then it is proved, then written: all of it or nothing.
"""

from extractor.in_place.attempt import Attempt, Note, attempt
from extractor.in_place.settings import read_settings, setting_kinds, settings_from

__all__ = ["Attempt", "Note", "attempt", "read_settings", "setting_kinds", "settings_from"]
