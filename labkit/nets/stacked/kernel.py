"""The steps of one network, compiled: forward, loss, backward and update, batch after batch.

The stack of `labkit.nets.stacked.stack` calls PyTorch for all networks at once, layer by layer, and
every call passes all their numbers through the memory. Here a network takes many steps before the
next one has its turn: what it needs stays in the core's cache, and there are no calls in between.

A network is a program, a row of integers for each layer (`labkit.nets.stacked.compiled` writes it),
and lies in flat arrays: its parameters, their gradient, the outputs of its layers. Batches are
``(batch, width)``. Products go to BLAS; the rest are loops that the compiler makes vectors of. The
formulas are those of `labkit.nets.stacked.layers`, ``losses`` and ``optimizers``.

All that is compiled stands in this file: the code is kept on disk, and a change in another file
would go unseen.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload

KIND, N_IN, N_OUT, START, OWN, INPUT, OUTPUT = range(7)
"""The columns of a program: what the layer is, its widths, where its parameters begin, a number of
its own (whether it has a bias, where its statistics begin, the masks of a row before its own, its
frequencies), and where its inputs and outputs begin in ``work``."""

CHUNK = 128
"""Rows that go through all layers, forth and back, before the next: a larger batch is taken in
parts, so that their numbers stay in the cache. Batch normalisation needs the whole batch."""

LINEAR, RELU, TANH, SILU, GELU, DROPOUT, BATCH_NORM, PERIODIC = range(8)
SGD, RMSPROP, ADAM, ADAMW = range(4)
SQUARED_ERROR, CROSS_ENTROPY = range(2)

FAST = {"contract", "reassoc", "nsz", "arcp"}
"""Not all that is called fast: what is not a number has to stay so, to be noticed."""

OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": FAST}


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call; the code is kept on disk where there is a place for it."""
    try:
        return njit(cache=True, **OPTIONS)(function)
    except RuntimeError:
        return njit(**OPTIONS)(function)


@compiled
def train_batches(
    program, constants, loss, rule, options, factors, steps, parameters, averages, squares,
    statistics, X, targets, weights, order, ends, masks, gradient, work, moments, slopes, judged,
):  # fmt: skip
    """Take a step with each batch.

    Parameters
    ----------
    program : ndarray of int, shape (layers, 7)
    constants : ndarray of float64, shape (layers, 2)
        Momentum and ε of batch normalisations.
    loss, rule : int
        One of the losses and one of the optimizers above.
    options : tuple of float
        Learning rate, weight decay, momentum.
    factors : ndarray of float64, shape (batches,)
        The share of the learning rate that a schedule lets through.
    steps : int
        Steps taken before.
    parameters, averages, squares : ndarray, shape (parameters,)
        The network's, and the running averages of its optimizer. Changed.
    statistics : ndarray
        Running means and variances, layer by layer. Changed.
    X, targets, weights : ndarray, shape (rows, features), (rows, outputs), (rows,) or (0,)
    order : ndarray of int
        Rows, in the order in which they are taken.
    ends : ndarray of int, shape (batches + 1,)
        Where each batch begins in ``order``, and where the last ends.
    masks : ndarray
        The factors of dropout layers, batch by batch, layer by layer.
    gradient, work, moments, slopes : ndarray
        Room for the gradients of all rows and of a chunk, ``(2, parameters)``, the outputs of all
        layers, the means and variances of a batch, and derivatives, ``(2, chunk × width)``.
    judged : bool
        Whether the loss is asked for.

    Returns
    -------
    float
        The sum over batches of their mean loss times their rows; not a number if not judged.
    """
    total = 0.0 if judged else math.nan
    n_layers, n_outputs = program.shape[0], program[-1, N_OUT]
    mask_width = masks.size // (ends[-1] - ends[0])
    for batch in range(ends.size - 1):
        first, n = ends[batch], ends[batch + 1] - ends[batch]
        mask = mask_width * (first - ends[0])
        whole = weight_of(order[first : first + n], weights)
        size = n if statistics.size else min(n, CHUNK)
        for start in range(0, n, size):
            rows = order[first + start : first + min(start + size, n)]
            take(X, rows, work)
            for layer in range(n_layers):
                row = program[layer]
                at = mask + row[OWN] * n + start * row[N_IN]
                forward(
                    row, constants[layer], parameters, statistics, moments, masks[at:], work,
                    rows.size,
                )  # fmt: skip
            outputs = view(work, program[-1, OUTPUT], rows.size, n_outputs)
            d = view(slopes[0], 0, rows.size, n_outputs)
            if loss == CROSS_ENTROPY:
                value = cross_entropy(outputs, targets, rows, d, weights, whole, judged)
            else:
                value = squared_error(outputs, targets, rows, d, weights, whole)
            total += n * value
            own, side = gradient[min(start, 1)], 0
            for layer in range(n_layers - 1, -1, -1):
                row = program[layer]
                at = mask + row[OWN] * n + start * row[N_IN]
                side = backward(
                    row, parameters, own, moments, masks[at:], work, slopes, side, rows.size,
                    layer == 0,
                )  # fmt: skip
            if start:
                for i in range(parameters.size):
                    gradient[0, i] += own[i]
        update(
            rule, options, factors[batch], steps + batch + 1, parameters, gradient[0], averages,
            squares,
        )  # fmt: skip
    return total


@compiled
def take(X, rows, work):
    """Copy rows to where the first layer's inputs are."""
    width = X.shape[1]
    x = view(work, 0, rows.size, width)
    for b in range(rows.size):
        row = rows[b]
        for i in range(width):
            x[b, i] = X[row, i]


@compiled
def view(flat, start, n, width):
    """Part of a flat array as ``(n, width)``."""
    return flat[start : start + n * width].reshape((n, width))


@compiled
def forward(row, constants, parameters, statistics, moments, masks, work, n):
    """The outputs of a layer."""
    kind, n_in, n_out = row[KIND], row[N_IN], row[N_OUT]
    x = view(work, row[INPUT], n, n_in)
    y = view(work, row[OUTPUT], n, n_out)
    flat_x, flat_y = x.reshape(n * n_in), y.reshape(n * n_out)
    zero, one = work.dtype.type(0), work.dtype.type(1)
    if kind == LINEAR:
        weight = view(parameters, row[START], n_out, n_in)
        np.dot(x, weight.T, y)
        if row[OWN]:
            bias = parameters[row[START] + n_out * n_in :]
            for b in range(n):
                for o in range(n_out):
                    y[b, o] += bias[o]
    elif kind == SILU:
        for i in range(flat_x.size):
            flat_y[i] = flat_x[i] / (one + exp(-flat_x[i]))
    elif kind == GELU:
        for i in range(flat_x.size):
            flat_y[i] = flat_x[i] * normal_share(work.dtype.type, flat_x[i])
    elif kind == BATCH_NORM:
        normalise(row, constants, parameters, statistics, moments, x, y)
    elif kind == PERIODIC:
        embed(row, parameters, work, x, y)
    else:
        # The others work in place: loops over two arrays that may be one are no vectors.
        if row[INPUT] != row[OUTPUT]:
            flat_y[:] = flat_x
        if kind == RELU:
            for i in range(flat_y.size):
                flat_y[i] = zero if flat_y[i] < zero else flat_y[i]
        elif kind == TANH:
            for i in range(flat_y.size):
                # Of the smaller exponential, which overflows nowhere.
                e = exp(-abs(flat_y[i] + flat_y[i]))
                size = (one - e) / (one + e)
                flat_y[i] = -size if flat_y[i] < zero else size
        else:
            for i in range(flat_y.size):
                flat_y[i] *= masks[i]


@compiled
def backward(row, parameters, gradient, moments, masks, work, slopes, side, n, is_first):
    """The gradient of a layer's parameters, and on which side the slopes by its inputs are."""
    kind, n_in, n_out = row[KIND], row[N_IN], row[N_OUT]
    x = view(work, row[INPUT], n, n_in)
    y = view(work, row[OUTPUT], n, n_out)
    d = view(slopes[side], 0, n, n_out)
    flat_x, flat_y, flat = x.reshape(n * n_in), y.reshape(n * n_out), d.reshape(n * n_out)
    zero, one = work.dtype.type(0), work.dtype.type(1)
    if kind == LINEAR:
        np.dot(d.T, x, view(gradient, row[START], n_out, n_in))
        if row[OWN]:
            by_bias = gradient[row[START] + n_out * n_in :]
            for o in range(n_out):
                by_bias[o] = 0
            for b in range(n):
                for o in range(n_out):
                    by_bias[o] += d[b, o]
        if not is_first:
            side = 1 - side
            weight = view(parameters, row[START], n_out, n_in)
            np.dot(d, weight, view(slopes[side], 0, n, n_in))
    elif kind == RELU:
        for i in range(flat.size):
            flat[i] = zero if flat_y[i] <= zero else flat[i]
    elif kind == TANH:
        for i in range(flat.size):
            flat[i] *= one - flat_y[i] * flat_y[i]
    elif kind == SILU:
        for i in range(flat.size):
            share = one / (one + exp(-flat_x[i]))
            flat[i] *= share * (one + flat_x[i] * (one - share))
    elif kind == GELU:
        half, norm = work.dtype.type(0.5), work.dtype.type(1 / math.sqrt(2 * math.pi))
        for i in range(flat.size):
            density = norm * exp(-half * flat_x[i] * flat_x[i])
            flat[i] *= normal_share(work.dtype.type, flat_x[i]) + flat_x[i] * density
    elif kind == DROPOUT:
        for i in range(flat.size):
            flat[i] *= masks[i]
    elif kind == BATCH_NORM:
        denormalise(row, parameters, gradient, moments, x, d)
    else:
        side = 1 - side
        embed_back(row, parameters, gradient, work, slopes[side], x, y, d)
    return side


@compiled
def normalise(row, constants, parameters, statistics, moments, x, y):
    """Batch normalisation; the batch's means and inverse deviations are kept in ``moments``."""
    n, width = x.shape
    if n == 1:
        raise ValueError("batch normalisation needs more than one row in a batch")
    kind = x.dtype.type
    momentum, eps, zero = kind(constants[0]), kind(constants[1]), kind(0)
    each, each_but_one = kind(1 / n), kind(1 / (n - 1))
    scale, shift = parameters[row[START] :], parameters[row[START] + width :]
    running_mean, running_var = statistics[row[OWN] :], statistics[row[OWN] + width :]
    mean, inverse = moments[row[OWN] :], moments[row[OWN] + width :]
    for i in range(width):
        mean[i] = zero
        inverse[i] = zero
    for b in range(n):
        for i in range(width):
            mean[i] += x[b, i]
    for i in range(width):
        mean[i] *= each
    for b in range(n):
        for i in range(width):
            gap = x[b, i] - mean[i]
            inverse[i] += gap * gap
    for i in range(width):
        running_mean[i] += momentum * (mean[i] - running_mean[i])
        running_var[i] += momentum * (inverse[i] * each_but_one - running_var[i])
        inverse[i] = kind(1) / np.sqrt(inverse[i] * each + eps)
    for b in range(n):
        for i in range(width):
            y[b, i] = (x[b, i] - mean[i]) * (inverse[i] * scale[i]) + shift[i]


@compiled
def denormalise(row, parameters, gradient, moments, x, d):
    """The way back through `normalise`."""
    n, width = x.shape
    kind = x.dtype.type
    each = kind(1 / n)
    scale = parameters[row[START] :]
    by_scale, by_shift = gradient[row[START] :], gradient[row[START] + width :]
    mean, inverse = moments[row[OWN] :], moments[row[OWN] + width :]
    for i in range(width):
        by_scale[i] = kind(0)
        by_shift[i] = kind(0)
    for b in range(n):
        for i in range(width):
            by_shift[i] += d[b, i]
            by_scale[i] += d[b, i] * ((x[b, i] - mean[i]) * inverse[i])
    for b in range(n):
        for i in range(width):
            normal = (x[b, i] - mean[i]) * inverse[i]
            excess = (by_shift[i] + normal * by_scale[i]) * each
            d[b, i] = (d[b, i] - excess) * (scale[i] * inverse[i])


@compiled
def embed(row, parameters, work, x, y):
    """Periodic embeddings, a feature after the other; their waves lie behind their outputs."""
    n, n_features = x.shape
    zero = work.dtype.type(0)
    count, size = row[OWN], row[N_OUT] // n_features
    frequencies = view(parameters, row[START], n_features, count)
    weights = parameters[row[START] + n_features * count :]
    biases = weights[n_features * 2 * count * size :]
    room = row[OUTPUT] + n * row[N_OUT]
    part = view(work, room + n_features * n * 2 * count, n, size)
    for f in range(n_features):
        waves = view(work, room + f * n * 2 * count, n, 2 * count)
        for b in range(n):
            at = x[b, f]
            for j in range(count):
                cosine, sine = turn(work.dtype.type, frequencies[f, j] * at)
                waves[b, j] = cosine
                waves[b, count + j] = sine
        np.dot(waves, view(weights, f * 2 * count * size, 2 * count, size), part)
        bias = biases[f * size :]
        for b in range(n):
            own = y[b, f * size :]
            for k in range(size):
                value = part[b, k] + bias[k]
                own[k] = zero if value < zero else value


@compiled
def embed_back(row, parameters, gradient, work, room_for_slopes, x, y, d):
    """The way back through `embed`, which nothing lies before."""
    n, n_features = x.shape
    zero = work.dtype.type(0)
    count, size = row[OWN], row[N_OUT] // n_features
    room = row[OUTPUT] + n * row[N_OUT]
    part = view(work, room + n_features * n * 2 * count, n, size)
    first = n_features * count
    weights = parameters[row[START] + first :]
    by_frequencies = view(gradient, row[START], n_features, count)
    by_weights = gradient[row[START] + first :]
    by_biases = by_weights[n_features * 2 * count * size :]
    by_waves = view(room_for_slopes, 0, n, 2 * count)
    for f in range(n_features):
        waves = view(work, room + f * n * 2 * count, n, 2 * count)
        by_bias, by_frequency = by_biases[f * size :], by_frequencies[f]
        for k in range(size):
            by_bias[k] = zero
        for b in range(n):
            own, own_d = y[b, f * size :], d[b, f * size :]
            for k in range(size):
                part[b, k] = zero if own[k] <= zero else own_d[k]
                by_bias[k] += part[b, k]
        np.dot(waves.T, part, view(by_weights, f * 2 * count * size, 2 * count, size))
        np.dot(part, view(weights, f * 2 * count * size, 2 * count, size).T, by_waves)
        for j in range(count):
            by_frequency[j] = zero
        for b in range(n):
            at = x[b, f]
            for j in range(count):
                # d cos = -sin, d sin = cos.
                by_angle = by_waves[b, count + j] * waves[b, j]
                by_angle -= by_waves[b, j] * waves[b, count + j]
                by_frequency[j] += by_angle * at
        for j in range(count):
            by_frequency[j] *= work.dtype.type(2 * math.pi)


@compiled
def squared_error(outputs, targets, rows, d, weights, whole):
    """The slopes of the mean loss by the outputs, and what these rows add to it."""
    n, width = outputs.shape
    total = 0.0
    for b in range(n):
        share = (weights[rows[b]] if weights.size else 1.0) / whole
        for o in range(width):
            gap = outputs[b, o] - targets[rows[b], o]
            d[b, o] = gap * (2.0 / width * share)
            total += gap * gap * share / width
    return total


@compiled
def cross_entropy(outputs, targets, rows, d, weights, whole, judged):
    """The slopes of the mean loss by the outputs, and what these rows add to it if judged."""
    n, width = outputs.shape
    for b in range(n):
        largest = outputs[b, 0]
        for o in range(1, width):
            largest = max(largest, outputs[b, o])
        for o in range(width):
            d[b, o] = outputs[b, o] - largest
    total = 0.0
    for b in range(n) if judged else range(0):
        share = (weights[rows[b]] if weights.size else 1.0) / whole
        for o in range(width):
            total -= targets[rows[b], o] * d[b, o] * share
    flat = d.reshape(n * width)
    for i in range(flat.size):
        flat[i] = exp(flat[i])
    for b in range(n):
        share = (weights[rows[b]] if weights.size else 1.0) / whole
        summed = 0.0
        for o in range(width):
            summed += d[b, o]
        if judged:
            total += math.log(summed) * share
        for o in range(width):
            d[b, o] = (d[b, o] / summed - targets[rows[b], o]) * share
    return total


@compiled
def weight_of(rows, weights):
    """What the rows of a batch count together."""
    if not weights.size:
        return float(rows.size)
    total = 0.0
    for row in rows:
        total += weights[row]
    return total


@compiled
def update(rule, options, factor, steps, parameters, gradient, averages, squares):
    """A step of the optimizer."""
    kind = parameters.dtype.type
    rate, decay, momentum = kind(options[0] * factor), kind(options[1]), kind(options[2])
    if rule == ADAMW:
        kept = kind(1.0 - options[0] * factor * options[1])
        for i in range(parameters.size):
            parameters[i] *= kept
    elif decay:
        for i in range(parameters.size):
            gradient[i] += decay * parameters[i]
    if rule == SGD:
        for i in range(parameters.size):
            averages[i] = momentum * averages[i] + gradient[i]
            parameters[i] -= rate * averages[i]
    elif rule == RMSPROP:
        keep, new, eps = kind(0.99), kind(1 - 0.99), kind(1e-8)
        for i in range(parameters.size):
            squares[i] = keep * squares[i] + new * gradient[i] * gradient[i]
            parameters[i] -= rate * (gradient[i] / (np.sqrt(squares[i]) + eps))
    else:
        root = math.sqrt(1 - 0.999**steps)
        rate = kind(options[0] * factor * root / (1 - 0.9**steps))
        keep, new, eps = kind(0.999), kind(1 - 0.999), kind(1e-8 * root)
        part = kind(1 - 0.9)
        for i in range(parameters.size):
            averages[i] += part * (gradient[i] - averages[i])
            squares[i] = keep * squares[i] + new * gradient[i] * gradient[i]
            parameters[i] -= rate * (averages[i] / (np.sqrt(squares[i]) + eps))


def exp(x):
    """``math.exp``, in a form that the compiler makes vectors of."""
    return math.exp(x)


@overload(exp, jit_options={"fastmath": FAST, "error_model": "numpy"})
def _exp(x):
    """Powers of 2 are made of their bits; for the rest, half of log 2 at most, Taylor's series."""
    kind, bits, precision, bias, largest = np.float64, np.int64, 52, 1023, 708.0
    if x == types.float32:
        kind, bits, precision, bias, largest = np.float32, np.int32, 23, 127, 87.0
    per_log2, log2 = kind(1 / math.log(2)), kind(math.log(2))
    half = kind(0.5)
    c = [kind(1 / math.factorial(k)) for k in range(14)]
    c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13 = c
    low, high = kind(-largest), kind(largest)

    def double(x):
        x = low if x < low else x
        x = high if x > high else x
        n = np.floor(x * per_log2 + half)
        r = x - n * log2
        s = c6 + r * (c7 + r * (c8 + r * (c9 + r * (c10 + r * (c11 + r * (c12 + r * c13))))))
        s = c0 + r * (c1 + r * (c2 + r * (c3 + r * (c4 + r * (c5 + r * s)))))
        return s * bits((bits(n) + bits(bias)) << bits(precision)).view(kind)

    def single(x):
        x = low if x < low else x
        x = high if x > high else x
        n = np.floor(x * per_log2 + half)
        r = x - n * log2
        s = c0 + r * (c1 + r * (c2 + r * (c3 + r * (c4 + r * (c5 + r * (c6 + r * c7))))))
        return s * bits((bits(n) + bits(bias)) << bits(precision)).view(kind)

    return single if x == types.float32 else double


@compiled
def normal_share(kind, x):
    """The share of a standard normal distribution that lies below ``x``."""
    return kind(0.5) * (kind(1) + math.erf(x * kind(math.sqrt(0.5))))


@compiled
def turn(kind, turns):
    """Cosine and sine of an angle in turns, computed in the type ``kind``.

    The nearest quarter is taken off, which is exact; for the rest, an eighth of a turn at most,
    Taylor's series.
    """
    one, two, half = kind(1), kind(2), kind(0.5)
    quarter = np.floor(kind(4) * turns + half)
    a = kind(2 * math.pi) * (turns - kind(0.25) * quarter)
    s = a * a
    sine = one - s * kind(1 / 156)
    sine = one - s * kind(1 / 110) * sine
    sine = one - s * kind(1 / 72) * sine
    sine = one - s * kind(1 / 42) * sine
    sine = one - s * kind(1 / 20) * sine
    sine = a * (one - s * kind(1 / 6) * sine)
    cosine = one - s * kind(1 / 182)
    cosine = one - s * kind(1 / 132) * cosine
    cosine = one - s * kind(1 / 90) * cosine
    cosine = one - s * kind(1 / 56) * cosine
    cosine = one - s * kind(1 / 30) * cosine
    cosine = one - s * kind(1 / 12) * cosine
    cosine = one - s * half * cosine
    # Cosine and sine change places in odd quarters, and signs in two of the four each.
    q = quarter - kind(4) * np.floor(kind(0.25) * quarter)
    later = np.floor(half * q)
    odd = q - two * later
    return (
        (cosine + odd * (sine - cosine)) * (one - q * (kind(3) - q)),
        (sine + odd * (cosine - sine)) * (one - two * later),
    )
