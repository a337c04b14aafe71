/* exp, log and sine/cosine of a turn in loops over lanes: with LIBMVEC the vector functions of the C library, called by
 * their declared vector variants; else the minimax polynomials of fdlibm, which the compiler inlines. */
#ifndef LANE_ELEMENTARY_H
#define LANE_ELEMENTARY_H
#include "setting.h"
#include <string.h>

#if LIBMVEC
/* other names than those the compiler knows, so that it does not merge sine and cosine into one scalar call */
#define VECTORISED __attribute__((simd("notinbranch"), const))
VECTORISED double lane_exp(double) __asm__("exp");
VECTORISED double lane_log(double) __asm__("log");
VECTORISED double lane_sine(double) __asm__("sin");
VECTORISED double lane_cosine(double) __asm__("cos");
#define EXP(x) lane_exp(x)
#define LOG(x) lane_log(x)
#define SINE_COSINE_TURN(turns, sine, cosine)                                                                          \
    do {                                                                                                               \
        double angle_ = TWO_PI * (turns);                                                                              \
        sine = lane_sine(angle_);                                                                                      \
        cosine = lane_cosine(angle_);                                                                                  \
    } while (0)
#else
#define EXP(x) polynomial_exp(x)
#define LOG(x) polynomial_log(x)
#define SINE_COSINE_TURN(turns, sine, cosine) polynomial_sine_cosine(turns, &(sine), &(cosine))
#define INLINED static inline __attribute__((always_inline))

/* adding 1.5 * 2^52 rounds to the nearest integer, which then stands in the low bits. The sum is hidden from the
 * optimiser by way of its bits: with -ffast-math it would undo it. */
#define ROUNDER 6755399441055744.0
#define ROUNDER_BITS 0x4338000000000000

INLINED int64_t bits_of(double x)
{
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

INLINED double of_bits(int64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* for |x| < 700, which is all that is asked of it here */
INLINED double polynomial_exp(double x)
{
    int64_t exponent = bits_of(x * 1.44269504088896338700e00 + ROUNDER) - ROUNDER_BITS;
    double whole = (double)exponent;
    double high = x - whole * 6.93147180369123816490e-01, low = whole * 1.90821492927058770002e-10;
    double r = high - low, q = r * r;
    double c = r - q * (1.66666666666666019037e-01 +
                        q * (-2.77777777770155933842e-03 +
                             q * (6.61375632143793436117e-05 +
                                  q * (-1.65339022054652515390e-06 + q * 4.13813679705723846039e-08))));
    double y = 1.0 - ((low - (r * c) / (2.0 - c)) - high);
    return y * of_bits((exponent + 1023) << 52);
}

/* for normal positive x */
INLINED double polynomial_log(double x)
{
    int64_t carried = bits_of(x) + (0x3FF0000000000000 - 0x3FE6A09E667F3BCD);
    double k = (double)((carried >> 52) - 1023);
    double f = of_bits((carried & 0x000FFFFFFFFFFFFF) + 0x3FE6A09E667F3BCD) - 1.0;
    double s = f / (2.0 + f), z = s * s, w = z * z;
    double even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    double odd = z * (6.666666666666735130e-01 +
                      w * (2.857142874366239149e-01 +
                           w * (1.818357216161805012e-01 + w * 1.479819860510658591e-01)));
    double half = 0.5 * f * f;
    return k * 6.93147180369123816490e-01 -
           ((half - (s * (half + (even + odd)) + k * 1.90821492927058770002e-10)) - f);
}

/* for |turns| < 2^48 */
INLINED void polynomial_sine_cosine(double turns, double *sine, double *cosine)
{
    int64_t quarter = bits_of(4.0 * turns + ROUNDER) - ROUNDER_BITS;
    double angle = (4.0 * turns - (double)quarter) * 1.57079632679489661923, z = angle * angle;
    double s = angle + angle * z *
                           (-1.66666666666666324348e-01 +
                            z * (8.33333333332248946124e-03 +
                                 z * (-1.98412698298579493134e-04 +
                                      z * (2.75573137070700676789e-06 +
                                           z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)))));
    double rest = z * z *
                  (4.16666666666666019037e-02 +
                   z * (-1.38888888888741095749e-03 +
                        z * (2.48015872894767294178e-05 +
                             z * (-2.75573143513906633035e-07 +
                                  z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11)))));
    double half = 0.5 * z, whole = 1.0 - half, c = whole + (((1.0 - whole) - half) + rest);
    double first = quarter & 1 ? c : s, second = quarter & 1 ? s : c;
    /* a sign is a bit */
    *sine = of_bits(bits_of(first) ^ ((quarter & 2) << 62));
    *cosine = of_bits(bits_of(second) ^ (((quarter + 1) & 2) << 62));
}
#endif
#endif
