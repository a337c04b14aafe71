/* One run after the other, as one writes it in C. Built with -O3 -march=native. */
#include "setting.h"
#include "scalar_draws.h"

static inline double value_and_gradient(const setting *s, const double *x, double *gradient)
{
    double loss = 0.0;
#if OBJECTIVE == QUADRATIC
    for (int i = 0; i < DIM; i++) {
        gradient[i] = s->eigenvalues[i] * x[i];
        loss += 0.5 * gradient[i] * x[i];
    }
#elif OBJECTIVE == ROSENBROCK
    gradient[0] = 0.0;
    for (int i = 0; i < DIM - 1; i++) {
        double bend = x[i + 1] - x[i] * x[i], rest = 1.0 - x[i];
        loss += 100.0 * bend * bend + rest * rest;
        gradient[i] -= 400.0 * bend * x[i] + 2.0 * rest;
        gradient[i + 1] = 200.0 * bend;
    }
#elif OBJECTIVE == RASTRIGIN
    for (int i = 0; i < DIM; i++) {
        double sine, cosine;
        sincos(TWO_PI * x[i], &sine, &cosine);
        loss += x[i] * x[i] - 10.0 * cosine;
        gradient[i] = 2.0 * x[i] + 10.0 * TWO_PI * sine;
    }
    loss += 10.0 * DIM;
#elif OBJECTIVE == ACKLEY
    double squares = 0.0, cosines = 0.0;
    for (int i = 0; i < DIM; i++) {
        double sine, cosine;
        sincos(TWO_PI * x[i], &sine, &cosine);
        gradient[i] = sine;
        squares += x[i] * x[i];
        cosines += cosine;
    }
    double root = sqrt(squares / DIM), bowl = 20.0 * exp(-0.2 * root), waves = exp(cosines / DIM);
    double radial = root > 0.0 ? 0.2 * bowl / (DIM * root) : 0.0, wave = TWO_PI / DIM * waves;
    for (int i = 0; i < DIM; i++)
        gradient[i] = radial * x[i] + wave * gradient[i];
    loss = (20.0 - bowl) + (E - waves);
#endif
    return loss;
}

static void solve_one(const setting *s, const double *start, size_t stride, uint64_t run, double *end, double *best)
{
    double x[DIM], gradient[DIM], lr = s->lr0, smallest = INFINITY;
#if ADAM
    double first[DIM] = {0.0}, second[DIM] = {0.0}, power1 = 1.0, power2 = 1.0;
#endif
#if GREEDY
    double record = INFINITY, good = 0.0, bad = 0.0;
#endif
#if DISTURBANCE == PERIODIC_SPIKE || DISTURBANCE == RANDOM_SPIKE
    double previous = 1.0;
#endif
#if DISTURBANCE == GRADIENT_NOISE || DISTURBANCE == RANDOM_SPIKE
    generator random = seeded(run);
#endif
    for (int i = 0; i < DIM; i++)
        x[i] = start[i * stride];
    for (int64_t t = 0; t < s->steps; t++) {
        double loss = value_and_gradient(s, x, gradient), observed = loss;
        smallest = loss < smallest ? loss : smallest;
#if DISTURBANCE == GRADIENT_NOISE
        for (int i = 0; i < DIM; i++)
            gradient[i] += s->sigma * normal(&random);
#elif DISTURBANCE == PERIODIC_SPIKE
        if (t % s->period < s->duration)
            observed += s->strength * previous;
        previous = loss;
#elif DISTURBANCE == RANDOM_SPIKE
        if (uniform(&random) < s->probability)
            observed += s->strength * previous * (s->low + s->spread * uniform(&random));
        previous = loss;
#endif
#if ADAM
        power1 *= s->beta1;
        power2 *= s->beta2;
        double rate = lr / (1.0 - power1), inverse_root = 1.0 / sqrt(1.0 - power2);
        for (int i = 0; i < DIM; i++) {
            first[i] = s->beta1 * first[i] + (1.0 - s->beta1) * gradient[i];
            second[i] = s->beta2 * second[i] + (1.0 - s->beta2) * gradient[i] * gradient[i];
            x[i] -= rate * first[i] / (sqrt(second[i]) * inverse_root + s->eps);
        }
#else
        for (int i = 0; i < DIM; i++)
            x[i] -= lr * gradient[i];
#endif
#if GREEDY
        if (observed < record) {
            record = observed;
            good += 1.0;
            bad = 0.0;
        } else {
            good = 0.0;
            bad += 1.0;
        }
        if (good > s->patience) {
            good = 0.0;
            lr = fmin(lr / s->factor, s->max_lr);
        } else if (bad > s->patience) {
            bad = 0.0;
            lr = fmax(lr * s->factor, s->min_lr);
        }
#else
        lr = s->rates[t + 1];
#endif
    }
    *end = value_and_gradient(s, x, gradient);
    *best = *end < smallest ? *end : smallest;
}

/* starts (DIM, runs) in C order; end, best (runs); summary is that of lanes.c, not touched here */
void solve(const setting *s, int64_t runs, const double *starts, double *end, double *best, double *summary)
{
    prepare_draws();
    for (int64_t r = 0; r < runs; r++)
        solve_one(s, starts + r, (size_t)runs, (uint64_t)r, end + r, best + r);
}

/* count normals, then count uniforms, for a check of their moments */
void draw(int64_t count, double *normals, double *uniforms)
{
    prepare_draws();
    generator random = seeded(0);
    for (int64_t i = 0; i < count; i++)
        normals[i] = normal(&random);
    for (int64_t i = 0; i < count; i++)
        uniforms[i] = uniform(&random);
}
