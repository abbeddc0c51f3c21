"""What takes hours, and is run by ``make soak`` alone."""

import os

collect_ignore_glob = [] if os.environ.get("LABKIT_SOAK") else ["test_*.py"]
