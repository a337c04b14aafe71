/* xoshiro256++ (Blackman and Vigna 2021), one generator per lane, side by side, and the method of Box and Muller
 * (1958) with 53 random bits in radius and angle. The ziggurat's table and rejections do not vectorise. */
#ifndef LANE_DRAWS_H
#define LANE_DRAWS_H
#include "lane_elementary.h"

typedef struct {
    uint64_t a[LANES], b[LANES], c[LANES], d[LANES];
} __attribute__((aligned(64))) generators;

static inline uint64_t mixed(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static inline void seed(generators *g, uint64_t first_run)
{
    for (int lane = 0; lane < LANES; lane++) {
        const uint64_t golden = 0x9E3779B97F4A7C15u;
        uint64_t state = mixed((first_run + lane) + golden);
        g->a[lane] = mixed(state + golden);
        g->b[lane] = mixed(state + 2 * golden);
        g->c[lane] = mixed(state + 3 * golden);
        g->d[lane] = mixed(state + 4 * golden);
    }
}

static inline __attribute__((always_inline)) uint64_t rotated(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

static inline __attribute__((always_inline)) uint64_t next(generators *restrict g, int lane)
{
    uint64_t a = g->a[lane], b = g->b[lane], c = g->c[lane], d = g->d[lane];
    uint64_t result = rotated(a + d, 23) + a, shifted = b << 17;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotated(d, 45);
    g->a[lane] = a;
    g->b[lane] = b;
    g->c[lane] = c;
    g->d[lane] = d;
    return result;
}

static inline __attribute__((always_inline)) double unit(uint64_t bits) { return (double)(int64_t)(bits >> 11) * 0x1p-53; }

static inline void uniforms(generators *restrict g, double *restrict u)
{
    for (int lane = 0; lane < LANES; lane++)
        u[lane] = unit(next(g, lane));
}

static inline void normals(generators *restrict g, double *restrict z0, double *restrict z1)
{
    for (int lane = 0; lane < LANES; lane++) {
        double radius = sqrt(-2.0 * LOG(1.0 - unit(next(g, lane)))), sine, cosine;
        double turns = unit(next(g, lane));
        SINE_COSINE_TURN(turns, sine, cosine);
        z0[lane] = radius * cosine;
        z1[lane] = radius * sine;
    }
}
#endif
