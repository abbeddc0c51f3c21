"""What each remedy gains on the held-out rows, at the dose that validation chose."""

import numpy as np
import torch

from labkit.failures.data import Maintenance
from labkit.failures.machines import machines
from labkit.failures.profile import Profile
from labkit.failures.regularization import divided, regularization, trained
from labkit.failures.resampling import RowBootstrap
from labkit.nets.ensembles import outputs
from labkit.report.remedies import NONE, Judged, Tested, judgement
from labkit.report.results import study

LOSS, SCORE = "cross-entropy", "macro-F1"


@study("classification-remedies-judged")
def remedies_judged(data: Maintenance, profile: Profile) -> Judged:
    """Cross-entropy and macro-F1 on the held-out rows, which are resampled, seeds inside."""
    rows = machines(data, profile.seed)
    X, y = rows.development_rows()
    test = rows.open_test()
    which = regularization(data, profile).chosen
    probabilities: dict[str, list[np.ndarray]] = {variant.remedy: [] for variant in which}
    for seed in range(profile.seed, profile.seed + profile.n_seeds):
        sets = divided(X, y, seed, test=test)
        for run in trained(sets, which, seed, profile):
            logits = torch.from_numpy(outputs(run.trained.model, sets["test"].X))
            probabilities[run.variant.remedy].append(torch.softmax(logits, dim=1).numpy())
    bootstrap = RowBootstrap(test[1], profile.n_seeds, profile.resamples, profile.seed)
    tested = []
    for measure, resampled, sign in (
        (LOSS, bootstrap.log_loss, -1),
        (SCORE, bootstrap.macro_f1, 1),
    ):
        before = resampled(probabilities[NONE])
        for remedy, own in probabilities.items():
            if remedy == NONE:
                continue
            after = resampled(own)
            gain = after - before if sign > 0 else before - after
            tested.append(
                Tested(measure, remedy, before.value, after.value, gain.interval, gain.p_value)
            )
    return Judged(profile=profile.name, **judgement(tested))
