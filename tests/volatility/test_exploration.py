"""What the exploratory chapters measure: known answers on rows made for the purpose."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from labkit.volatility.exploration import gaps, jumps, market


def flat_prices(symbol="AAA", days=100, start="2020-01-01", close=100.0):
    """A stock whose every day opens and closes at ``close``, one dollar of range either side."""
    return pd.DataFrame(
        {
            "date": pd.bdate_range(start, periods=days),
            "symbol": symbol,
            "open": close,
            "high": close + 1,
            "low": close - 1,
            "close": close,
            "volume": 1000.0,
        }
    )


def scaled(prices, day, factor, columns=("open", "high", "low", "close")):
    """Prices from the day on, times a factor."""
    prices = prices.copy()
    prices.loc[day:, list(columns)] *= factor
    return prices


def test_no_return_crosses_from_one_stock_to_the_next():
    days = market.daily(pd.concat([flat_prices("BBB", close=7), flat_prices("AAA")]))
    assert days.groupby("symbol")["log_return"].first().eq(0).all()
    assert days.groupby("symbol").head(1)["log_return"].isna().all()


def test_a_daily_return_is_the_night_plus_the_day():
    prices = scaled(flat_prices(), 50, 1.1)
    prices.loc[50, "close"] *= 1.05
    prices["high"] = prices[["high", "close"]].max(axis=1)
    day = market.daily(prices).loc[50]
    assert day["overnight"] == pytest.approx(np.log(1.1))
    assert day["log_return"] == pytest.approx(np.log(1.1 * 1.05))


def test_a_split_on_an_ordinary_day_is_told_from_news():
    split = scaled(flat_prices("SPL"), 80, 0.5)
    news = scaled(flat_prices("NEW"), 80, 0.5)
    news.loc[80, "volume"] *= 10
    spin_off = scaled(flat_prices("SPN"), 80, 0.7)
    table = jumps.largest_jumps(market.daily(pd.concat([split, news, spin_off])), n=3)
    looks = table.set_index("symbol")["looks_like"]
    assert looks["SPL"] == "split"
    assert looks["SPN"] == "other adjustment"
    assert looks["NEW"] == "news"
    assert table.set_index("symbol").loc["NEW", "volume"] == pytest.approx(10)


def test_a_move_within_the_day_is_no_split():
    prices = scaled(flat_prices(), 81, 0.5)
    prices.loc[80, ["low", "close"]] *= 0.5
    table = jumps.largest_jumps(market.daily(prices), n=1)
    assert table["date"].item() == prices["date"][80]
    assert table["looks_like"].item() == "news"


def test_autocorrelation_of_a_decaying_series_decays_at_its_rate():
    random = np.random.default_rng(0)
    x = np.zeros((20_000, 1))
    for t in range(1, len(x)):
        x[t] = 0.8 * x[t - 1] + random.normal()
    assert market.autocorrelation(x, 3).ravel() == pytest.approx([0.8, 0.64, 0.512], abs=0.03)


def test_autocorrelation_leaves_blanks_out():
    x = np.tile([1.0, -1.0], 200).reshape(-1, 1)
    x[::7] = np.nan
    assert market.autocorrelation(x, 2).ravel() == pytest.approx([-1, 1], abs=0.02)


def test_coverage_is_zero_before_a_stock_starts_and_late_stocks_stand_last():
    early = flat_prices("ZZZ", days=60)
    late = flat_prices("AAA", days=30, start="2020-02-12")
    table = gaps.coverage(pd.concat([late, early]))
    assert list(table.index) == ["ZZZ", "AAA"]
    assert table.loc["AAA"].iloc[0] == 0
    assert table.loc["ZZZ"].eq(1).all()
    assert 0 < table.loc["AAA"].iloc[1] < 1


def test_missing_counts_blanks_and_is_empty_without_a_table():
    frame = pd.DataFrame({"full": [1, 2, 3, 4], "some": [1, None, 3, None]})
    assert gaps.missing(frame).to_dict("records") == [
        {"column": "some", "missing": 2, "share": 0.5}
    ]
    assert gaps.missing(None).empty


def test_blanks_by_group_goes_by_sector():
    securities = pd.DataFrame({"symbol": ["A", "B"], "sector": ["Banks", "Mines"]})
    statements = pd.DataFrame({"symbol": ["A", "A", "B"], "Ratio": [None, None, 1.0]})
    data = SimpleNamespace(fundamentals=statements, securities=securities)
    found = gaps.blanks_by_group(data)
    assert (found.column, found.most, found.least) == ("Ratio", "Banks", "Mines")
    assert (found.most_share, found.least_share) == (1.0, 0.0) and not found.is_even
    assert gaps.blanks_by_group(SimpleNamespace(fundamentals=None, securities=None)) is None


@pytest.mark.parametrize(
    ("sectors", "kind"),
    [
        (["Banks", "Mines"], "sector"),
        (["Banks", "Banks"], "stock"),
        (["Banks", "Banks", "Mines"], "stock"),  # that of the mine, which has no prices
    ],
)
def test_one_sector_alone_is_no_grouping(sectors, kind):
    securities = pd.DataFrame({"symbol": ["A", "B", "Z"][: len(sectors)], "sector": sectors})
    rows = pd.DataFrame({"symbol": ["A", "B", "C"]})
    found, named = market.grouped(rows, securities)
    assert named == kind
    assert found["group"].iloc[2] == ("unknown" if kind == "sector" else "C")


def test_group_explains_all_or_nothing():
    frame = pd.DataFrame({"group": list("aabb"), "x": [1.0, 1.0, 2.0, 2.0], "y": [1.0, 2.0] * 2})
    assert market.explained_by_group(frame, "x") == pytest.approx(1)
    assert market.explained_by_group(frame, "y") == pytest.approx(0)


def test_tails_of_a_normal_sample_are_those_of_the_normal():
    table = market.tails(pd.Series(np.random.default_rng(0).normal(size=200_000)))
    three = table.set_index("multiple").loc[3]
    assert three["observed"] == pytest.approx(three["normal"], rel=0.15)


def test_examples_are_stocks_that_are_there():
    assert market.example_symbols(["MSFT", "ZZZ", "AAA", "IBM"]) == ["IBM", "MSFT", "AAA"]
    assert market.example_symbols(["ONE"]) == ["ONE"]


# What the files hold.


def nyse(prices, fundamentals=None, securities=None):
    return SimpleNamespace(prices=prices, fundamentals=fundamentals, securities=securities)


TWO_STOCKS = pd.concat([flat_prices("AAA", days=10), flat_prices("BBB", days=4)])
COMPANIES = pd.DataFrame({"symbol": ["AAA", "BBB", "NIL"], "sector": ["Banks", "Mines", "Rails"]})


def test_the_span_is_that_of_all_stocks_together():
    found = market.span(nyse(TWO_STOCKS))
    assert (found.n_stocks, found.n_days) == (2, 10)
    assert (found.first, found.last) == (pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-14"))


def test_tables_that_are_there_are_counted_and_the_others_named():
    data = nyse(TWO_STOCKS, securities=COMPANIES)
    table = market.contents(data).set_index("table")
    assert list(table.index) == ["prices", "securities"]
    assert table.loc["prices", ["rows", "columns", "names"]].tolist() == [14, 7, 2]
    assert market.absent_tables(data) == ("fundamentals",)
    assert market.absent_tables(nyse(TWO_STOCKS)) == ("fundamentals", "securities")


def test_quirks_are_counted_each_with_an_example():
    prices = TWO_STOCKS.reset_index(drop=True)
    prices.loc[3, "volume"] = 0
    days = market.daily(prices)
    days.loc[5, "log_vol"] = np.nan
    statements = pd.DataFrame({"symbol": ["AAA", "BBB"], "For Year": [2013.0, 1215.0]})
    table = jumps.quirks(nyse(prices, statements, COMPANIES), days).set_index("quirk")
    assert table["rows"].to_dict() == {
        "days with no volume": 1,
        "days too flat for a volatility": 1,
        "stocks without the full history": 1,
        "securities without prices": 1,
        "statements with an impossible fiscal year": 1,
    }
    assert table["example"].tolist() == [
        "AAA, 2020-01-06", "AAA, 2020-01-08", "BBB, 2020-01-01", "NIL", "BBB",
    ]  # fmt: skip


def test_a_quirk_of_a_table_that_is_not_there_is_not_looked_for():
    prices = flat_prices()
    table = jumps.quirks(nyse(prices), market.daily(prices))
    assert len(table) == 3 and table["rows"].eq(0).all() and table["example"].isna().all()


def test_the_largest_forgotten_adjustment_is_shown():
    moves = pd.DataFrame(
        {"date": pd.bdate_range("2020-01-01", periods=3), "symbol": ["A", "B", "C"], "open": 1.0,
         "previous_close": 2.0, "change": [0.9, 0.25, -0.5],
         "volume": [3.0, 1.0, 1.2],
         "looks_like": ["news", "other adjustment", "split"]}
    )  # fmt: skip
    found = jumps.unadjusted(moves)
    assert (found.n_moves, found.n_unadjusted, found.symbol) == (3, 2, "C")


# Groups and the market.


def test_groups_are_compared_by_margin_or_else_by_return():
    statements = pd.DataFrame({"symbol": ["AAA"], "Profit Margin": [12.0]})
    frame, label = market.second_quantity(nyse(TWO_STOCKS, statements), pd.DataFrame())
    assert label == "Profit margin [%]" and frame["value"].tolist() == [12]
    days = pd.DataFrame({"symbol": ["AAA", "BBB"], "log_return": [0.01, -0.02]})
    frame, label = market.second_quantity(nyse(TWO_STOCKS), days)
    assert label == "Daily return [%]" and frame["value"].tolist() == [1, -2]
    assert list(frame) == ["symbol", "value"]


def test_the_market_is_a_mean_of_the_last_five_days():
    days = pd.DataFrame(
        {"date": np.repeat(pd.bdate_range("2020-01-01", periods=6), 11),
         "volatility": np.tile(np.arange(0.0, 110, 10), 6)}
    )  # fmt: skip
    days.loc[days["date"] == days["date"].max(), "volatility"] += 50
    found = market.market_volatility(days)
    assert found.loc[0, ["q10", "median", "q90"]].tolist() == [10, 50, 90]
    assert found["median"].tolist() == [50] * 5 + [60]


def test_a_young_stock_has_no_autocorrelation():
    dates = pd.bdate_range("2015-01-01", periods=400)
    old = pd.DataFrame({"date": dates, "symbol": "OLD", "log_return": np.tile([2.0, -1.0], 200)})
    young = old.iloc[:100].assign(symbol="NEW", log_return=np.arange(100.0))
    days = pd.concat([old, young])
    days["log_vol"] = days["log_return"]
    table = market.autocorrelations(days, lags=2).set_index(["quantity", "lag"])
    assert table.loc[("log_return", 1), "median"] == pytest.approx(-1)
    assert table.loc[("log_vol", 2)].tolist() == pytest.approx([1, 1, 1])
