"""labkit: the library behind a literate deep-learning lab report.

The rooms, top to bottom; each imports only from those above it: ``config``, ``data``,
``splits``, ``features``, ``preprocessing``, ``imbalance``, ``mlp``, ``training``, ``stacked``,
``estimators``, ``progress``, ``search``, ``evaluation``, ``decision``, ``diagnostics``,
``alarms``, ``exploration``, ``results``, ``studies``, ``plots``, ``tables``, ``prose``, ``book``.

This file imports nothing, so that ``python -m labkit`` can run before anything is installed.
"""

__version__ = "0.1.0"
