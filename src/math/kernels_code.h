/* The code behind kernels.h, included by one file for each instruction set, which
 * defines KERNELS, KERNELS_NAME and REGISTER_FLOATS. */
#include <string.h>

#include "math/kernels_all.h"
#include "math/pass.h"
#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

/* A register of the instruction set, and the same anywhere in memory. */
typedef float lanes __attribute__((vector_size(REGISTER_FLOATS * sizeof(float))));
typedef lanes lanes_at __attribute__((aligned(sizeof(float)), may_alias));

/* value where a bit is set, else +0.0: bits from `first` on belong to the lanes. */
static inline lanes kept_lanes(lanes value, uint16_t bits, size_t first)
{
#if defined(__AVX512F__)
    (void)first;
    return (lanes)_mm512_maskz_mov_ps(bits, (__m512)value);
#elif defined(__AVX2__)
    const __m256i powers = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i own = _mm256_and_si256(_mm256_set1_epi32(bits >> first), powers);
    return (lanes)_mm256_and_ps((__m256)value, (__m256)_mm256_cmpeq_epi32(own, powers));
#else
    for (size_t i = 0; i < REGISTER_FLOATS; i++)
        value[i] = bits >> first >> i & 1 ? value[i] : 0.0f;
    return value;
#endif
}

static void keep(float *w, const uint16_t *kept, size_t words)
{
    lanes_at *out = (lanes_at *)w;
    for (size_t i = 0; i < words; i++)
        for (size_t first = 0; first < PASS_LANES; first += REGISTER_FLOATS, out++)
            *out = kept_lanes(*out, kept[i], first);
}

/* ---- marks ------------------------------------------------------------ */

/* Bit i set where a[i] is not zero, i < count <= MARK_BITS. */
static inline uint32_t mark_word(const float *a, size_t count)
{
    uint32_t word = 0;
    size_t i = 0;
#if defined(__AVX512F__)
    for (; i + 16 <= count; i += 16)
        word |= (uint32_t)_mm512_cmp_ps_mask(_mm512_loadu_ps(a + i), _mm512_setzero_ps(),
                                             _CMP_NEQ_UQ) << i;
#elif defined(__AVX2__)
    for (; i + 8 <= count; i += 8)
        word |= (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(a + i),
                                                           _mm256_setzero_ps(), _CMP_NEQ_UQ)) << i;
#endif
    for (; i < count; i++)
        word |= (uint32_t)(a[i] != 0.0f) << i;
    return word;
}

static size_t mark_rows(const float *a, size_t rows, size_t count, size_t stride, uint32_t *marks)
{
    size_t found = 0;
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < count; i += MARK_BITS) {
            const size_t rest = count - i;
            const uint32_t word = mark_word(a + r * stride + i, rest < MARK_BITS ? rest : MARK_BITS);
            found += (size_t)__builtin_popcount(word);
            *marks++ = word;
        }
    }
    return found;
}

static size_t mark_columns(const float *a, size_t rows, size_t count, size_t stride,
                           uint32_t *marks)
{
    size_t found = 0;
    for (size_t first = 0; first < rows; first += MARK_BITS, marks += count) {
        const size_t rest = rows - first, most = rest < MARK_BITS ? rest : MARK_BITS;
        memset(marks, 0, count * sizeof *marks);
        for (size_t r = 0; r < most; r++) {
            const float *row = a + (first + r) * stride;
            const uint32_t bit = UINT32_C(1) << r;
            for (size_t i = 0; i < count; i++)
                marks[i] |= row[i] != 0.0f ? bit : 0;
        }
        for (size_t i = 0; i < count; i++)
            found += (size_t)__builtin_popcount(marks[i]);
    }
    return found;
}

/* ---- products --------------------------------------------------------- */

/* Half a usual first-level cache of 48 KiB, nearly all of one of 32 KiB: the rows
 * of B that a panel of C needs stay there while one row of A after the other
 * runs over them. */
enum { PANEL_BYTES = 28 * 1024 };

/* What the rows of one product share. */
typedef struct skip_shape {
    size_t k_step, mark_word, words, ldb;
    bool accumulate;
} skip_shape;

/* kept: what of the result is not +0.0, or NULL = all. */
typedef void skip_row(const skip_shape *s, const float *a, const uint32_t *marks, const float *b,
                      const uint16_t *kept, float *c);

/* Sums by name, not in an array: no compiler can fail to keep them in registers. */
#define SUM_BEGIN(V) lanes sum##V = s->accumulate ? (lanes)out[V] : (lanes){0.0f};
#define SUM_ADD(V) sum##V += x * row[V];
#define SUM_END(V) out[V] = sum##V;
#define SUM_END_KEPT(V)                                                                        \
    out[V] = kept_lanes(sum##V, kept[(V) * REGISTER_FLOATS / PASS_LANES],                      \
                        (V) * REGISTER_FLOATS % PASS_LANES);
#define EACH_1(DO) DO(0)
#define EACH_2(DO) EACH_1(DO) DO(1)
#define EACH_3(DO) EACH_2(DO) DO(2)
#define EACH_4(DO) EACH_3(DO) DO(3)
#define EACH_5(DO) EACH_4(DO) DO(4)
#define EACH_6(DO) EACH_5(DO) DO(5)
#define EACH_7(DO) EACH_6(DO) DO(6)
#define EACH_8(DO) EACH_7(DO) DO(7)
#define EACH_9(DO) EACH_8(DO) DO(8)
#define EACH_10(DO) EACH_9(DO) DO(9)
#define EACH_12(DO) EACH_10(DO) DO(10) DO(11)

/* N registers of c = sum over the marked p of a[p] b[p][...] (+ c). */
#define SKIP_ROW(N)                                                                            \
    static void skip_row_##N(const skip_shape *s, const float *a, const uint32_t *marks,       \
                             const float *b, const uint16_t *kept, float *c)                   \
    {                                                                                          \
        lanes_at *const out = (lanes_at *)c;                                                   \
        EACH_##N(SUM_BEGIN)                                                                    \
        for (size_t w = 0; w < s->words; w++, a += MARK_BITS * s->k_step,                      \
                    b += MARK_BITS * s->ldb, marks += s->mark_word) {                          \
            for (uint32_t word = *marks; word; word &= word - 1) {                             \
                const size_t p = (size_t)__builtin_ctz(word);                                  \
                const float x = a[p * s->k_step];                                              \
                const lanes_at *const row = (const lanes_at *)(b + p * s->ldb);                \
                EACH_##N(SUM_ADD)                                                              \
            }                                                                                  \
        }                                                                                      \
        if (kept) {                                                                            \
            EACH_##N(SUM_END_KEPT)                                                             \
        } else {                                                                               \
            EACH_##N(SUM_END)                                                                  \
        }                                                                                      \
    }

/* By groups of PASS_LANES columns. */
#if REGISTER_FLOATS == 16
SKIP_ROW(1) SKIP_ROW(2) SKIP_ROW(3) SKIP_ROW(4) SKIP_ROW(5)
SKIP_ROW(6) SKIP_ROW(7) SKIP_ROW(8) SKIP_ROW(9) SKIP_ROW(10)
static skip_row *const skip_rows[] = {NULL,       skip_row_1, skip_row_2, skip_row_3,
                                      skip_row_4, skip_row_5, skip_row_6, skip_row_7,
                                      skip_row_8, skip_row_9, skip_row_10};
#elif REGISTER_FLOATS == 8
SKIP_ROW(2) SKIP_ROW(4) SKIP_ROW(6) SKIP_ROW(8) SKIP_ROW(10) SKIP_ROW(12)
static skip_row *const skip_rows[] = {NULL,       skip_row_2,  skip_row_4, skip_row_6,
                                      skip_row_8, skip_row_10, skip_row_12};
#else
SKIP_ROW(4) SKIP_ROW(8)
static skip_row *const skip_rows[] = {NULL, skip_row_4, skip_row_8};
#endif

enum { PANEL_MOST = sizeof skip_rows / sizeof *skip_rows - 1 };

/* kept [m][kept_stride] or NULL. */
static void skip_product(size_t m, size_t n, size_t k, const float *a, size_t row_step,
                         size_t k_step, const uint32_t *marks, size_t mark_row, size_t mark_word,
                         const float *b, size_t ldb, bool accumulate, const uint16_t *kept,
                         size_t kept_stride, float *c, size_t ldc)
{
    const size_t vectors = n / PASS_LANES, words = mark_words(k);
    const size_t panels = (vectors + PANEL_MOST - 1) / PANEL_MOST;
    for (size_t panel = 0; panel < panels; panel++) {
        const size_t begin = vectors * panel / panels, end = vectors * (panel + 1) / panels;
        const size_t word_bytes = MARK_BITS * (end - begin) * PASS_LANES * sizeof(float);
        const size_t most = PANEL_BYTES > word_bytes ? PANEL_BYTES / word_bytes : 1;
        skip_row *const row = skip_rows[end - begin];
        skip_shape shape = {k_step, mark_word, most, ldb, accumulate};
        for (size_t w = 0; w < words || w == 0; w += most) {
            const size_t p = w * MARK_BITS;
            shape.words = words - w < most ? words - w : most;
            for (size_t i = 0; i < m; i++)
                row(&shape, a + i * row_step + p * k_step, marks + i * mark_row + w * mark_word,
                    b + p * ldb + begin * PASS_LANES, kept ? kept + i * kept_stride + begin : NULL,
                    c + i * ldc + begin * PASS_LANES);
            shape.accumulate = true;
        }
    }
}

static void skip_gemm(size_t m, size_t n, size_t k, const float *a, size_t row_step, size_t k_step,
                      const uint32_t *marks, size_t mark_row, size_t mark_word, const float *b,
                      size_t ldb, bool accumulate, float *c, size_t ldc)
{
    skip_product(m, n, k, a, row_step, k_step, marks, mark_row, mark_word, b, ldb, accumulate, NULL,
                 0, c, ldc);
}

static void skip_update(size_t m, size_t n, size_t k, const float *a, size_t row_step,
                        size_t k_step, const uint32_t *marks, size_t mark_row, size_t mark_word,
                        const float *b, size_t ldb, const uint16_t *kept, size_t kept_stride,
                        float *c, size_t ldc)
{
    skip_product(m, n, k, a, row_step, k_step, marks, mark_row, mark_word, b, ldb, true, kept,
                 kept_stride, c, ldc);
}

#include "math/kernels_predict_code.h"

const math_kernels KERNELS = {
    .name = KERNELS_NAME,
    .mark_rows = mark_rows,
    .mark_columns = mark_columns,
    .skip_gemm = skip_gemm,
    .skip_update = skip_update,
    .keep = keep,
    .list_nonzero = list_nonzero,
    .list_positive = list_positive,
    .add_rows = add_rows,
    .add_lists = add_lists,
#if defined(__AVX512F__)
    .multiply_tiles = multiply_tiles,
#endif
    .multiply_lists = multiply_lists,
    .relu = relu,
    .exponentials = exponentials,
};
