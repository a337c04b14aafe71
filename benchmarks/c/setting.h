/* The numbers of a workload, in the order in which through_c.py writes them. Which objective, optimizer, schedule and
 * disturbance there are, and the dimension, are macros, so that the compiler sees one fused loop. */
#ifndef SETTING_H
#define SETTING_H
#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* values of OBJECTIVE and of DISTURBANCE */
#define QUADRATIC 1
#define ROSENBROCK 2
#define RASTRIGIN 3
#define ACKLEY 4
#define NONE 5
#define GRADIENT_NOISE 6
#define PERIODIC_SPIKE 7
#define RANDOM_SPIKE 8

typedef struct {
    double lr0, factor, patience, min_lr, max_lr, beta1, beta2, eps;
    double sigma, strength, probability, low, spread, tolerance;
    int64_t steps, period, duration;
    const double *eigenvalues; /* (DIM) */
    const double *rates;       /* (steps + 1), of the cosine schedule */
} setting;

#ifndef SUMMARIES
#define SUMMARIES 0
#endif
#define TWO_PI 6.283185307179586476925
#define E 2.718281828459045235360
#endif
