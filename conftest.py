"""What every test and every kernel that a test starts finds in its environment.

Here and not in tests/, since nbval runs the notebooks of chapters/ and solutions/ too.
"""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("GOKIT_FAST", "1")
os.environ.setdefault("GOKIT_STATIC", "1")
# A backend set outside would replace the inline one, and the figures would vanish.
os.environ.pop("MPLBACKEND", None)
# The progress file of whoever runs the tests is none of their business.
_home = tempfile.TemporaryDirectory(prefix="gokit-tests-")
os.environ["GOKIT_HOME"] = _home.name
