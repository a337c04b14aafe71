/* xoshiro256++ (Blackman and Vigna 2021), one generator per run, and the ziggurat method with 256 layers
 * (Marsaglia and Tsang 2000, in the form of Doornik 2005, with 53 bits independent of those that choose the layer). */
#ifndef SCALAR_DRAWS_H
#define SCALAR_DRAWS_H
#include "setting.h"

typedef struct {
    uint64_t word[4];
} generator;

static inline uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static inline generator seeded(uint64_t run)
{
    /* the finaliser of a counter: far apart although runs are neighbours */
    uint64_t state = run, mixed = splitmix(&state);
    generator random;
    for (int k = 0; k < 4; k++)
        random.word[k] = splitmix(&mixed);
    return random;
}

static inline uint64_t rotated(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

static inline uint64_t next(generator *random)
{
    uint64_t *w = random->word, result = rotated(w[0] + w[3], 23) + w[0], shifted = w[1] << 17;
    w[2] ^= w[0];
    w[3] ^= w[1];
    w[1] ^= w[2];
    w[0] ^= w[3];
    w[2] ^= shifted;
    w[3] = rotated(w[3], 45);
    return result;
}

static inline double uniform(generator *random) { return (double)(int64_t)(next(random) >> 11) * 0x1p-53; }

#define LAYERS 256
#define TAIL 3.6541528853610087963519472518
#define AREA 0.00492867323399
static double edge[LAYERS + 1], height[LAYERS + 1], ratio[LAYERS];
static int prepared;

static void prepare_draws(void)
{
    if (prepared)
        return;
    edge[0] = AREA / exp(-0.5 * TAIL * TAIL);
    edge[1] = TAIL;
    for (int i = 2; i < LAYERS; i++)
        edge[i] = sqrt(-2.0 * log(AREA / edge[i - 1] + exp(-0.5 * edge[i - 1] * edge[i - 1])));
    edge[LAYERS] = 0.0;
    for (int i = 0; i < LAYERS; i++)
        ratio[i] = edge[i + 1] / edge[i];
    for (int i = 0; i <= LAYERS; i++)
        height[i] = exp(-0.5 * edge[i] * edge[i]);
    prepared = 1;
}

static double beyond_edge(generator *random, double u, unsigned layer)
{
    for (;;) {
        if (layer == 0) {
            double x, y;
            do {
                x = log(1.0 - uniform(random)) / TAIL;
                y = log(1.0 - uniform(random));
            } while (-2.0 * y < x * x);
            return u < 0.0 ? x - TAIL : TAIL - x;
        }
        double x = u * edge[layer];
        if (height[layer] + uniform(random) * (height[layer + 1] - height[layer]) < exp(-0.5 * x * x))
            return x;
        uint64_t bits = next(random);
        layer = bits & (LAYERS - 1);
        u = (double)((int64_t)bits >> 11) * 0x1p-52;
        if (fabs(u) < ratio[layer])
            return u * edge[layer];
    }
}

static inline double normal(generator *random)
{
    uint64_t bits = next(random);
    unsigned layer = bits & (LAYERS - 1);
    double u = (double)((int64_t)bits >> 11) * 0x1p-52; /* in [-1, 1) */
    return __builtin_expect(fabs(u) < ratio[layer], 1) ? u * edge[layer] : beyond_edge(random, u, layer);
}
#endif
