"""The only loop: `advance` moves blocks of B runs through time, compiled once and cached.

A call from Python with function pointers costs about half a millisecond, so the loop over blocks is in here.
Everything that changes is an argument, so any block can be split, stopped and resumed without changing a bit.
"""

from __future__ import annotations

import numpy as np
from numba import types

from greedylr_theory.compilation import kernel, subroutine
from greedylr_theory.contracts import (
    CUBE,
    DATA,
    MATRIX,
    OBJECTIVE,
    OPTIMIZER,
    PERTURBATION,
    SCHEDULER,
    SEARCH,
    SLOTS,
    Status,
    scheduler_kernel,
    search_kernel,
)
from greedylr_theory.simulation.draws import Stream, normals_into, uniforms_into

#: rows of the summary (S, B); PREVIOUS and LEVEL are the driver's own memory
FINAL, BEST, PEAK, END, REACHED, CHANGES, RATE_SUM, TAIL_SUM, PREVIOUS, LEVEL = range(10)
SUMMARY_ROWS = 10
#: rows of a record (4, B)
LOSS, OBSERVED, FULL_LOSS, RATE = range(4)
#: columns of the plan, one row per slot: what the slot sets and in which row of its parameters, the first step and
#: the one after the last, its rows of the schedulers' parameters and state, and two flags
TARGET, ROW, FIRST, LAST, PARAMS_FROM, PARAMS_TO, STATE_FROM, STATE_TO, SEARCHES, WHOLE = range(10)
#: values of TARGET: the step size, or a number of the optimizer or the objective
STEP_SIZE, OF_OPTIMIZER, OF_OBJECTIVE = range(3)
#: rows of the scratch space that hold one number per lane: losses, and what was seen of them
LOSS_ROWS = 5
#: the recovery ratio divides by the mean of this many last losses
TAIL = 10

_SAMPLE, _NORMAL, _UNIFORM = int(Stream.SAMPLE), int(Stream.NORMAL), int(Stream.UNIFORM)
_DIVERGED = int(Status.DIVERGED)
_INTEGERS = types.int64[:, ::1]
_KEYS = types.uint64[:, ::1]
_ADVANCE = types.void(
    types.FunctionType(OBJECTIVE),
    types.FunctionType(OBJECTIVE),
    types.FunctionType(PERTURBATION),
    *[types.FunctionType(SCHEDULER)] * SLOTS,
    types.FunctionType(SEARCH),
    types.FunctionType(OPTIMIZER),
    types.int64[:, ::1],
    types.UniTuple(types.int64, 3),
    types.UniTuple(types.int64, 2),
    types.float64,
    types.UniTuple(types.int64, 5),
    types.UniTuple(_KEYS, 2),
    CUBE,
    MATRIX,
    types.UniTuple(CUBE, 2),
    DATA,
    types.UniTuple(CUBE, 4),
    types.UniTuple(CUBE, 3),
    CUBE,
    types.UniTuple(_INTEGERS, 2),
    types.float64[:, :, :, ::1],
    MATRIX,
)


@subroutine
def end_lanes(t, loss, x, check, status, steps):
    """Mark lanes whose loss or iterate is not finite; returns how many lanes are still alive."""
    d, lanes = x.shape
    # a number times zero is zero unless it is NaN or infinite; four rows at a time, to go through `check` less often
    for lane in range(lanes):
        check[lane] = loss[lane] * 0.0
    whole = d - d % 4
    for i in range(0, whole, 4):
        x0, x1, x2, x3 = x[i], x[i + 1], x[i + 2], x[i + 3]
        for lane in range(lanes):
            check[lane] += (x0[lane] * 0.0 + x1[lane] * 0.0) + (x2[lane] * 0.0 + x3[lane] * 0.0)
    for i in range(whole, d):
        for lane in range(lanes):
            check[lane] += x[i, lane] * 0.0
    alive, ending = 0, 0
    for lane in range(lanes):
        going, broken = status[lane] == 0, check[lane] != 0.0  # NaN differs from 0 as well
        ending += going & broken
        alive += going
    if ending == 0:
        return alive
    for lane in range(lanes):
        if status[lane] == 0 and check[lane] != 0.0:
            status[lane] = _DIVERGED
            steps[lane] = t
            for i in range(d):
                x[i, lane] = np.nan
    return alive - ending


@subroutine
def summarise(t, total, tolerance, loss, status, summary):
    """Running summaries of the recorded loss; a lane that has ended keeps what it had."""
    final, best, peak = summary[FINAL], summary[BEST], summary[PEAK]
    reached, level, tail = summary[REACHED], summary[LEVEL], summary[TAIL_SUM]
    if t == 0:
        for lane in range(loss.size):
            level[lane] += tolerance * (loss[lane] - level[lane])
    now = float(t)
    for lane in range(loss.size):
        # loads before choices, so that the choices become selects and the loop is vectorised
        value, going, goal = loss[lane], status[lane] == 0, level[lane]
        last, low, high, first = final[lane], best[lane], peak[lane], reached[lane]
        lower = value if value < low else low
        higher = value if value > high else high
        time = now if value <= goal else first
        time = time if first < 0.0 else first
        final[lane] = value if going else last
        best[lane] = lower if going else low
        peak[lane] = higher if going else high
        reached[lane] = time if going else first
    if t >= total - TAIL:
        for lane in range(loss.size):
            before = tail[lane]
            after = before + loss[lane]
            tail[lane] = after if status[lane] == 0 else before


@subroutine
def count_rates(t, lr, status, summary):
    """Sum of the step sizes used and the number of changes between consecutive ones."""
    changes, total, previous = summary[CHANGES], summary[RATE_SUM], summary[PREVIOUS]
    change = 1.0 if t > 0 else 0.0
    for lane in range(lr.size):
        rate, going, count, used = lr[lane], status[lane] == 0, changes[lane], total[lane]
        more, after = count + change, used + rate
        more = more if rate != previous[lane] else count
        changes[lane] = more if going else count
        total[lane] = after if going else used
        previous[lane] = rate


def scratch_rows(dim: int, sizes: tuple[int, int, int, int, int], searches: bool) -> int:
    """Rows of scratch space that `advance` needs for its gradients, losses, draws and trial points."""
    return 2 * dim + LOSS_ROWS + sum(sizes[:4]) + (2 * dim if searches else 0)


@scheduler_kernel
def no_scheduler(step, groups, observed, x, gradient, params, state, lr):
    """Fills the slots that a run does not use; never called."""


@search_kernel
def no_search(
    objective, step, loss, gradient, objective_params, data, draws, workspace, trial, trial_gradient, trial_loss,
    params, state, x, lr,
):  # fmt: skip
    """Fills the place of a search that a run does not make; never called."""


@subroutine
def write_control(plan, slot, level, optimizer_params, objective_params):
    """Put the level (B,) of one control into the row of parameters that its plug-in reads."""
    for lane in range(level.size):
        value = np.rint(level[lane]) if plan[slot, WHOLE] == 1 else level[lane]
        if plan[slot, TARGET] == OF_OPTIMIZER:
            optimizer_params[plan[slot, ROW], lane] = value
        else:
            objective_params[plan[slot, ROW], lane] = value


@kernel(_ADVANCE)
def advance(
    objective, full_objective, perturbation, first_slot, second_slot, third_slot, fourth_slot, search, optimizer, plan,
    span, recording, tolerance, sizes, keys, x, lr, levels, data, params, states, summary, endings, record, scratch,
):  # fmt: skip
    """Advance N blocks of B lanes from step `first` to step `last` of `total`.

    Args:
        first_slot ..: one scheduler per slot; `plan` (slots used, 10) says what each sets, when, from which rows.
        search: kernel of the slot whose SEARCHES is set.
        span: (first, last, total).
        recording: (stride, before): record every `stride` steps (0: never); `before` is 1 when the
            scheduler is stepped before the update.
        tolerance: relative suboptimality that REACHED waits for.
        sizes: rows of (sample draws, normal draws, uniform draws, workspace, 1 if the objective is sampled).
        keys: (problem key, replicate), each (N, B).
        x, lr: iterate (N, d, B) and step size (N, B).
        levels: of each slot, its first rate and the current value of the control it sets; each (N, slots, B).
        data: shared table of the objective.
        params: of objective, perturbation, scheduler, optimizer, each (N, p, B), or (1, p, B) when all blocks share it.
        states: of perturbation, scheduler, optimizer, each (N, s, B); (1, s, B) for schedulers that only read it.
        summary: (N, SUMMARY_ROWS, B); LEVEL holds f*, and from step 0 on the loss to reach.
        endings: (status, steps), each (N, B).
        record: (N, ceil(total / stride), 4, B), filled with NaN by the caller.
        scratch: (`scratch_rows`, B), zeros.
    """
    schedulers = (first_slot, second_slot, third_slot, fourth_slot)
    first, last, total = span
    stride, before = recording
    sample_rows, normal_rows, uniform_rows, workspace_rows, sampled = sizes
    dim, lanes, slots = x.shape[1], x.shape[2], plan.shape[0]
    gradient, full_gradient = scratch[:dim], scratch[dim : 2 * dim]
    rest = scratch[2 * dim :]
    loss, full_loss, observed, check, trial_loss = rest[0], rest[1], rest[2], rest[3], rest[4]
    rest = rest[LOSS_ROWS:]
    sample_draws, rest = rest[:sample_rows], rest[sample_rows:]
    noise, rest = rest[: normal_rows + uniform_rows], rest[normal_rows + uniform_rows :]
    workspace, trials = rest[:workspace_rows], rest[workspace_rows:]
    # empty unless a slot searches
    trial, trial_gradient = trials[: trials.shape[0] // 2], trials[trials.shape[0] // 2 :]
    for block in range(x.shape[0]):
        key, replicate = keys[0][block], keys[1][block]
        status, steps = endings[0][block], endings[1][block]
        point, rate, totals = x[block], lr[block], summary[block]
        # an array with a single block is shared by all
        of_objective = params[0][block % params[0].shape[0]]
        of_perturbation = params[1][block % params[1].shape[0]]
        of_schedulers = params[2][block % params[2].shape[0]]
        of_optimizer = params[3][block % params[3].shape[0]]
        disturbed, memories, moments = states[0][block], states[1][block % states[1].shape[0]], states[2][block]
        for t in range(first, last):
            uniforms_into(sample_draws, key, replicate, _SAMPLE, t)
            objective(point, of_objective, data, sample_draws, workspace, gradient, loss)
            alive = end_lanes(t, loss, point, check, status, steps)
            observed[:] = loss
            normals_into(noise[:normal_rows], key, replicate, _NORMAL, t)
            uniforms_into(noise[normal_rows:], key, replicate, _UNIFORM, t)
            recorded = stride > 0 and t % stride == 0
            if recorded:
                full_loss[:] = loss
                if sampled == 1:
                    full_objective(point, of_objective, data, sample_draws, workspace, full_gradient, full_loss)
            perturbation(t, loss, of_perturbation, noise, disturbed, observed, gradient, point)
            summarise(t, total, tolerance, loss, status, totals)
            for slot in range(slots if before == 1 else 0):
                if plan[slot, TARGET] == STEP_SIZE and plan[slot, FIRST] <= t < plan[slot, LAST]:
                    own = of_schedulers[plan[slot, PARAMS_FROM] : plan[slot, PARAMS_TO]]
                    memory = memories[plan[slot, STATE_FROM] : plan[slot, STATE_TO]]
                    if t == plan[slot, FIRST]:
                        rate[:] = levels[0][block, slot]
                    if plan[slot, SEARCHES] == 1:
                        search(
                            objective, t - plan[slot, FIRST], loss, gradient, of_objective, data, sample_draws,
                            workspace, trial, trial_gradient, trial_loss, own, memory, point, rate,
                        )  # fmt: skip
                    else:
                        schedulers[slot](t - plan[slot, FIRST], 1, observed, point, gradient, own, memory, rate)
            count_rates(t, rate, status, totals)
            if recorded:
                row = record[block, t // stride]
                for lane in range(lanes):
                    if status[lane] == 0 or steps[lane] == t:
                        row[LOSS, lane] = loss[lane]
                        row[OBSERVED, lane] = observed[lane]
                        row[FULL_LOSS, lane] = full_loss[lane]
                    if status[lane] == 0:
                        row[RATE, lane] = rate[lane]
            if alive == 0:
                break
            optimizer(t, rate, gradient, of_optimizer, moments, point)
            step = t + 1
            for slot in range(slots):
                if plan[slot, FIRST] <= step < plan[slot, LAST] and (before == 0 or plan[slot, TARGET] != STEP_SIZE):
                    own = of_schedulers[plan[slot, PARAMS_FROM] : plan[slot, PARAMS_TO]]
                    memory = memories[plan[slot, STATE_FROM] : plan[slot, STATE_TO]]
                    level = rate if plan[slot, TARGET] == STEP_SIZE else levels[1][block, slot]
                    if step == plan[slot, FIRST]:
                        level[:] = levels[0][block, slot]
                    schedulers[slot](step - plan[slot, FIRST], 1, observed, point, gradient, own, memory, level)
                    if plan[slot, TARGET] != STEP_SIZE:
                        write_control(plan, slot, level, of_optimizer, of_objective)
        if last == total:
            full_objective(point, of_objective, data, sample_draws, workspace, full_gradient, full_loss)
            end_lanes(total, full_loss, point, check, status, steps)
            for lane in range(lanes):
                totals[END, lane] = full_loss[lane]
