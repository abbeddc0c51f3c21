"""Sentences about training: what the curves say, what tuning and regularization brought."""

import math

import pandas as pd

from labkit.failures.figures import SHORT_CLASSES
from labkit.nets.diagnostics import GAP, IMPROVEMENT, NOISE, RISE, Verdict, diagnose
from labkit.report.grids import best_mlp, hidden_label, mean_scores, paired_gains
from labkit.report.intervals import mean_interval
from labkit.report.sentence import NO_BREAK, Sentence, listing, number, percent


def verdict(judged: Verdict, model: str, held_out: str = "validation") -> Sentence:
    """What a pair of curves says about a model, with the figures that say it."""
    if judged.convergence == "diverged":
        if not math.isfinite(judged.train_loss + judged.held_out_loss):
            return Sentence(
                f"{model} **diverged**: at epoch {judged.epochs} its loss is no longer finite."
            )
        return Sentence(
            f"{model} **diverged**: its training loss ends at "
            f"{number(judged.train_loss, '.3g')} after {judged.epochs} epochs, worse than a "
            "constant prediction."
        )
    return Sentence(
        f"{model} **{judged.fit}**. {_fit_reason(judged, held_out)} "
        f"Training **{_convergence(judged)}** and is **{judged.stability}**: "
        f"{_convergence_reason(judged, held_out)}, and the {held_out} loss goes up and down by "
        f"{percent(judged.noise)} of it, on average "
        f"({'more' if judged.stability == 'noisy' else 'no more'} than {percent(NOISE, 0)})."
    )


def _fit_reason(judged: Verdict, held_out: str) -> str:
    end = (
        f"At epoch {judged.epochs} the training loss is {number(judged.train_loss, '.4f')} and "
        f"the {held_out} loss {number(judged.held_out_loss, '.4f')}"
    )
    if judged.fit == "overfits":
        reasons = []
        if judged.rise > RISE:
            reasons.append(
                f"the {held_out} loss was lowest at epoch {judged.best_epoch}, at "
                f"{number(judged.best_held_out_loss, '.4f')}, and has since risen by "
                f"{percent(judged.rise)} of what there was to learn"
            )
        if judged.gap > GAP:
            reasons.append(
                f"the two have parted by {percent(judged.gap)} of what there was to learn"
            )
        return f"{end}; {listing(reasons)}."
    if judged.fit == "underfits":
        return f"{end}, and neither is as low as it could be."
    return (
        f"{end}; in units of what there was to learn, they have parted by "
        f"{percent(max(0.0, judged.gap))}, and the {held_out} loss ends {percent(judged.rise)} "
        "above its lowest."
    )


def _convergence(judged: Verdict) -> str:
    return "has converged" if judged.convergence == "converged" else "still improves"


def _convergence_reason(judged: Verdict, held_out: str) -> str:
    return (
        f"the last quarter of the epochs lowered the best {held_out} loss by "
        f"{percent(judged.improvement)} of what there was to learn (the limit is "
        f"{percent(IMPROVEMENT, 0)})"
    )


def best_candidate(best: pd.Series, score: str) -> Sentence:
    """The winner of a grid search."""
    return Sentence(
        f"{best['optimizer'].upper() if best['optimizer'] == 'sgd' else _optimizer(best)} with a "
        f"learning rate of {best['learning_rate']:g}, hidden layers of "
        f"{hidden_label(best['hidden_sizes'])} units, batches of {best['batch_size']:,} and "
        f"{best['epochs']} epochs, with a mean {score} of "
        f"{number(best['mean_test_score'], '.4f')} over the folds "
        f"(standard deviation {number(best['std_test_score'], '.4f')})"
    )


def _optimizer(best: pd.Series) -> str:
    names = {"adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop"}
    return names.get(best["optimizer"], best["optimizer"])


def widest_axis(effects: pd.DataFrame) -> Sentence:
    """Which axis of the grid matters most, and which least, by the spread of the best scores.

    Axes with a single value are none.
    """
    effects = effects[effects.groupby("axis")["value"].transform("size") > 1]
    spread = effects.groupby("axis", sort=False)["best"].agg(lambda best: best.max() - best.min())
    most, least = spread.idxmax(), spread.idxmin()
    return Sentence(
        f"The choice that matters most is the {most.replace('_', ' ')}: between its values the "
        f"best score differs by {number(spread[most], '.4f')}. The one that matters least is the "
        f"{least.replace('_', ' ')}, with {number(spread[least], '.4f')}."
    )


def change(before: float, after: float, score: str, spec: str = ".4f") -> Sentence:
    """How a score moved, whichever way it moved."""
    moved = after - before
    text = f"from {number(before, spec)} to {number(after, spec)}"
    if number(before, spec) == number(after, spec):
        return Sentence(f"left the {score} at {number(after, spec)}")
    verb = "raised" if moved > 0 else "lowered"
    return Sentence(f"{verb} the {score} {text} (by {number(abs(moved), spec)})")


def regularization_effect(
    scores: pd.DataFrame, metric: str, label: str, spec: str = ".3f"
) -> Sentence:
    """Which regularization helped on validation, paired by seed with the model that has none."""
    gains = paired_gains(scores, "regularization", f"validation_{metric}", "none")
    always = [name for name in gains if (gains[name] > 0).all()]
    mean = gains.mean()
    best = mean.idxmax()
    _, low, high = mean_interval(gains[best])
    gain = (
        f"{number(mean[best], '+' + spec)} over {len(gains)} seeds "
        f"({_interval(low, high, '+' + spec)})"
    )
    gap = (
        scores.assign(gap=scores[f"train_{metric}"] - scores[f"validation_{metric}"])
        .groupby("regularization")["gap"]
        .mean()
    )
    winner = (
        f"The largest mean gain in {label} is that of **{best}**, {gain}"
        if mean[best] > 0
        else f"None raises the mean {label}; **{best}** comes closest, with {gain}"
    )
    helped = (
        f"better than no regularization at every seed: {listing(always)}"
        if always
        else "no regularization is better than none at every seed"
    )
    return Sentence(
        f"{winner}; {helped}. The gap between train and validation is "
        f"{number(gap['none'], spec)} without regularization and {number(gap[best], spec)} with "
        f"{best}."
    )


def difference_interval(row: pd.Series) -> Sentence:
    """One model against one baseline, and whether the interval leaves zero out."""
    sure = row["low"] > 0 or row["high"] < 0
    better = "better" if row["difference"] > 0 else "worse"
    end = "leaves zero out" if sure else "includes zero, so the order could be chance"
    return Sentence(
        f"{row['model']} is {better} than {row['baseline']} by "
        f"{number(abs(row['difference']), '.4f')} in R², and the interval from "
        f"{number(row['low'], '.4f')} to {number(row['high'], '.4f')} {end}"
    )


def hardest_classes(per_class: pd.DataFrame) -> Sentence:
    """The classes a model finds, and those it misses, by F1."""
    f1 = per_class.set_index("class")["f1"]
    shown = [f"{SHORT_CLASSES[name].lower()} ({number(f1[name], '.2f')})" for name in f1.index]
    found = [text for name, text in zip(f1.index, shown, strict=True) if f1[name] >= 0.5]
    missed = [text for name, text in zip(f1.index, shown, strict=True) if f1[name] < 0.5]
    parts = [f"found, with an F1 of one half or more: {listing(found)}"] if found else []
    parts += [f"mostly missed: {listing(missed)}"] if missed else ["none is mostly missed"]
    return Sentence("; ".join(parts))


def balancing_effect(scores: pd.DataFrame, per_class: pd.DataFrame) -> Sentence:
    """What balancing buys and costs, strategy by strategy, against the rows as they are."""
    mean = scores.groupby("strategy", sort=False)[["macro_f1", "macro_recall", "log_loss"]].mean()
    recall = per_class[per_class["class"] != "No Failure"].groupby("strategy")["recall"].mean()
    precision = (
        per_class[per_class["class"] != "No Failure"].groupby("strategy")["precision"].mean()
    )
    others = mean.drop(index="none")
    best = mean["macro_f1"].idxmax()
    caught = recall.drop(index="none").idxmax()
    better = [
        name for name in others.index if others.loc[name, "macro_f1"] > mean.loc["none", "macro_f1"]
    ]
    gain = (
        f"{listing(better)} raise{'s' if len(better) == 1 else ''} the macro-F1 above the "
        f"{number(mean.loc['none', 'macro_f1'], '.3f')} of unbalanced training"
        if better
        else "no strategy raises the macro-F1 above the "
        f"{number(mean.loc['none', 'macro_f1'], '.3f')} of unbalanced training"
    )
    return Sentence(
        f"The best macro-F1, {number(mean.loc[best, 'macro_f1'], '.3f')}, comes from **{best}**; "
        f"{gain}. The failures' mean recall goes from {number(recall['none'], '.2f')} to "
        f"{number(recall[caught], '.2f')} with **{caught}**, and their mean precision from "
        f"{number(precision['none'], '.2f')} to {number(precision[caught], '.2f')}; the log loss "
        f"goes from {number(mean.loc['none', 'log_loss'], '.3f')} to "
        f"{number(mean.loc[caught, 'log_loss'], '.3f')}."
    )


def textbook(scores: pd.DataFrame) -> Sentence:
    """Why the first two targets are not worth a network."""
    close, change_, volatility = (
        scores.set_index("target").loc[name]
        for name in ("same-day close", "next-day return", "next-day log-volatility")
    )
    best = max(change_["naive_r2"], _best_model(change_))
    return Sentence(
        "The same-day close is its own forecast: the day's open, which no model made, already has "
        f"an R² of {number(close['naive_r2'], '.4f')}, and least squares "
        f"{number(close['linear_r2'], '.4f')}. That says that prices lie far apart, not that "
        "anything was predicted. For tomorrow's return the best of the three has "
        f"{number(best, '.4f')}, {_about_nothing(best)}. For tomorrow's "
        f"volatility, today's value has {number(volatility['naive_r2'], '.3f')} and the better "
        f"model {number(_best_model(volatility), '.3f')}: here is "
        f"{'something' if _best_model(volatility) > 0.05 else 'hardly anything'} to learn."
    )


def textbook_lesson(scores: pd.DataFrame) -> Sentence:
    """The textbook target in one sentence."""
    by_target = scores.set_index("target")
    naive = by_target.loc["same-day close", "naive_r2"]
    return Sentence(
        f"A forecast that knows nothing has an R² of {number(naive, '.4f')} on the same-day close; "
        f"the best model has {number(_best_model(by_target.loc['next-day return']), '.4f')} on the "
        f"next return and {number(_best_model(by_target.loc['next-day log-volatility']), '.3f')} "
        "on the next volatility."
    )


def _best_model(row: pd.Series) -> float:
    return max(row["linear_r2"], row["mlp_r2"])


def _about_nothing(r2: float) -> str:
    return "next to nothing" if r2 < 0.01 else "which is more than one should believe"


def verdict_in_short(judged: Verdict, model: str) -> Sentence:
    """A verdict in a clause."""
    if judged.convergence == "diverged":
        return Sentence(f"{model} diverged")
    return Sentence(
        f"{model} {judged.fit} and {_convergence(judged)}; its held-out loss was lowest at epoch "
        f"{judged.best_epoch} of {judged.epochs}"
    )


def verdicts(curves: pd.DataFrame, constant: pd.DataFrame) -> pd.DataFrame:
    """The verdict of each regularization, from its curves averaged over seeds.

    Averages stop at the last epoch that every seed reached.
    """
    rows = []
    for name, own in curves.groupby("regularization", sort=False):
        shared = own.groupby("seed")["epoch"].max().min()
        mean = own[own["epoch"] <= shared].groupby("epoch", as_index=False).mean(numeric_only=True)
        rows.append({"regularization": name, **vars(diagnose(mean, constant.iloc[0]))})
    return pd.DataFrame(rows)


def score_of(scores: pd.DataFrame, model: str, score: str, on: str = "test") -> float:
    """One score of one model on one set."""
    row = scores[(scores["model"] == model) & (scores["set"] == on)]
    return float(row[score].iloc[0])


def best_model(scores: pd.DataFrame, score: str, label: str) -> Sentence:
    """The best model of all and, where it is another, the best that is no MLP."""
    test = scores[scores["set"] == "test"].set_index("model")[score]
    baselines = test[~test.index.str.startswith("MLP")]
    best, rival = test.idxmax(), baselines.idxmax()
    text = f"the best model is {best} with an {label} of {number(test[best], '.4f')}"
    if best != rival:
        text += f", before {rival}, the best baseline, with {number(test[rival], '.4f')}"
    else:
        mlps = test[test.index.str.startswith("MLP")]
        text += f"; the best MLP is {mlps.idxmax()} with {number(mlps.max(), '.4f')}"
    return Sentence(text)


def regression_outcome(scores: pd.DataFrame, differences: pd.DataFrame) -> Sentence:
    """The test year in three sentences: the best, its margins, the first model's place."""
    test = scores[scores["set"] == "test"].set_index("model")["r2"]
    best = best_on_validation(scores)
    rows = differences[differences["model"] == best]
    margins = listing([_margin(row) for _, row in rows.iterrows()])
    return Sentence(
        f"Of the MLPs, **{best}** did best on the validation year; on the test year it has an R² "
        f"of {number(test[best], '.4f')}. Against the baselines: {margins}."
    )


def best_on_validation(scores: pd.DataFrame) -> str:
    """The MLP to present: chosen by validation R², so that the test year stays a judge."""
    r2 = scores[scores["set"] == "validation"].set_index("model")["r2"]
    return r2[r2.index.str.startswith("MLP")].idxmax()


def _margin(row: pd.Series) -> str:
    sure = "" if row["low"] > 0 or row["high"] < 0 else ", an interval that includes zero"
    return (
        f"{number(row['difference'], '+.3f')} against {row['baseline']} "
        f"({number(row['low'], '+.3f')} to {number(row['high'], '+.3f')}{sure})"
    )


def classification_outcome(scores: pd.DataFrame, blocks: pd.DataFrame) -> Sentence:
    """The out-of-fold table in words: best, floor, ceiling, and what blocks of time change."""
    means = mean_scores(scores, "macro_f1").set_index("model")
    mlp = best_mlp(scores, "macro_f1")
    learned = means.drop(index=["rule oracle", "majority class"])
    others = learned[~learned.index.str.startswith("MLP")]
    rival = others["macro_f1"].idxmax()
    accuracy = scores.groupby("model")["accuracy"].mean()
    in_blocks = blocks.set_index("model").loc[mlp, "macro_f1"]
    order = "above" if means.loc[mlp, "macro_f1"] > means.loc[rival, "macro_f1"] else "below"
    gains = paired_gains(scores, "model", "macro_f1", rival, by="repeat")[mlp]
    return Sentence(
        f"The best MLP, **{mlp}**, has a macro-F1 of {number(means.loc[mlp, 'macro_f1'], '.3f')} "
        f"({_interval(means.loc[mlp, 'low'], means.loc[mlp, 'high'])}), {order} {rival}, the best "
        f"of the other learners, with {number(means.loc[rival, 'macro_f1'], '.3f')}. "
        f"{_paired(*mean_interval(gains))} The majority class has "
        f"{number(means.loc['majority class', 'macro_f1'], '.3f')} and the rule oracle "
        f"{number(means.loc['rule oracle', 'macro_f1'], '.3f')}. Its accuracy of "
        f"{number(accuracy[mlp], '.4f')} stands beside the majority class's "
        f"{number(accuracy['majority class'], '.4f')}. When folds are blocks of time instead, its "
        f"macro-F1 is {number(in_blocks, '.3f')}."
    )


def _interval(low: float, high: float, spec: str = ".3f") -> str:
    return f"95{NO_BREAK}% interval {number(low, spec)} to {number(high, spec)}"


def _paired(gain: float, low: float, high: float) -> str:
    sure = "" if low > 0 or high < 0 else ", which includes zero, so the order could be chance"
    return (
        f"Over the same folds the two differ by {number(gain, '+.4f')} "
        f"({_interval(low, high, '+.4f')}{sure})."
    )


def two_searches(candidates: pd.DataFrame, seconds: pd.DataFrame) -> Sentence:
    """How far apart the scores of both searches lie, and how long each took."""
    apart = (candidates["scikit_learn"] - candidates["stacked"]).abs().max()
    took = seconds.set_index("search")["seconds"]
    same = candidates["scikit_learn"].idxmax() == candidates["stacked"].idxmax()
    faster = took["scikit-learn"] / took["stacked"]
    return Sentence(
        f"The scores differ by at most {number(apart, '.1e')}, and the winner is "
        f"{'the same' if same else 'another'}. On this grid, one process each, scikit-learn's "
        f"search took {number(took['scikit-learn'], '.1f')} seconds and the stacked one "
        f"{number(took['stacked'], '.1f')}: a factor of {number(faster, '.1f')}, which grows with "
        "the number of candidates that share a stack."
    )


def ablation(scores: pd.DataFrame, metric: str, label: str, spec: str = ".3f") -> Sentence:
    """Which part of a recipe is worth most, and which nothing."""
    means = scores.groupby("left_out", sort=False)[metric].mean()
    parts = means[~means.index.str.startswith("nothing")]
    loss = means["nothing"] - parts
    idle = [name for name in parts.index if loss[name] <= 0]
    averaged = means.get("nothing, seeds averaged")
    text = (
        f"The part worth most is {loss.idxmax()}: without it the {label} falls by "
        f"{number(loss.max(), spec)}."
        if loss.max() > 0
        else f"No part alone raises the {label}."
    )
    if idle:
        verb = "does" if len(idle) == 1 else "do"
        text += f" By itself, {listing(idle)} {verb} not pay here."
    if averaged is not None:
        text += f" Averaging seeds changes it by {number(averaged - means['nothing'], '+' + spec)}."
    return Sentence(text)


def doses(scores: pd.DataFrame, metric: str, label: str, spec: str = ".3f") -> Sentence:
    """The best dose of each remedy on validation, beside none."""
    texts = []
    for remedy, own in scores.groupby("remedy", sort=False):
        means = own.groupby("dose")[f"validation_{metric}"].mean()
        best, name = means.idxmax(), remedy.replace("_", " ")
        texts.append(
            f"of {name}, {best:g} does best, with {number(means[best], spec)} against "
            f"{number(means.loc[0.0], spec)} without"
            if best > 0
            else f"no dose of {name} does better than none ({number(means.loc[0.0], spec)})"
        )
    return Sentence(f"By mean validation {label}: {'; '.join(texts)}.")
