"""What a reader sees of a figure, read back from it by the names that stand on it."""

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex


def line(axis, name):
    """The one line of a name."""
    (found,) = [own for own in axis.get_lines() if own.get_label() == name]
    return found


def points(own):
    """Places of a line or of marks, in their order; without gaps."""
    xy = own.get_xydata() if hasattr(own, "get_xydata") else own.get_offsets()
    return [tuple(place) for place in np.asarray(xy, float).tolist() if not np.isnan(place).any()]


def band(axis, colour):
    """Place → (low, high) of the one band of a colour."""
    (found,) = [own for own in axis.collections if colours(own) == [to_hex(colour)]]
    x, y = found.get_paths()[0].vertices.T
    return {place: (y[x == place].min(), y[x == place].max()) for place in np.unique(x).tolist()}


def colours(collection):
    return [to_hex(own) for own in collection.get_facecolor()]


def ticks(axis):
    """Text → place of what stands along an axis, within its limits, in the order of places."""
    low, high = sorted(axis.get_view_interval())
    places = axis.get_majorticklocs()
    texts = axis.get_major_formatter().format_ticks(places)
    found = {
        str(text): float(place)
        for place, text in sorted(zip(places, texts, strict=True))
        if low <= place <= high
    }
    assert not any(text.startswith("-") for text in found), "a hyphen for a minus"
    return found


def written_ticks(axis):
    """The texts that are printed along an axis: none where another panel has them."""
    return [own.get_text() for own in axis.get_ticklabels()]


def image(axis):
    """The values of a heat map, under the names along its axes."""
    values = np.ma.filled(axis.images[0].get_array().astype(float), np.nan)
    return pd.DataFrame(values, *_names(axis))


def cells(axis):
    """(row, column) → the text in that cell of a heat map."""
    rows, columns = _names(axis)
    found = {}
    for own in axis.texts:
        x, y = own.get_position()
        assert (own.get_ha(), own.get_va()) == ("center", "center")
        assert (rows[y], columns[x]) not in found, "two texts in one cell"
        found[rows[y], columns[x]] = own.get_text()
    return found


def _names(axis):
    """Names of the rows, from the top, and of the columns, from the left."""
    image = axis.images[0]
    assert image.origin == "upper"
    n_rows, n_columns = image.get_array().shape
    rows = {place: text for text, place in ticks(axis.yaxis).items()}
    columns = {place: text for text, place in ticks(axis.xaxis).items()}
    return [rows[i] for i in range(n_rows)], [columns[j] for j in range(n_columns)]


def legend(holder):
    """Name → colour in the legend of an axis or a figure."""
    own = holder.legends[0] if hasattr(holder, "legends") else holder.get_legend()
    texts = [text.get_text() for text in own.get_texts()]
    assert len(set(texts)) == len(texts), "a name twice in the legend"
    return dict(zip(texts, map(_colour, own.legend_handles), strict=True))


def _colour(handle):
    if hasattr(handle, "get_color"):
        return to_hex(handle.get_color())
    face = handle.get_facecolor()
    return to_hex(face if np.ndim(face) == 1 else face[0])


def labels(axis):
    return axis.get_xlabel(), axis.get_ylabel()


def boxes(axis):
    """Place → (low whisker, quartile, median, quartile, high whisker) of horizontal boxes."""
    found = {}
    for patch in axis.patches:
        x, y = patch.get_path().vertices.T
        own = [
            line.get_xydata()
            for line in axis.lines
            if line.get_linestyle() != "None" and y.min() <= line.get_ydata().mean() <= y.max()
        ]
        if np.isfinite(x).all():
            (median,) = {xy[0, 0] for xy in own if np.ptp(xy[:, 1]) == np.ptp(y)}
            ends = np.concatenate(own)[:, 0]
            found[float(y.min() + y.max()) / 2] = (ends.min(), x.min(), median, x.max(), ends.max())
    return found
