/* Comfort noise (RFC 3389): what a background sounds like, in a few bytes, and noise that
 * sounds like it.
 *
 * WebRTC's own generator stays out: its filter of 16-bit integers gets loud and unstable on
 * coefficients that a far end may well send, and the source it comes in is optional here. A
 * lattice is stable whatever comes, and its output has the level that was asked for.
 */
#include "tuiphone.h"

#include <math.h>
#include <stdlib.h>

#include <pjmedia/stream.h>

/* Reflection coefficients: sent by us, and taken from others. */
#define SENT 8
#define TAKEN 12
#define LARGEST 0.99f
#define LONGEST 640

/* dBov (section 3.1) is relative to a square wave as loud as can be. */
#define FULL_POWER (32768.0f * 32768.0f)
#define SILENCE 127
/* No background is louder; the ear is not to suffer from one who says so. */
#define LOUDEST 25

/* A description that is lost is missed for so long; and a change of the background. */
#define USUAL_MS 500
#define SOONEST_MS 100
#define CHANGE_DB 3

/* How quickly our measure follows the background, and the ear a new description, as parts
 * of a frame of 20 and of 10 ms. */
#define MEASURE 0.2f
#define GLIDE 0.2f

typedef struct noise {
    unsigned rate;

    /* Of ours, on the thread that sends. */
    float power;
    float lags[SENT + 1];
    unsigned since_ms;
    int told;

    /* Of the far end's, under the jitter buffer's lock. */
    float wanted_power, played_power;
    float wanted[TAKEN], played[TAKEN];
    float state[TAKEN + 1];
    pj_uint32_t seed;
} noise;

static void *create(pj_pool_t *pool, unsigned rate)
{
    noise *n = PJ_POOL_ZALLOC_T(pool, noise);

    n->rate = rate;
    n->seed = 1;
    return n;
}

/* ---- describing ours ---------------------------------------------------- */

static void measure(noise *n, const pj_int16_t *samples, unsigned count, float part)
{
    static const float two_pi = 6.2831853f;
    float shaped[LONGEST], power = 0.0f;
    unsigned i, lag;

    for (i = 0; i < count; ++i) {
        float window = 0.5f - 0.5f * cosf(two_pi * ((float)i + 0.5f) / (float)count);

        power += (float)samples[i] * (float)samples[i];
        shaped[i] = (float)samples[i] * window;
    }
    n->power += part * (power / (float)count - n->power);
    for (lag = 0; lag <= SENT; ++lag) {
        float sum = 0.0f;

        for (i = lag; i < count; ++i)
            sum += shaped[i] * shaped[i - lag];
        n->lags[lag] += part * (sum / (float)count - n->lags[lag]);
    }
}

/* Levinson and Durbin: how lags of an autocorrelation follow from one another. */
static void reflect(const float *lags, float *coefficients)
{
    float filter[SENT + 1] = {1.0f}, error = lags[0] * 1.0001f + 1.0f;
    unsigned i, j;

    for (i = 1; i <= SENT; ++i) {
        float next[SENT + 1], sum = 0.0f, k;

        for (j = 0; j < i; ++j)
            sum += filter[j] * lags[i - j];
        k = -sum / error;
        k = k > LARGEST ? LARGEST : k < -LARGEST ? -LARGEST : k;
        for (j = 1; j < i; ++j)
            next[j] = filter[j] + k * filter[i - j];
        next[i] = k;
        for (j = 1; j <= i; ++j)
            filter[j] = next[j];
        error *= 1.0f - k * k;
        coefficients[i - 1] = k;
    }
}

static int level_of(float power)
{
    float level = power > 0.0f ? -10.0f * log10f(power / FULL_POWER) : SILENCE;

    return level >= SILENCE ? SILENCE : level <= 0.0f ? 0 : (int)lrintf(level);
}

static unsigned describe(void *of, const pj_int16_t *samples, unsigned count, pj_bool_t begins,
                         pj_uint8_t *payload, unsigned room)
{
    noise *n = of;
    float coefficients[SENT];
    unsigned i;
    int level;

    count = PJ_MIN(count, LONGEST);
    measure(n, samples, count, begins ? 1.0f : MEASURE);
    level = level_of(n->power);
    n->since_ms += count * 1000 / n->rate;
    if (!begins && n->since_ms < USUAL_MS &&
        (n->since_ms < SOONEST_MS || abs(level - n->told) < CHANGE_DB))
        return 0;
    if (room < 1 + SENT)
        return 0;

    n->since_ms = 0;
    n->told = level;
    payload[0] = (pj_uint8_t)level;
    /* The clock rate that goes with them says 8000: the spectrum of another is nobody's. */
    if (n->rate != 8000 || level == SILENCE)
        return 1;
    reflect(n->lags, coefficients);
    for (i = 0; i < SENT; ++i)
        payload[1 + i] = (pj_uint8_t)lrintf(127.0f + coefficients[i] * 127.0f);
    return 1 + SENT;
}

/* ---- playing the far end's ---------------------------------------------- */

static void learn(void *of, const pj_uint8_t *payload, unsigned size)
{
    noise *n = of;
    unsigned level = payload[0] & 0x7f, i;

    n->wanted_power = level == SILENCE
                          ? 0.0f
                          : FULL_POWER * powf(10.0f, (float)PJ_MAX(level, LOUDEST) / -10.0f);
    for (i = 0; i < TAKEN; ++i) {
        float k = 0.0f;

        if (n->rate == 8000 && i + 1 < size)
            k = ((float)payload[i + 1] - 127.0f) * 258.0f / 32768.0f;
        n->wanted[i] = k > LARGEST ? LARGEST : k < -LARGEST ? -LARGEST : k;
    }
}

/* White, with a power of one. */
static float white(noise *n)
{
    n->seed = n->seed * 1664525u + 1013904223u;
    return ((float)(n->seed >> 8) / 8388608.0f - 1.0f) * 1.7320508f;
}

static void generate(void *of, pj_int16_t *samples, unsigned count, pj_bool_t begins)
{
    noise *n = of;
    float part = begins ? 1.0f : GLIDE, gain, power, most;
    unsigned i;
    int stage;

    n->played_power += part * (n->wanted_power - n->played_power);
    power = n->played_power;
    for (i = 0; i < TAKEN; ++i) {
        n->played[i] += part * (n->wanted[i] - n->played[i]);
        power *= 1.0f - n->played[i] * n->played[i];
    }
    gain = sqrtf(power);
    /* Noise hardly gets there; what swings from one odd filter to another does. */
    most = PJ_MIN(3.0f * sqrtf(n->played_power), 32767.0f);

    for (i = 0; i < count; ++i) {
        float forward = gain * white(n);

        for (stage = TAKEN - 1; stage >= 0; --stage) {
            forward -= n->played[stage] * n->state[stage];
            n->state[stage + 1] = n->state[stage] + n->played[stage] * forward;
        }
        forward = forward > most ? most : forward < -most ? -most : forward;
        n->state[0] = forward;
        samples[i] = (pj_int16_t)forward;
    }
}

static const pjmedia_noise_op ours = {
    .create = &create,
    .describe = &describe,
    .learn = &learn,
    .generate = &generate,
};

void tuiphone_noise_set(int on)
{
    pjmedia_noise = on ? &ours : NULL;
}
