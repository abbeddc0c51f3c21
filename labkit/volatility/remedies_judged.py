"""What each remedy gains on the test year, at the dose that validation chose."""

import numpy as np

from labkit.nets.ensembles import outputs
from labkit.report.intervals import block_bootstrap
from labkit.report.remedies import NONE, Judged, Tested, judgement
from labkit.report.results import study
from labkit.volatility.data import NYSE
from labkit.volatility.profile import Profile
from labkit.volatility.regularization import divided, regularization, trained
from labkit.volatility.significance import daily_losses, diebold_mariano
from labkit.volatility.stocks import stocks, tensors

SCORE = "R²"


@study("regression-remedies-judged")
def remedies_judged(data: NYSE, profile: Profile) -> Judged:
    """R² on the test year of the same stocks, blocks of whose days are resampled, seeds inside."""
    own = stocks(data, profile.remedy_symbols)
    test = own.open_test()
    panels = divided(own)
    sets = tensors(own, {**panels, "test": test})
    which = regularization(data, profile).chosen
    y = sets["test"].y.numpy()[:, 0]
    errors: dict[str, list[np.ndarray]] = {variant.remedy: [] for variant in which}
    for run in trained({name: sets[name] for name in panels}, which, profile):
        forecast = outputs(run.trained.model, sets["test"].X)[:, 0]
        errors[run.variant.remedy].append((y - forecast) ** 2)
    total, dates = (y - y.mean()) ** 2, test.index["date"]
    plain = np.stack(errors.pop(NONE))
    tested = []
    for remedy, squared in errors.items():
        cured = np.stack(squared)
        gain = block_bootstrap(
            plain - cured, total, dates, resamples=profile.bootstrap, seed=profile.seed
        )
        daily = daily_losses({"cured": cured.mean(axis=0), "plain": plain.mean(axis=0)}, dates)
        p_value = diebold_mariano(daily["cured"] - daily["plain"]).p_value
        r2 = [1 - float(own.mean(axis=0).sum() / total.sum()) for own in (plain, cured)]
        tested.append(Tested(SCORE, remedy, *r2, gain, p_value))
    return Judged(profile=profile.name, **judgement(tested))
