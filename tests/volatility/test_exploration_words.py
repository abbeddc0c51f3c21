"""The sentences on the stock prices say what the data say, whichever way it goes."""

from types import SimpleNamespace

import made_up
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labkit.volatility.exploration import fundamentals, gaps, jumps, market, words


def moves(kinds):
    return pd.DataFrame(
        {
            "date": pd.Timestamp("2020-01-02"),
            "symbol": "AAA",
            "previous_close": 100.0,
            "open": 50.0,
            "change": -0.5,
            "volume": [9.0 if kind == "news" else 1.5 + i for i, kind in enumerate(kinds)],
            "looks_like": kinds,
        }
    )


def found(kinds):
    return jumps.unadjusted(moves(kinds))


def test_jumps_speak_of_adjustments_only_where_there_are_some():
    assert "Of the 2 largest moves, 1 happened" in words.jumps(found(["news", "other adjustment"]))
    assert words.jumps(found(["news"])).startswith("None of the 1")
    assert "1 of the 2 largest moves looks like" in words.jumps_lesson(
        found(["news", "other adjustment"])
    )


def test_an_unadjusted_move_is_told_with_its_volume_and_not_as_an_ordinary_day():
    one = made_up.text(words.jumps(found(["split", "news"])))
    assert (
        "with no rush to trade, at 1.5 times the usual volume, where the other moves had 9.0" in one
    )
    several = made_up.text(words.jumps(found(["split", "split", "other adjustment"])))
    assert "at 1.5 to 3.5 times the usual volume: they look like splits" in several


def shapes(raw, log):
    return market.Shapes(raw, 30.0, log, 0.1)


def test_the_logarithm_is_praised_only_if_it_helps():
    assert "close enough to a bell" in words.distributions(shapes(5.0, 0.3))
    assert "does not make it a bell" in words.distributions(shapes(0.2, -1.5))
    assert "no more symmetric" in words.distributions_lesson(shapes(0.2, -1.5))


def memories(log_return, log_vol):
    table = pd.DataFrame(
        {
            "quantity": ["log_return", "absolute_return", "log_vol"],
            "lag": 1,
            "median": [log_return, 0.1, log_vol],
        }
    )
    return market.memory(table)


def test_the_target_is_what_remembers_most():
    assert "log volatility remembers most" in words.why_this_target(memories(-0.02, 0.5))
    assert "25 times" in words.why_this_target(memories(-0.02, 0.5))
    assert "the return itself remembers most" in words.why_this_target(memories(0.9, 0.5))


def test_missing_tells_holes_from_late_starts():
    data = SimpleNamespace(prices=pd.DataFrame({"close": [1.0]}), fundamentals=None)
    coverage = pd.DataFrame([[1, 1], [0, 1], [0.5, 1]])
    text = words.missing(gaps.gaps(data, coverage))
    assert "1 of 3 stocks has every trading day, and 1 starts late; 1 lacks days in" in text
    assert "no annual statements" in text
    assert "every stock has every" in words.missing(gaps.gaps(data, coverage.iloc[:1]))


def test_tails_are_called_heavy_only_if_they_are():
    wild = np.random.default_rng(0).standard_t(3, 5000) / 100
    calm = np.random.default_rng(0).uniform(-1, 1, 5000) / 100

    def said(log_returns):
        days = pd.DataFrame(dict.fromkeys(market.DAILY_LABELS, log_returns))
        days = days.assign(date=pd.Timestamp("2020-01-02"), symbol="AAA")
        return words.returns(market.returns(market.described(days), days, moves(["news"])))

    assert "are heavier" in said(wild) and "no heavier" in said(calm)
    assert f"deviation of {wild.std(ddof=1):.2%}".replace("%", "\xa0%") in said(wild)


def test_the_kurtosis_is_told_with_and_without_the_moves_called_unadjusted():
    calm = np.random.default_rng(0).normal(0, 0.01, 2000)
    days = pd.DataFrame(dict.fromkeys(market.DAILY_LABELS, np.append(calm, -0.5)))
    days["date"] = pd.bdate_range("2012-01-02", periods=2001)
    days["symbol"] = "AAA"
    odd = pd.DataFrame({"date": days["date"].iloc[-1:], "symbol": "AAA", "looks_like": "split"})
    facts = market.returns(market.described(days), days, odd)
    assert facts.excess_kurtosis > 100 and facts.n_unadjusted == 1
    assert facts.kurtosis_without == pytest.approx(stats.kurtosis(calm))
    for said in (made_up.text(words.returns(facts)), made_up.text(words.tails_lesson(facts))):
        assert f"{facts.excess_kurtosis:,.1f}, and " in said
        assert "without the 1 move for which the prices look unadjusted" in said
    none = market.returns(market.described(days), days, odd.assign(looks_like="news"))
    assert none.n_unadjusted == 0 and "without" not in words.returns(none)
    assert none.kurtosis_without == pytest.approx(none.excess_kurtosis)


def survivors(ends, starts=("2010-01-04", "2010-01-04")):
    prices = pd.concat(
        pd.DataFrame({"date": pd.bdate_range(start, end), "symbol": name})
        for name, start, end in zip("AB", starts, ends, strict=True)
    )
    return market.survivors(SimpleNamespace(prices=prices))


def test_stocks_of_which_none_ever_leaves_are_called_survivors():
    found = survivors(["2012-01-31", "2012-01-31"], ["2010-01-04", "2011-01-03"])
    assert (found.n_stocks, found.to_the_end, found.whole) == (2, 2, 1)
    said = made_up.text(words.survivorship(found))
    assert "last day, 2012-01-31, and 1 of 2 stocks has every trading day since 2010-01-04" in said
    assert "traced back, not those of the beginning followed" in said
    left = made_up.text(words.survivorship(survivors(["2012-01-31", "2011-01-31"])))
    assert left.endswith("1 stock left before.") and "traced back" not in left


def test_the_columns_kept_are_named():
    securities = pd.DataFrame(columns=["symbol", "sector"])
    kept = market.kept_columns(SimpleNamespace(securities=securities))
    assert "Of the securities these are `symbol` and `sector`; their file" in words.kept(kept)
    assert words.kept(market.kept_columns(SimpleNamespace(securities=None))) == (
        "All columns are counted."
    )


def test_a_stormy_week_is_told_with_its_month():
    dates = pd.date_range("2015-01-01", periods=3, freq="MS")
    weeks = pd.DataFrame({"date": dates, "median": [20.0, 80.0, 10.0]})
    random = np.random.default_rng(0)
    days = pd.DataFrame(
        {"date": np.repeat(pd.bdate_range("2015-01-01", periods=300), 2),
         "symbol": ["A", "B"] * 300, "log_vol": np.repeat(random.normal(size=300), 2)}
    )  # fmt: skip
    text = words.clustering(market.weather(weeks, days)).replace("\xa0", " ")
    assert "highest in February 2015, at 80 % a year, and lowest in March 2015, at 10.0 %" in text
    assert "correlation of 1.00" in text


def test_groups_go_from_calm_to_wild():
    days = pd.DataFrame({"group": ["a", "b"] * 5, "log_vol": [-4.0, -3.0] * 5})
    text = words.groups(market.groups(days, "sector")).replace("\xa0", " ")
    assert "calmest sector is a" in text and "wildest b" in text
    assert "explains 100.0 % of the variance of log volatility; the rest of it" in text


def test_what_goes_with_tomorrow_is_named_by_rank():
    names = ["log_vol_1", "log_vol_5", "return_1", "target", "next_return"]
    matrix = pd.DataFrame(0.0, index=names, columns=names)
    matrix["target"] = [0.5, -0.6, 0.1, 1.0, 0.0]
    matrix["next_return"] = [0.01, 0.0, -0.03, 0.0, 1.0]
    text = words.correlations(market.companions(matrix))
    assert "*own log-volatility, mean of 5 days* (rank correlation −0.60)" in text
    assert "*own log-volatility, today* (0.50)" in text and "beyond 0.030 in size" in text


def test_the_span_and_what_is_absent_are_told():
    found = market.Span(1, 252, pd.Timestamp("2010-01-04"), pd.Timestamp("2010-12-31"))
    assert words.span(found).replace("\xa0", " ") == (
        "The prices are those of 1 stock on 252 trading days, from 2010-01-04 to 2010-12-31."
    )
    assert words.absent(()) == "The lab's three tables are all there."
    assert "have no fundamentals:" in words.absent(("fundamentals",))
    assert "no fundamentals and no securities" in words.absent(("fundamentals", "securities"))


def statement_gaps(**columns):
    data = SimpleNamespace(
        prices=pd.DataFrame({"close": [1.0]}), fundamentals=pd.DataFrame(columns)
    )
    return words.missing(gaps.gaps(data, pd.DataFrame([[1.0]]))).replace("\xa0", " ")


def test_the_emptiest_columns_of_the_statements_are_named():
    assert statement_gaps(a=[1, 2]).endswith("The annual statements have no blank.")
    one = statement_gaps(a=[1, None], b=[1, 2])
    assert "Of the 2 columns of the annual statements 1 has blanks: a, with 50.0 %." in one
    assert "most of them a and b, with 50.0 % each" in statement_gaps(a=[1, None], b=[None, 2])


def test_blanks_are_even_or_go_with_the_company():
    def said(most, least):
        return words.blanks_by_group(gaps.SpreadOfBlanks("Ratio", "Banks", most, "Mines", least))

    assert "blank in 30.0\xa0% of the statements of Banks and in 20.0" in said(0.3, 0.2)
    assert "spread over all groups" in said(0.3, 0.2)
    assert "goes with the kind of company" in said(0.9, 0.1)
    assert "cannot be asked" in words.blanks_by_group(None)


def test_without_a_forgotten_adjustment_the_lesson_says_so():
    assert words.jumps_lesson(found(["news", "news"])) == (
        "None of the 2 largest moves looks like a forgotten adjustment."
    )
    assert "2 of the 2 largest moves look like" in words.jumps_lesson(found(["split", "split"]))


RETURNS = (0.0005, 0.02, 40.0, 4, 0.01, 150.0)


def test_tails_are_compared_with_the_normal_in_the_lesson():
    def said(kurtosis):
        return words.tails_lesson(market.Returns(*RETURNS[:3], kurtosis, 0, kurtosis, *RETURNS[3:]))

    assert "have heavier tails" in said(9.0) and "0.050\xa0% to 2.00\xa0%" in said(9.0)
    assert "have no heavier tails" in said(-0.5)


def test_memory_is_told_at_a_day_and_later():
    table = pd.DataFrame(
        [(q, lag, m / lag) for q, m in (("log_return", -0.02), ("absolute_return", 0.2),
                                        ("log_vol", 0.6)) for lag in (1, 2)],
        columns=["quantity", "lag", "median"],
    )  # fmt: skip
    text = words.memory(market.memory(table))
    assert "of the return is −0.02, of its size 0.20, and of log volatility 0.60; 2 days" in text
    assert text.endswith("they are −0.01, 0.10 and 0.30.")


def returns_with_and_without(left_out, kurtosis):
    return pd.DataFrame(
        {"rows": ["all", "without"], "count": [1000, 1000 - left_out],
         "excess_kurtosis": [90.0, kurtosis], "far": [0.002, 0.001]}
    )  # fmt: skip


def test_tails_without_unadjusted_moves_are_told_as_what_is_left():
    usual = made_up.text(words.outliers(returns_with_and_without(3, 8.0)))
    assert "Leaving out 3 rows of 1,000 takes the excess kurtosis from 90.0 to 8.0" in usual
    assert "no error of the file" in usual
    assert "no heavier" in words.outliers(returns_with_and_without(3, -0.1))
    assert "both rows are the same" in words.outliers(returns_with_and_without(0, 90.0))


def test_a_ratio_is_told_by_mean_median_and_highest():
    told = made_up.text(words.ratios(fundamentals.Lopsided("After Tax ROE", 43.6, 16.0, 5789.0)))
    assert "it is 44 %, the median 16 % and the highest 5,789 %" in told
    assert "no annual statements" in words.ratios(None)


def test_an_estimate_is_told_by_how_much_closer_it_comes():
    spread = pd.DataFrame({"Mean": [1.0, 0.9], "Sd": [1.5, 0.5]}, index=["squared", "ranged"])
    told = made_up.text(words.estimators(spread))
    assert (
        "ranged estimate has a standard deviation of 0.50, that of the squared one of 1.50" in told
    )
    assert "9.0 times less" in told
