#!/usr/bin/env python
"""Run Workhall's commands: `up` starts the platform, `verify` passes its tests."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coop.settings")
    execute_from_command_line(sys.argv)
