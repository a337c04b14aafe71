"""Kernels of l2-regularised logistic regression: binary and multinomial, full batch and minibatch.

data (n, m + 2) holds m features, ones, and the label (-1 and 1, or 0 .. K-1). With width = m + 1 the iterate holds the
weights of the binary model, or of class 0, 1, ..., K-1 one after the other. params hold l2, batch, largest_batch, and
the rates at which labels are replaced where a perturbation does so.
Sums run over features and samples in their natural order. No libm, no BLAS: the same bits everywhere.
"""

from __future__ import annotations

from greedylr_theory.compilation import inlined, subroutine
from greedylr_theory.contracts import objective_kernel
from greedylr_theory.elementary import exp, log
from greedylr_theory.objectives import _labels, _products, _sampling

L2, BATCH, PARAMS = 0, 1, 3
#: rows of the minibatch beside the chosen samples, a row of the table and the marks: counts, and other labels
COUNTS, OTHER, EXTRA = 0, 1, 2
#: samples between two passes over the iterate and the gradient; log(1 + e) is taken of products of as many factors
BLOCK = 16
#: workspace of the binary kernels: margins of a block of samples, then a running product
PRODUCT = BLOCK
BINARY_ROWS = BLOCK + 1


@inlined
def margin_terms(margin, label, product):
    """Of log(1 + exp(-m)), m = label margin: derivative in margin, linear part, and the product for the rest.

    log(1 + exp(-m)) = max(-m, 0) + log(1 + e) with e = exp(-|m|). The product is carried as P = prod (1 + e_i) - 1, so
    that small e_i keep their relative precision.
    """
    signed = label * margin
    e = exp(-abs(signed))
    wrong = signed < 0.0
    slope = -label * ((1.0 if wrong else e) / (1.0 + e))
    return slope, -signed if wrong else 0.0, product + (e + product * e)


@subroutine
def four_margin_terms(rows, row, table, sample, loss):
    """Turn the margins in rows `row` .. `row + 3` into slopes: four samples at a time keep the sums in registers."""
    d = table.shape[1] - 1
    y0, y1, y2, y3 = table[sample, d], table[sample + 1, d], table[sample + 2, d], table[sample + 3, d]
    for lane in range(loss.size):
        slope0, linear0, product = margin_terms(rows[row, lane], y0, rows[PRODUCT, lane])
        slope1, linear1, product = margin_terms(rows[row + 1, lane], y1, product)
        slope2, linear2, product = margin_terms(rows[row + 2, lane], y2, product)
        slope3, linear3, product = margin_terms(rows[row + 3, lane], y3, product)
        rows[row, lane], rows[row + 1, lane], rows[row + 2, lane], rows[row + 3, lane] = slope0, slope1, slope2, slope3
        rows[PRODUCT, lane] = product
        loss[lane] = (((loss[lane] + linear0) + linear1) + linear2) + linear3


@subroutine
def take_logarithm(rows, row, loss):
    """Add log(1 + P) to the loss and start a new product; accurate for small P (Kahan's correction of 1 + P)."""
    for lane in range(loss.size):
        product = rows[row, lane]
        whole = 1.0 + product
        loss[lane] += log(whole) + (product - (whole - 1.0)) / whole
        rows[row, lane] = 0.0


@subroutine
def softmax_terms(logits, first, classes, label, spare, loss):
    """Turn the logits of one sample, rows first + k BLOCK, into slopes: p_k, less 1 for the label's class.

    label (B,) per lane; adds log(sum_k exp z_k) - z_label to the loss; rows `spare` and `spare + 1` are scratch.
    """
    lanes = loss.size
    for lane in range(lanes):
        logits[spare, lane] = logits[first, lane]
    for k in range(1, classes):
        row = first + k * BLOCK
        for lane in range(lanes):
            logits[spare, lane] = logits[row, lane] if logits[row, lane] > logits[spare, lane] else logits[spare, lane]
    for lane in range(lanes):
        logits[spare + 1, lane] = 0.0
    for k in range(classes):
        row = first + k * BLOCK
        for lane in range(lanes):
            gap = logits[row, lane] - logits[spare, lane]
            loss[lane] -= gap if label[lane] == float(k) else 0.0
            e = exp(gap)
            logits[row, lane] = e
            logits[spare + 1, lane] += e
    for lane in range(lanes):
        loss[lane] += log(logits[spare + 1, lane])
        logits[spare, lane] = 1.0 / logits[spare + 1, lane]
    for k in range(classes):
        row = first + k * BLOCK
        for lane in range(lanes):
            logits[row, lane] = logits[row, lane] * logits[spare, lane] - (1.0 if label[lane] == float(k) else 0.0)


@subroutine
def regularise(x, params, counts, gradient, loss):
    """From sums over counts (B,) samples to their mean plus (l2 / 2) |x|^2."""
    lanes = loss.size
    for lane in range(lanes):
        loss[lane] /= counts[lane]
    for i in range(x.shape[0]):
        for lane in range(lanes):
            slope = params[L2, lane] * x[i, lane]
            gradient[i, lane] = gradient[i, lane] / counts[lane] + slope
            loss[lane] += 0.5 * slope * x[i, lane]


@objective_kernel
def binary_full(x, params, data, draws, workspace, gradient, loss):
    """(1/n) sum_i log(1 + exp(-y_i a_i.x)) + (l2 / 2) |x|^2 per lane, all samples."""
    d, n = x.shape[0], data.shape[0]
    loss[:] = 0.0
    _products.clear(gradient, 0, d)
    for start in range(0, n, BLOCK):
        size = min(BLOCK, n - start)
        fours = size - size % 4
        _products.block_margins(workspace, 0, x, 0, data, start, size, d)
        for s in range(0, fours, 4):
            four_margin_terms(workspace, s, data, start + s, loss)
        for s in range(fours, size):
            y = data[start + s, d]
            for lane in range(loss.size):
                slope, linear, product = margin_terms(workspace[s, lane], y, workspace[PRODUCT, lane])
                workspace[s, lane], workspace[PRODUCT, lane] = slope, product
                loss[lane] += linear
        take_logarithm(workspace, PRODUCT, loss)
        _products.add_block_multiples(gradient, 0, workspace, 0, data, start, size, d)
    workspace[0, :] = float(n)
    regularise(x, params, workspace[0], gradient, loss)
    _products.clear(workspace, 0, BINARY_ROWS)


@objective_kernel
def binary_minibatch(x, params, data, draws, workspace, gradient, loss):
    """The same with the mean over distinct samples, as many as each lane's parameter says.

    workspace: BINARY_ROWS, chosen (capacity), EXTRA, a row of the table (d + 1), marks (n). A slot that a lane does not
    use adds a row times zero: no bit of a sum that began with +0 changes.
    """
    d, n, lanes = x.shape[0], data.shape[0], loss.size
    # the workspace is sized for the capacity: no parameter can lead outside of it
    capacity = workspace.shape[0] - BINARY_ROWS - EXTRA - (d + 1) - n
    extra, first = BINARY_ROWS + capacity, BINARY_ROWS + capacity + EXTRA
    chosen, marks = workspace[BINARY_ROWS:extra], workspace[first + d + 1 :]
    counts, other = workspace[extra + COUNTS], workspace[extra + OTHER]
    labels = _labels.first_draw(params[BATCH], capacity)
    loss[:] = 0.0
    _products.clear(gradient, 0, d)
    top = _sampling.choose_distinct(draws, params[BATCH], n, counts, chosen, marks)
    for slot in range(top):
        _sampling.gather(data, chosen, slot, workspace, first, 1, d + 1)
        if params.shape[0] > PARAMS:
            for lane in range(lanes):
                other[lane] = -workspace[first + d, lane]
            _labels.replace(workspace[first + d], other, slot, draws, labels, params[PARAMS:], data)
        _products.lane_margins(workspace, 0, x, 0, workspace, first, d)
        for lane in range(lanes):
            slope, linear, product = margin_terms(
                workspace[0, lane], workspace[first + d, lane], workspace[PRODUCT, lane]
            )
            inside = float(slot) < counts[lane]
            workspace[0, lane] = slope if inside else 0.0
            workspace[PRODUCT, lane] = product if inside else workspace[PRODUCT, lane]
            loss[lane] += linear if inside else 0.0
        if (slot + 1) % BLOCK == 0:
            take_logarithm(workspace, PRODUCT, loss)
        _products.add_lane_multiples(gradient, 0, workspace, 0, workspace, first, d)
    take_logarithm(workspace, PRODUCT, loss)
    regularise(x, params, counts, gradient, loss)
    _sampling.unmark(chosen, top, marks)
    _products.clear(workspace, 0, first + d + 1)


def multinomial_rows(classes: int) -> int:
    """Workspace of the multinomial kernels: logits of a block of samples, two rows of scratch, one of labels."""
    return BLOCK * classes + 3


@objective_kernel
def multinomial_full(x, params, data, draws, workspace, gradient, loss):
    """(1/n) sum_i [log(sum_k exp(a_i.x_k)) - a_i.x_{y_i}] + (l2 / 2) |x|^2 per lane, all samples."""
    d, n, width = x.shape[0], data.shape[0], data.shape[1] - 1
    classes = d // width
    spare = BLOCK * classes
    label = workspace[spare + 2]
    loss[:] = 0.0
    _products.clear(gradient, 0, d)
    for start in range(0, n, BLOCK):
        size = min(BLOCK, n - start)
        for k in range(classes):
            _products.block_margins(workspace, BLOCK * k, x, k * width, data, start, size, width)
        for s in range(size):
            label[:] = data[start + s, width]
            softmax_terms(workspace, s, classes, label, spare, loss)
        for k in range(classes):
            _products.add_block_multiples(gradient, k * width, workspace, BLOCK * k, data, start, size, width)
    workspace[0, :] = float(n)
    regularise(x, params, workspace[0], gradient, loss)
    _products.clear(workspace, 0, spare + 3)


@subroutine
def restrict(logits, first, classes, slot, counts, loss, before):
    """Slopes of zero, and the loss `before`, for lanes that do not use this slot."""
    for lane in range(loss.size):
        loss[lane] = loss[lane] if float(slot) < counts[lane] else before[lane]
    for k in range(classes):
        for lane in range(loss.size):
            slope = logits[first + k * BLOCK, lane]
            logits[first + k * BLOCK, lane] = slope if float(slot) < counts[lane] else 0.0


@objective_kernel
def multinomial_minibatch(x, params, data, draws, workspace, gradient, loss):
    """The same with the mean over distinct samples; workspace: the full kernel's rows, then as for two classes."""
    d, n, width = x.shape[0], data.shape[0], data.shape[1] - 1
    classes = d // width
    spare = BLOCK * classes
    capacity = workspace.shape[0] - (spare + 3) - EXTRA - (width + 1) - n
    extra, first = spare + 3 + capacity, spare + 3 + capacity + EXTRA
    chosen, marks = workspace[spare + 3 : extra], workspace[first + width + 1 :]
    counts, other = workspace[extra + COUNTS], workspace[extra + OTHER]
    before, label = workspace[spare + 2], workspace[first + width]
    labels = _labels.first_draw(params[BATCH], capacity)
    loss[:] = 0.0
    _products.clear(gradient, 0, d)
    top = _sampling.choose_distinct(draws, params[BATCH], n, counts, chosen, marks)
    for slot in range(top):
        _sampling.gather(data, chosen, slot, workspace, first, 1, width + 1)
        if params.shape[0] > PARAMS:
            _labels.other_classes(other, label, slot, draws, labels, classes)
            _labels.replace(label, other, slot, draws, labels, params[PARAMS:], data)
        for k in range(classes):
            _products.lane_margins(workspace, BLOCK * k, x, k * width, workspace, first, width)
        before[:] = loss
        softmax_terms(workspace, 0, classes, label, spare, loss)
        restrict(workspace, 0, classes, slot, counts, loss, before)
        for k in range(classes):
            _products.add_lane_multiples(gradient, k * width, workspace, BLOCK * k, workspace, first, width)
    regularise(x, params, counts, gradient, loss)
    _sampling.unmark(chosen, top, marks)
    _products.clear(workspace, 0, first + width + 1)
