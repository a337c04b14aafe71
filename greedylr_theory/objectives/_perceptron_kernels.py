"""Kernels of the multilayer perceptron, full batch and minibatch: TILE samples at a time go through all layers.

data (n, m + 1) holds m inputs and the target. The iterate holds, layer by layer, the weights (outputs, inputs) row by
row and then the biases, as torch's `parameters()` do. Rows of the workspace: TILE targets, TILE marks of the slots in
use, one product; the activations of layer 0 (the inputs), 1, ..., each with the sample as the last index; slopes.
Sums over inputs, outputs and samples run in their natural order; a pre-activation begins with its bias.
"""

from __future__ import annotations

import numpy as np

from greedylr_theory.compilation import subroutine
from greedylr_theory.contracts import objective_kernel
from greedylr_theory.objectives import _labels, _layers, _products, _sampling
from greedylr_theory.objectives._logistic_kernels import margin_terms, take_logarithm

TILE = 8
BATCH, ACTIVATION, LOSS, HIDDEN = 0, 2, 3, 7
#: values of ACTIVATION and LOSS
ACTIVATIONS, LOSSES = ("relu", "tanh"), ("squared", "logistic")
_TANH, _LOGISTIC = 1.0, 1.0
_USED, _PRODUCT, _INPUTS = TILE, 2 * TILE, 2 * TILE + 1
#: rows of the minibatch beside the network's, the chosen samples and the marks: counts, and other labels
COUNTS, OTHER, EXTRA = 0, 1, 2


def network_rows(widths: tuple[int, ...]) -> int:
    """Workspace for a network with these widths, inputs and output included."""
    return _INPUTS + TILE * (sum(widths) + max(widths[1:-1]))


@subroutine
def outputs_of(params, layer, left, width):
    """Width of a layer with `width` inputs, when `left` coordinates remain: those of one unit are the output's."""
    return 1 if left == width + 1 else np.int64(params[HIDDEN + layer, 0])


@subroutine
def activate(rows, first, count, size, bent):
    """Hidden units (count TILE rows): max(z, 0), or tanh; zero in slots that a lane does not use."""
    for unit in range(count):
        for s in range(size):
            row = first + unit * TILE + s
            for lane in range(rows.shape[1]):
                z = rows[row, lane]
                a = _layers.tanh(z) if bent else (0.0 if z <= 0.0 else z)
                rows[row, lane] = a if rows[_USED + s, lane] != 0.0 else 0.0


@subroutine
def bend(rows, first, slopes, count, size, bent):
    """Turn activations into slopes of the loss in z, from its slopes in the activations; ReLU has slope 0 at 0."""
    for unit in range(count):
        for s in range(size):
            row, slope = first + unit * TILE + s, slopes + unit * TILE + s
            for lane in range(rows.shape[1]):
                a, above = rows[row, lane], rows[slope, lane]
                inner = above * (1.0 - a * a) if bent else (0.0 if a <= 0.0 else above)
                rows[row, lane] = inner if rows[_USED + s, lane] != 0.0 else 0.0


@subroutine
def measure(rows, output, size, logistic, loss):
    """Add the losses of the outputs, and turn these into slopes."""
    for s in range(size):
        target, used, row = rows[s], rows[_USED + s], rows[output + s]
        for lane in range(loss.size):
            if logistic:
                slope, term, product = margin_terms(row[lane], target[lane], rows[_PRODUCT, lane])
                rows[_PRODUCT, lane] = product if used[lane] != 0.0 else rows[_PRODUCT, lane]
            else:
                residual = row[lane] - target[lane]
                slope, term = 2.0 * residual, residual * residual
            loss[lane] += term if used[lane] != 0.0 else 0.0
            row[lane] = slope if used[lane] != 0.0 else 0.0
    if logistic:
        take_logarithm(rows, _PRODUCT, loss)


@subroutine
def pass_tile(x, params, rows, inputs, size, gradient, loss):
    """Add loss and gradient of `size` samples, whose inputs and targets are in place."""
    d = x.shape[0]
    bent, logistic = params[ACTIVATION, 0] == _TANH, params[LOSS, 0] == _LOGISTIC
    first, width, row, layer = 0, inputs, _INPUTS, 0
    while first < d:
        count = outputs_of(params, layer, d - first, width)
        above, biases = row + width * TILE, first + count * width
        for unit in range(count):
            for s in range(size):
                rows[above + unit * TILE + s, :] = x[biases + unit, :]
        _layers.add_products(rows, (above, TILE, 1), x, (first, width, 1), rows, (row, 1, TILE), (count, size, width))
        if biases + count < d:
            activate(rows, above, count, size, bent)
        first, width, row, layer = biases + count, count, above, layer + 1
    measure(rows, row, size, logistic, loss)
    slopes = row + TILE
    while layer > 0:
        layer -= 1
        count, width = width, np.int64(params[HIDDEN + layer - 1, 0]) if layer > 0 else inputs
        first, below = first - count * (width + 1), row - width * TILE
        _layers.add_products(
            gradient, (first, width, 1), rows, (row, TILE, 1), rows, (below, TILE, 1), (count, width, size)
        )
        for unit in range(count):
            for s in range(size):
                for lane in range(loss.size):
                    gradient[first + count * width + unit, lane] += rows[row + unit * TILE + s, lane]
        if layer > 0:
            _products.clear(rows, slopes, width * TILE)
            _layers.add_products(
                rows, (slopes, TILE, 1), x, (first, 1, width), rows, (row, 1, TILE), (width, size, count)
            )
            bend(rows, below, slopes, width, size, bent)
        row = below


@subroutine
def shape(x, params, inputs):
    """`network_rows` of the network that the parameters describe, and how many hidden layers it has."""
    first, width, layer, total, widest = 0, inputs, 0, inputs, 0
    while first < x.shape[0]:
        count = outputs_of(params, layer, x.shape[0] - first, width)
        first, width, layer, total = first + count * (width + 1), count, layer + 1, total + count
        widest = max(widest, count) if first < x.shape[0] else widest
    return _INPUTS + TILE * (total + widest), layer - 1


@subroutine
def divide(gradient, loss, counts):
    """From sums to means over counts (B,) samples."""
    for lane in range(loss.size):
        loss[lane] /= counts[lane]
    for i in range(gradient.shape[0]):
        for lane in range(loss.size):
            gradient[i, lane] /= counts[lane]


@objective_kernel
def full_batch(x, params, data, draws, workspace, gradient, loss):
    """(1/n) sum_i of the loss of output and target per lane, all samples."""
    n, inputs = data.shape[0], data.shape[1] - 1
    used, _ = shape(x, params, inputs)
    loss[:] = 0.0
    _products.clear(gradient, 0, x.shape[0])
    workspace[_USED : _USED + TILE] = 1.0
    for start in range(0, n, TILE):
        size = min(TILE, n - start)
        for s in range(size):
            workspace[s, :] = data[start + s, inputs]
            for i in range(inputs):
                workspace[_INPUTS + i * TILE + s, :] = data[start + s, i]
        pass_tile(x, params, workspace, inputs, size, gradient, loss)
    workspace[0, :] = float(n)
    divide(gradient, loss, workspace[0])
    _products.clear(workspace, 0, used)


@objective_kernel
def minibatch(x, params, data, draws, workspace, gradient, loss):
    """The same with the mean over distinct samples, as many as each lane's parameter says.

    workspace: the network's rows, chosen (capacity), EXTRA, marks (n). A slot that a lane does not use passes zeros:
    no bit of a sum that began with +0 changes.
    """
    n, inputs, lanes = data.shape[0], data.shape[1] - 1, loss.size
    begin, hidden = shape(x, params, inputs)
    # the workspace is sized for the capacity: no parameter can lead outside of it
    capacity = workspace.shape[0] - begin - EXTRA - n
    extra = begin + capacity
    chosen, marks = workspace[begin:extra], workspace[extra + EXTRA :]
    counts, other = workspace[extra + COUNTS], workspace[extra + OTHER]
    labels, own = _labels.first_draw(params[BATCH], capacity), HIDDEN + hidden
    both = 0.0 if params[LOSS, 0] == _LOGISTIC else 1.0  # the sum of the two labels
    loss[:] = 0.0
    _products.clear(gradient, 0, x.shape[0])
    top = _sampling.choose_distinct(draws, params[BATCH], n, counts, chosen, marks)
    for start in range(0, top, TILE):
        size = min(TILE, top - start)
        for s in range(size):
            slot, target = start + s, workspace[s]
            _sampling.gather(data, chosen, slot, workspace, _INPUTS + s, TILE, inputs)
            for lane in range(lanes):
                target[lane] = data[np.int64(chosen[slot, lane]), inputs]
                other[lane] = both - target[lane]
                workspace[_USED + s, lane] = 1.0 if float(slot) < counts[lane] else 0.0
            if params.shape[0] > own:
                _labels.replace(target, other, slot, draws, labels, params[own:], data)
        pass_tile(x, params, workspace, inputs, size, gradient, loss)
    divide(gradient, loss, counts)
    _sampling.unmark(chosen, top, marks)
    _products.clear(workspace, 0, extra + EXTRA)
