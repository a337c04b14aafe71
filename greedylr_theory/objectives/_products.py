"""Products of data rows with iterates, for the finite sums: plain loops in a fixed order, no BLAS.

Every sum runs over features (margins) or samples (gradients) in their natural order, one addition at a time.
Tiles of samples and features keep partial sums in registers; since they leave that order alone, they change no bit,
and neither does the number of lanes.
"""

from __future__ import annotations

from greedylr_theory.compilation import subroutine


@subroutine
def block_margins(out, row, x, first, table, start, size, width):
    """out[row + s, lane] = sum_i table[start + s, i] x[first + i, lane] for s < size, i < width."""
    pairs = size - size % 2
    clear(out, row, size)
    for s in range(0, pairs, 2):
        add_to_two_margins(out, row + s, x, first, table, start + s, width)
    for s in range(pairs, size):
        add_to_margin(out, row + s, x, first, table, start + s, width)


@subroutine
def add_block_multiples(gradient, first, slopes, row, table, start, size, width):
    """gradient[first + i, lane] += table[start + s, i] slopes[row + s, lane] for s < size, i < width."""
    fours = size - size % 4
    for s in range(0, fours, 4):
        add_four_multiples(gradient, first, slopes, row + s, table, start + s, width)
    for s in range(fours, size):
        add_multiples(gradient, first, slopes, row + s, table, start + s, width)


@subroutine
def add_to_margin(out, row, x, first, table, sample, width):
    """Add the products of one sample to what `out` holds."""
    for i in range(width):
        a0, k = table[sample, i], first + i
        for lane in range(x.shape[1]):
            out[row, lane] += a0 * x[k, lane]


@subroutine
def add_to_two_margins(out, row, x, first, table, sample, width):
    """The same for two samples, four features at a time: the iterate is read once for both."""
    lanes = x.shape[1]
    end = width - width % 4
    for i in range(0, end, 4):
        a0, a1, a2, a3 = table[sample, i], table[sample, i + 1], table[sample, i + 2], table[sample, i + 3]
        b0, b1 = table[sample + 1, i], table[sample + 1, i + 1]
        b2, b3 = table[sample + 1, i + 2], table[sample + 1, i + 3]
        k = first + i
        for lane in range(lanes):
            x0, x1, x2, x3 = x[k, lane], x[k + 1, lane], x[k + 2, lane], x[k + 3, lane]
            out[row, lane] = (((out[row, lane] + a0 * x0) + a1 * x1) + a2 * x2) + a3 * x3
            out[row + 1, lane] = (((out[row + 1, lane] + b0 * x0) + b1 * x1) + b2 * x2) + b3 * x3
    for i in range(end, width):
        a0, b0, k = table[sample, i], table[sample + 1, i], first + i
        for lane in range(lanes):
            out[row, lane] += a0 * x[k, lane]
            out[row + 1, lane] += b0 * x[k, lane]


@subroutine
def add_multiples(gradient, first, slopes, row, table, sample, width):
    """Add the multiples of one sample."""
    for i in range(width):
        a0, k = table[sample, i], first + i
        for lane in range(gradient.shape[1]):
            gradient[k, lane] += a0 * slopes[row, lane]


@subroutine
def add_four_multiples(gradient, first, slopes, row, table, sample, width):
    """The same for four samples in their order, two features at a time."""
    lanes = gradient.shape[1]
    end = width - width % 2
    for i in range(0, end, 2):
        a0, a1, a2, a3 = table[sample, i], table[sample + 1, i], table[sample + 2, i], table[sample + 3, i]
        b0, b1 = table[sample, i + 1], table[sample + 1, i + 1]
        b2, b3 = table[sample + 2, i + 1], table[sample + 3, i + 1]
        k = first + i
        for lane in range(lanes):
            s0, s1, s2, s3 = slopes[row, lane], slopes[row + 1, lane], slopes[row + 2, lane], slopes[row + 3, lane]
            gradient[k, lane] = (((gradient[k, lane] + a0 * s0) + a1 * s1) + a2 * s2) + a3 * s3
            gradient[k + 1, lane] = (((gradient[k + 1, lane] + b0 * s0) + b1 * s1) + b2 * s2) + b3 * s3
    for i in range(end, width):
        a0, a1, a2, a3 = table[sample, i], table[sample + 1, i], table[sample + 2, i], table[sample + 3, i]
        k = first + i
        for lane in range(lanes):
            s0, s1, s2, s3 = slopes[row, lane], slopes[row + 1, lane], slopes[row + 2, lane], slopes[row + 3, lane]
            gradient[k, lane] = (((gradient[k, lane] + a0 * s0) + a1 * s1) + a2 * s2) + a3 * s3


@subroutine
def lane_margins(out, row, x, first, rows, start, width):
    """out[row, lane] = sum_i rows[start + i, lane] x[first + i, lane]: every lane has a sample of its own."""
    lanes = x.shape[1]
    end = width - width % 4
    clear(out, row, 1)
    for i in range(0, end, 4):
        k, j = first + i, start + i
        for lane in range(lanes):
            total = out[row, lane] + rows[j, lane] * x[k, lane]
            total += rows[j + 1, lane] * x[k + 1, lane]
            total += rows[j + 2, lane] * x[k + 2, lane]
            out[row, lane] = total + rows[j + 3, lane] * x[k + 3, lane]
    for i in range(end, width):
        for lane in range(lanes):
            out[row, lane] += rows[start + i, lane] * x[first + i, lane]


@subroutine
def add_lane_multiples(gradient, first, slopes, row, rows, start, width):
    """gradient[first + i, lane] += rows[start + i, lane] slopes[row, lane], i < width."""
    for i in range(width):
        for lane in range(gradient.shape[1]):
            gradient[first + i, lane] += rows[start + i, lane] * slopes[row, lane]


@subroutine
def clear(rows, first, count):
    """Zeros in rows `first` .. `first + count - 1`."""
    for i in range(first, first + count):
        for lane in range(rows.shape[1]):
            rows[i, lane] = 0.0
