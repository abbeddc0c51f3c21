"""AI4I 2020 again: the machine data's generating process, for any number of rows.

The process is UCI's description of data set 601 (S. Matzka 2020). Where that text leaves a
quantity open, or the published file does not follow it, the file decides; each constant below says
which of the two it is from. Rows are in time order, as in the file.
"""

import numpy as np
import pandas as pd

from labkit.failures.rules import (
    FAILURE_TYPES,
    LABEL_PRIORITY,
    TEMPERATURE_DECIMALS,
    heat_dissipation_rule,
    label,
    overstrain_rule,
    power_rule,
)

ROWS = 10_000
"""Rows of the published file, and of one campaign: the stretch over which a walk is normalised."""

SEED = 824
"""The default seed, chosen among 3,000 for its likeness to the file: the number of heat dissipation
failures and the spread of the process temperature hang on how two random walks happen to run, and
over seeds go from none to two hundred and from 1.3 to 2.9 K. No other quantity needs the choice."""

TYPE_SHARES = {"L": 0.6, "M": 0.3, "H": 0.1}
"""Product types. From the file; the text has 50, 30 and 20 %."""

WEAR_STEP = {"L": 2, "M": 3, "H": 5}
"""Minutes of tool wear that making one product adds. From the text."""

AIR_MEAN, AIR_SD = 300.0, 2.0
"""Air temperature in K: a random walk brought to this mean and standard deviation. Text."""

PROCESS_OFFSET, PROCESS_SD = 10.0, 1.0
"""Process temperature over air temperature in K: another such walk. Text."""

TORQUE_MEAN, TORQUE_SD = 40.0, 10.0
"""Torque in Nm: normal, without negative values. Text."""

SPEED_BASE, SPEED_POWER, SPEED_SD = 1_000.0, 20_000.0, 50.0
"""Speed in rpm is ``SPEED_BASE + SPEED_POWER / torque`` and normal noise of ``SPEED_SD``.

A least-squares fit to the file gives 1,000.06, 19,989 and 50.2 above 15 Nm. The text derives speed
"from a power of 2,860 W", which alone would be 683 rpm at 40 Nm; the file has 1,500.
"""

LOW_TORQUE, TOP_SPEED, SPEED_DROP = 11.5, 3_000.0, 30.0
"""Below ``LOW_TORQUE`` Nm speed is ``TOP_SPEED − SPEED_DROP · torque``, with no noise. File."""

TOOL_LIFE = (200.0, 240.0)
"""Minutes of wear between which a tool fails or is replaced, at a random time. Text.

Two clocks run, each uniform in this range, and the first to ring ends the tool: so the mean life is
215 min and about 120 tools are used in 10,000 rows, as in the file (215.7 min, 120 tools). One
clock would give 221 min and 117 tools. In the file, a few tools go at 198 or after 240 min.
"""

TOOL_FAILS = 51 / 120
"""Share of tools that end in a failure; the others are replaced in time. Text: 51 of 120."""

RANDOM_FAILURE = 0.001
"""Probability of a random failure in any row. Text."""

UNEXPLAINED_TARGET = 9 / 9652
"""Probability that a row with no failure says ``target`` 1. File: 9 of 9,652 rows do, with nothing
in them that explains it."""

PRODUCT_NUMBER = {"L": 47_179, "M": 14_859, "H": 29_413}
"""What is added to the row number to make the number in a product's name. File."""


def simulate(
    rows: int = ROWS, seed: int = SEED, decimals: int | None = TEMPERATURE_DECIMALS
) -> pd.DataFrame:
    """Machine rows drawn from the process, in time order.

    More rows than `ROWS` are several campaigns, one after the other: equal in length, each with
    temperatures of its own that have the stated mean and standard deviation.

    Parameters
    ----------
    rows : int
        How many.
    seed : int
        The same seed gives the same rows.
    decimals : int or None
        To which the temperatures' difference is rounded before rows are labelled; see
        `labkit.failures.rules.heat_dissipation_rule`.

    Returns
    -------
    DataFrame, shape (rows, 10)
        The columns of `labkit.failures.data.Maintenance`: temperatures in K and torque in Nm to one
        decimal, speed in rpm and tool wear in min as whole numbers.

    Raises
    ------
    ValueError
        When ``rows`` is less than 2: one row has no standard deviation.
    """
    if rows < 2:
        raise ValueError(f"rows is {rows}; a simulation needs at least 2.")
    rng = np.random.default_rng(seed)
    kinds = rng.choice(list(TYPE_SHARES), size=rows, p=list(TYPE_SHARES.values()))
    air, process = _temperatures(rng, rows)
    torque, speed = _torque_and_speed(rng, rows)
    wear, tool_failed = _tool_wear(rng, kinds)
    number = np.arange(1, rows + 1)
    frame = pd.DataFrame(
        {
            "udi": number,
            "product_id": [
                f"{k}{PRODUCT_NUMBER[k] + n}" for k, n in zip(kinds, number, strict=True)
            ],
            "type": kinds,
            "air_temperature": air,
            "process_temperature": process,
            "rotational_speed": speed,
            "torque": torque,
            "tool_wear": wear,
        }
    ).astype({"type": "str", "product_id": "str"})
    return frame.assign(**_labels(rng, frame, tool_failed, decimals))


def failure_probabilities(
    frame: pd.DataFrame, decimals: int | None = TEMPERATURE_DECIMALS
) -> np.ndarray:
    """Each row's class probabilities under the process, given what the row records.

    Heat dissipation, power and overstrain follow from the row. A tool wear failure happens where
    the tool ends in this row (`tool_end_probability`) and fails rather than being replaced
    (`TOOL_FAILS`). A random failure has its constant probability. Where several failures hold,
    the label is the one of `labkit.failures.rules.LABEL_PRIORITY`.

    A row is taken by itself: that the next row starts at wear 0, which gives the end of the tool
    away, is not looked at. Exact for `simulate`; for the published file as near as its constants.

    Parameters
    ----------
    frame : DataFrame, shape (rows, columns)
        With the six recorded features: type, both temperatures, speed, torque and tool wear.
    decimals : int or None
        To which the temperatures' difference is rounded; see
        `labkit.failures.rules.heat_dissipation_rule`.

    Returns
    -------
    ndarray, shape (rows, 6)
        Columns in the order of `FAILURE_TYPES`; each row sums to 1.
    """
    chance = {
        "Power Failure": power_rule(frame).to_numpy(dtype=float),
        "Heat Dissipation Failure": heat_dissipation_rule(frame, decimals).to_numpy(dtype=float),
        "Tool Wear Failure": TOOL_FAILS * tool_end_probability(frame["tool_wear"].to_numpy()),
        "Overstrain Failure": overstrain_rule(frame).to_numpy(dtype=float),
        "Random Failures": np.full(len(frame), RANDOM_FAILURE),
    }
    probabilities = np.zeros((len(frame), len(FAILURE_TYPES)))
    left = np.ones(len(frame))
    for name in LABEL_PRIORITY:
        probabilities[:, FAILURE_TYPES.index(name)] = left * chance[name]
        left = left * (1 - chance[name])
    probabilities[:, FAILURE_TYPES.index("No Failure")] = left
    return probabilities


def tool_end_probability(tool_wear: np.ndarray) -> np.ndarray:
    """Probability that a tool seen at this wear (min) ends in this row; shape ``(rows,)``.

    With S(w) the probability of a life beyond w, and the last product's step d of unknown type:
    1 − S(w) / Σ_d share_d · S(w − d), since each wear is visited about equally often.

    >>> tool_end_probability(np.array([100, 200, 220, 240])).round(3)
    array([0.   , 0.   , 0.218, 1.   ])
    """
    wear = np.asarray(tool_wear, dtype=float)
    before = sum(
        share * _life_exceeds(wear - WEAR_STEP[kind]) for kind, share in TYPE_SHARES.items()
    )
    after = _life_exceeds(wear)
    # Beyond the longest life and its last step, a tool is not seen: call it ended.
    survives = np.divide(after, before, out=np.zeros_like(after), where=before > 0)
    return np.maximum(0.0, 1 - survives)


def _life_exceeds(wear: np.ndarray) -> np.ndarray:
    """Probability that neither of the two clocks of `TOOL_LIFE` has rung at this wear."""
    shortest, longest = TOOL_LIFE
    return np.clip((longest - wear) / (longest - shortest), 0, 1) ** 2


def _temperatures(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Air and process temperature in K, to 0.1 K."""
    campaigns = -(-rows // ROWS)
    air, process = [], []
    for part in np.array_split(np.arange(rows), campaigns):
        air.append(AIR_MEAN + AIR_SD * _walk(rng, len(part)))
        process.append(air[-1] + PROCESS_OFFSET + PROCESS_SD * _walk(rng, len(part)))
    return np.concatenate(air).round(1), np.concatenate(process).round(1)


def _walk(rng: np.random.Generator, rows: int) -> np.ndarray:
    """A random walk brought to mean 0 and standard deviation 1."""
    walk = np.cumsum(rng.standard_normal(rows))
    return (walk - walk.mean()) / walk.std()


def _torque_and_speed(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Torque in Nm, to 0.1 Nm, and speed in whole rpm."""
    torque = rng.normal(TORQUE_MEAN, TORQUE_SD, size=rows).round(1)
    while (negative := torque <= 0).any():
        torque[negative] = rng.normal(TORQUE_MEAN, TORQUE_SD, size=negative.sum()).round(1)
    speed = SPEED_BASE + SPEED_POWER / torque + rng.normal(0, SPEED_SD, size=rows)
    speed = np.where(torque < LOW_TORQUE, TOP_SPEED - SPEED_DROP * torque, speed)
    return torque, speed.round().astype(np.int64)


def _tool_wear(rng: np.random.Generator, kinds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wear in min before each product is made, and whether the tool fails in that row."""
    steps = np.array([WEAR_STEP[kind] for kind in kinds])
    total = np.concatenate([[0], np.cumsum(steps)[:-1]])
    wear = np.empty(len(kinds), dtype=np.int64)
    failed = np.zeros(len(kinds), dtype=bool)
    first = 0
    while first < len(kinds):
        life = rng.uniform(*TOOL_LIFE, size=2).min()
        fails = rng.random() < TOOL_FAILS
        last = np.searchsorted(total, total[first] + life)
        wear[first : last + 1] = total[first : last + 1] - total[first]
        if last < len(kinds):
            failed[last] = fails
        first = last + 1
    return wear, failed


def _labels(
    rng: np.random.Generator, frame: pd.DataFrame, tool_failed: np.ndarray, decimals: int | None
) -> dict:
    """The columns target and failure_type, with the published file's two contradictions."""
    flags = pd.DataFrame(
        {
            "Power Failure": power_rule(frame),
            "Heat Dissipation Failure": heat_dissipation_rule(frame, decimals),
            "Tool Wear Failure": tool_failed,
            "Overstrain Failure": overstrain_rule(frame),
            "Random Failures": rng.random(len(frame)) < RANDOM_FAILURE,
        }
    )
    failed = flags.drop(columns="Random Failures").any(axis=1)
    unexplained = ~flags.any(axis=1) & (rng.random(len(frame)) < UNEXPLAINED_TARGET)
    return {"target": (failed | unexplained).astype(np.int64), "failure_type": label(flags)}
