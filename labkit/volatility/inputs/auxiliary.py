"""What else the days ahead will show: targets that a network learns beside the one it is for.

Learning related tasks together can better the one that counts (Caruana 1997).
"""

import numpy as np

from labkit.volatility.inputs.days import Days, Frames

REACH = 5
"""Trading days ahead of the furthest: an embargo must be as long, or longer."""


def auxiliary_targets(days: Days) -> Frames:
    """Tomorrow's volatility by other estimates, volume and return; volatility until day five."""
    size = days.returns.abs().clip(lower=1e-4)
    return {
        "rogers_satchell": days.log_rogers_satchell.shift(-1),
        "parkinson": days.log_parkinson.shift(-1),
        "volume_shock": days.volume_shock.shift(-1),
        "return_size": np.log(size).shift(-1),
        "log_vol_five_days": days.log_vol.rolling(5, min_periods=3).mean().shift(-REACH),
        "log_vol_in_two_days": days.log_vol.shift(-2),
    }
