/* LANES runs together, structure of arrays, the lane innermost: the compiler vectorises every loop over lanes.
 * Dimension, lanes and what is computed are macros, so that all of it is fused and unrolled as it sees fit. */
#include "setting.h"
#include "lane_elementary.h"
#include "lane_draws.h"

#define EACH_LANE for (int lane = 0; lane < LANES; lane++)
typedef double row[LANES] __attribute__((aligned(64)));

static inline void value_and_gradient(const setting *s, row *restrict x, row *restrict gradient, double *restrict loss)
{
    EACH_LANE loss[lane] = 0.0;
#if OBJECTIVE == QUADRATIC
    for (int i = 0; i < DIM; i++) {
        double h = s->eigenvalues[i];
        EACH_LANE {
            double slope = h * x[i][lane];
            gradient[i][lane] = slope;
            loss[lane] += 0.5 * slope * x[i][lane];
        }
    }
#elif OBJECTIVE == ROSENBROCK
    row carried;
    EACH_LANE carried[lane] = 0.0;
    for (int i = 0; i < DIM - 1; i++)
        EACH_LANE {
            double here = x[i][lane], bend = x[i + 1][lane] - here * here, rest = 1.0 - here;
            loss[lane] += 100.0 * bend * bend + rest * rest;
            gradient[i][lane] = carried[lane] - (400.0 * bend * here + 2.0 * rest);
            carried[lane] = 200.0 * bend;
        }
    EACH_LANE gradient[DIM - 1][lane] = carried[lane];
#elif OBJECTIVE == RASTRIGIN
    for (int i = 0; i < DIM; i++)
        EACH_LANE {
            double sine, cosine;
            SINE_COSINE_TURN(x[i][lane], sine, cosine);
            loss[lane] += x[i][lane] * x[i][lane] - 10.0 * cosine;
            gradient[i][lane] = 2.0 * x[i][lane] + 10.0 * TWO_PI * sine;
        }
    EACH_LANE loss[lane] += 10.0 * DIM;
#elif OBJECTIVE == ACKLEY
    row squares, radial, wave;
    EACH_LANE squares[lane] = wave[lane] = 0.0;
    for (int i = 0; i < DIM; i++)
        EACH_LANE {
            double sine, cosine;
            SINE_COSINE_TURN(x[i][lane], sine, cosine);
            gradient[i][lane] = sine;
            squares[lane] += x[i][lane] * x[i][lane];
            wave[lane] += cosine;
        }
    EACH_LANE {
        double root = sqrt(squares[lane] / DIM), bowl = 20.0 * EXP(-0.2 * root), waves = EXP(wave[lane] / DIM);
        radial[lane] = root > 0.0 ? 0.2 * bowl / (DIM * root) : 0.0;
        wave[lane] = TWO_PI / DIM * waves;
        loss[lane] = (20.0 - bowl) + (E - waves);
    }
    for (int i = 0; i < DIM; i++)
        EACH_LANE gradient[i][lane] = radial[lane] * x[i][lane] + wave[lane] * gradient[i][lane];
#endif
}

/* rows of the summary: what simulate() returns of each run besides the loss at the end and the smallest */
enum { FINAL, PEAK, TAIL_SUM, REACHED, CHANGES, RATE_SUM, ENDED, SUMMARIES_ROWS };

static void solve_block(const setting *s, row *restrict x, uint64_t first_run, double *restrict end,
                        double *restrict best, row *restrict summary)
{
#if SUMMARIES
    row level, before;
    EACH_LANE {
        summary[PEAK][lane] = -INFINITY;
        summary[REACHED][lane] = summary[ENDED][lane] = -1.0;
        summary[FINAL][lane] = summary[TAIL_SUM][lane] = summary[CHANGES][lane] = summary[RATE_SUM][lane] = 0.0;
        before[lane] = s->lr0;
    }
#endif
    row gradient[DIM], loss, observed, lr;
#if ADAM
    row first[DIM], second[DIM];
    for (int i = 0; i < DIM; i++)
        EACH_LANE first[i][lane] = second[i][lane] = 0.0;
    double power1 = 1.0, power2 = 1.0;
#endif
#if GREEDY
    row record, good, bad;
    EACH_LANE {
        record[lane] = INFINITY;
        good[lane] = bad[lane] = 0.0;
    }
#endif
#if DISTURBANCE == PERIODIC_SPIKE || DISTURBANCE == RANDOM_SPIKE
    row previous;
    EACH_LANE previous[lane] = 1.0;
#endif
#if DISTURBANCE == GRADIENT_NOISE || DISTURBANCE == RANDOM_SPIKE
    generators random;
    seed(&random, first_run);
#endif
    EACH_LANE {
        lr[lane] = s->lr0;
        best[lane] = INFINITY;
    }
    for (int64_t t = 0; t < s->steps; t++) {
        value_and_gradient(s, x, gradient, loss);
        EACH_LANE best[lane] = loss[lane] < best[lane] ? loss[lane] : best[lane];
#if SUMMARIES
        if (t == 0)
            EACH_LANE level[lane] = s->tolerance * loss[lane]; /* the minimum is 0 in all workloads */
        double now = (double)t, tail = t >= s->steps - 10 ? 1.0 : 0.0;
        row check;
        EACH_LANE check[lane] = loss[lane] * 0.0;
        for (int i = 0; i < DIM; i++)
            EACH_LANE check[lane] += x[i][lane] * 0.0;
        EACH_LANE {
            /* a number times zero is zero unless it is NaN or infinite; an ended run stays so, since NaN does */
            summary[ENDED][lane] = check[lane] != 0.0 && summary[ENDED][lane] < 0.0 ? now : summary[ENDED][lane];
            summary[FINAL][lane] = loss[lane];
            summary[PEAK][lane] = loss[lane] > summary[PEAK][lane] ? loss[lane] : summary[PEAK][lane];
            summary[TAIL_SUM][lane] += tail * loss[lane];
            int first = (summary[REACHED][lane] < 0.0) & (loss[lane] <= level[lane]);
            summary[REACHED][lane] = first ? now : summary[REACHED][lane];
            summary[CHANGES][lane] += lr[lane] != before[lane] ? 1.0 : 0.0;
            summary[RATE_SUM][lane] += lr[lane];
            before[lane] = lr[lane];
        }
#endif
#if DISTURBANCE == GRADIENT_NOISE
        double sigma = s->sigma;
        for (int i = 0; i < DIM; i += 2) {
            row z0, z1;
            normals(&random, z0, z1);
            EACH_LANE gradient[i][lane] += sigma * z0[lane];
            if (i + 1 < DIM)
                EACH_LANE gradient[i + 1][lane] += sigma * z1[lane];
        }
#elif DISTURBANCE == PERIODIC_SPIKE
        double height = t % s->period < s->duration ? s->strength : 0.0;
        EACH_LANE {
            observed[lane] = loss[lane] + height * previous[lane];
            previous[lane] = loss[lane];
        }
#elif DISTURBANCE == RANDOM_SPIKE
        double strength = s->strength, probability = s->probability, low = s->low, spread = s->spread;
        row chance, size;
        uniforms(&random, chance);
        uniforms(&random, size);
        EACH_LANE {
            double spike = strength * previous[lane] * (low + spread * size[lane]);
            observed[lane] = loss[lane] + (chance[lane] < probability ? spike : 0.0);
            previous[lane] = loss[lane];
        }
#endif
#if DISTURBANCE == NONE || DISTURBANCE == GRADIENT_NOISE
        EACH_LANE observed[lane] = loss[lane];
#endif
#if ADAM
        power1 *= s->beta1;
        power2 *= s->beta2;
        double scale = 1.0 / (1.0 - power1), inverse_root = 1.0 / sqrt(1.0 - power2);
        double beta1 = s->beta1, beta2 = s->beta2, eps = s->eps;
        for (int i = 0; i < DIM; i++)
            EACH_LANE {
                double slope = gradient[i][lane];
                double m = beta1 * first[i][lane] + (1.0 - beta1) * slope;
                double v = beta2 * second[i][lane] + (1.0 - beta2) * slope * slope;
                first[i][lane] = m;
                second[i][lane] = v;
                x[i][lane] -= lr[lane] * scale * m / (sqrt(v) * inverse_root + eps);
            }
#else
        for (int i = 0; i < DIM; i++)
            EACH_LANE x[i][lane] -= lr[lane] * gradient[i][lane];
#endif
#if GREEDY
        double factor = s->factor, inverse = 1.0 / s->factor, patience = s->patience;
        double min_lr = s->min_lr, max_lr = s->max_lr;
        EACH_LANE {
            int better = observed[lane] < record[lane];
            double rising = better ? good[lane] + 1.0 : 0.0, falling = better ? 0.0 : bad[lane] + 1.0;
            double rate = lr[lane], up = rate * inverse, down = rate * factor;
            up = up < max_lr ? up : max_lr;
            down = down > min_lr ? down : min_lr;
            record[lane] = better ? observed[lane] : record[lane];
            lr[lane] = rising > patience ? up : falling > patience ? down : rate;
            good[lane] = rising > patience ? 0.0 : rising;
            bad[lane] = falling > patience ? 0.0 : falling;
        }
#else
        double rate = s->rates[t + 1];
        EACH_LANE lr[lane] = rate;
#endif
    }
    value_and_gradient(s, x, gradient, end);
    EACH_LANE best[lane] = end[lane] < best[lane] ? end[lane] : best[lane];
}

/* starts (DIM, runs) in C order; end, best (runs); summary (SUMMARIES_ROWS, runs) if SUMMARIES, else not touched. The
 * last block is filled up with copies of the last run. */
void solve(const setting *s, int64_t runs, const double *starts, double *end, double *best, double *summary)
{
    row x[DIM], last, smallest, rows[SUMMARIES_ROWS];
    for (int64_t from = 0; from < runs; from += LANES) {
        int64_t count = runs - from < LANES ? runs - from : LANES;
        for (int i = 0; i < DIM; i++)
            EACH_LANE x[i][lane] = starts[i * runs + from + (lane < count ? lane : count - 1)];
        solve_block(s, x, (uint64_t)from, last, smallest, rows);
        for (int k = 0; SUMMARIES && k < SUMMARIES_ROWS; k++)
            for (int64_t lane = 0; lane < count; lane++)
                summary[k * runs + from + lane] = rows[k][lane];
        for (int64_t lane = 0; lane < count; lane++) {
            end[from + lane] = last[lane];
            best[from + lane] = smallest[lane];
        }
    }
}

/* count normals, then count uniforms, count a multiple of 2 LANES, for a check of their moments */
void draw(int64_t count, double *normal, double *uniform)
{
    generators random;
    seed(&random, 0);
    for (int64_t from = 0; from < count; from += 2 * LANES) {
        row z0, z1, u0, u1;
        normals(&random, z0, z1);
        uniforms(&random, u0);
        uniforms(&random, u1);
        EACH_LANE {
            normal[from + lane] = z0[lane];
            normal[from + LANES + lane] = z1[lane];
            uniform[from + lane] = u0[lane];
            uniform[from + LANES + lane] = u1[lane];
        }
    }
}
