/* The prediction part of kernels_code.h, which includes this file: one row through a
 * layer by the list of its inputs, many rows through a layer by the lists of its
 * weights. */

/* ---- lists of what counts --------------------------------------------- */

#if defined(__AVX512F__)
/* Appends the marked lanes of 16 values. Compressing in the register and storing it
 * whole is far quicker than compressing into memory; hence the room behind. */
static inline size_t append(__mmask16 marked, __m512i places, __m512 x, uint32_t *index,
                            float *value)
{
    _mm512_storeu_si512(index, _mm512_maskz_compress_epi32(marked, places));
    _mm512_storeu_ps(value, _mm512_maskz_compress_ps(marked, x));
    return (size_t)__builtin_popcount(marked);
}

/* i … i + 15 below count. */
static inline __mmask16 inside(size_t i, size_t count)
{
    return count - i >= 16 ? 0xffff : (__mmask16)((1u << (count - i)) - 1);
}

static size_t list_nonzero(const float *x, const uint32_t *places, size_t count, uint32_t *index,
                           float *value)
{
    const __m512i dropped = _mm512_set1_epi32((int)PLACE_DROPPED);
    __m512i place = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    size_t found = 0;
    for (size_t i = 0; i < count; i += 16) {
        __mmask16 marked = inside(i, count);
        const __m512 lanes16 = _mm512_maskz_loadu_ps(marked, x + i);
        const __m512i given = places ? _mm512_maskz_loadu_epi32(marked, places + i) : place;
        marked = _mm512_mask_cmp_ps_mask(marked, lanes16, _mm512_setzero_ps(), _CMP_NEQ_UQ);
        marked = _mm512_mask_cmpneq_epi32_mask(marked, given, dropped);
        found += append(marked, given, lanes16, index + found, value + found);
        place = _mm512_add_epi32(place, _mm512_set1_epi32(16));
    }
    return found;
}

static size_t list_positive(const float *x, size_t count, uint32_t *index, float *value)
{
    __m512i place = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    size_t found = 0;
    for (size_t i = 0; i < count; i += 16) {
        __mmask16 marked = inside(i, count);
        const __m512 lanes16 = _mm512_maskz_loadu_ps(marked, x + i);
        marked = _mm512_mask_cmp_ps_mask(marked, lanes16, _mm512_setzero_ps(), _CMP_NLE_UQ);
        found += append(marked, place, lanes16, index + found, value + found);
        place = _mm512_add_epi32(place, _mm512_set1_epi32(16));
    }
    return found;
}
#else
/* Without a branch: which values count cannot be foreseen. */
static size_t list_nonzero(const float *x, const uint32_t *places, size_t count, uint32_t *index,
                           float *value)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t place = places ? places[i] : (uint32_t)i;
        index[found] = place;
        value[found] = x[i];
        found += (size_t)(x[i] != 0.0f) & (size_t)(place != PLACE_DROPPED);
    }
    return found;
}

static size_t list_positive(const float *x, size_t count, uint32_t *index, float *value)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        index[found] = (uint32_t)i;
        value[found] = x[i];
        found += !(x[i] <= 0.0f);
    }
    return found;
}
#endif

/* ---- one row ---------------------------------------------------------- */

typedef void list_row(const float *weights, size_t stride, const float *biases,
                      const uint32_t *index, const float *value, size_t count, float *y);

#define BIAS_BEGIN(V) lanes sum##V = ((const lanes_at *)biases)[V];

/* N registers of y = b + sum over the listed i of x_i W[i][...]. */
#define LIST_ROW(N)                                                                              \
    static void list_row_##N(const float *weights, size_t stride, const float *biases,          \
                             const uint32_t *index, const float *value, size_t count, float *y) \
    {                                                                                            \
        lanes_at *const out = (lanes_at *)y;                                                     \
        EACH_##N(BIAS_BEGIN)                                                                     \
        for (size_t i = 0; i < count; i++) {                                                     \
            const lanes_at *const row = (const lanes_at *)(weights + index[i] * stride);        \
            const float x = value[i];                                                            \
            EACH_##N(SUM_ADD)                                                                    \
        }                                                                                        \
        EACH_##N(SUM_END)                                                                        \
    }

/* By groups of PASS_LANES columns, as skip_rows. */
#if REGISTER_FLOATS == 16
LIST_ROW(1) LIST_ROW(2) LIST_ROW(3) LIST_ROW(4) LIST_ROW(5)
LIST_ROW(6) LIST_ROW(7) LIST_ROW(8) LIST_ROW(9) LIST_ROW(10)
static list_row *const list_rows[] = {NULL,       list_row_1, list_row_2, list_row_3,
                                      list_row_4, list_row_5, list_row_6, list_row_7,
                                      list_row_8, list_row_9, list_row_10};
#elif REGISTER_FLOATS == 8
LIST_ROW(2) LIST_ROW(4) LIST_ROW(6) LIST_ROW(8) LIST_ROW(10) LIST_ROW(12)
static list_row *const list_rows[] = {NULL,       list_row_2,  list_row_4, list_row_6,
                                      list_row_8, list_row_10, list_row_12};
#else
LIST_ROW(4) LIST_ROW(8)
static list_row *const list_rows[] = {NULL, list_row_4, list_row_8};
#endif

enum { LIST_PANEL_MOST = sizeof list_rows / sizeof *list_rows - 1 };

static void add_rows(const float *weights, size_t stride, const float *biases,
                     const uint32_t *index, const float *value, size_t count, float *y)
{
    const size_t vectors = stride / PASS_LANES;
    const size_t panels = (vectors + LIST_PANEL_MOST - 1) / LIST_PANEL_MOST;
    for (size_t panel = 0; panel < panels; panel++) {
        const size_t begin = vectors * panel / panels, end = vectors * (panel + 1) / panels;
        const size_t first = begin * PASS_LANES;
        list_rows[end - begin](weights + first, stride, biases + first, index, value, count,
                               y + first);
    }
}

static void add_lists(const weight_lists *lists, size_t stride, const float *biases,
                      const uint32_t *index, const float *value, size_t count, float *y)
{
    const uint32_t *const places = lists->places;
    const float *const weights = lists->weights;
    memcpy(y, biases, stride * sizeof *y);
    for (size_t i = 0; i < count; i++) {
        const uint32_t end = lists->starts[index[i] + 1];
        const float x = value[i];
        for (uint32_t e = lists->starts[index[i]]; e < end; e++)
            y[places[e]] += x * weights[e];
    }
}

#if defined(__AVX512F__)
/* y = sum + w x[places] for the 16 outputs of a step; low, high: the tile's inputs. */
static inline __m512 tile_step(__m512 sum, __m512 low, __m512 high, const uint8_t *places,
                               const float *weights)
{
    const __m512i place = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)places));
    const __m512 x = _mm512_permutex2var_ps(low, place, high);
    return _mm512_fmadd_ps(_mm512_loadu_ps(weights), x, sum);
}

/* Two sums, because a step that waited for the one before would take twice as long. */
static void multiply_tiles(const weight_tiles *tiles, size_t stride, const float *biases,
                           const float *x, float *y)
{
    const uint8_t *places = tiles->places;
    const float *weights = tiles->weights;
    for (size_t group = 0; group < stride / 16; group++) {
        __m512 even = _mm512_loadu_ps(biases + group * 16), odd = _mm512_setzero_ps();
        for (uint32_t t = tiles->starts[group]; t < tiles->starts[group + 1]; t++) {
            const float *inputs = x + tiles->tiles[t].first;
            const __m512 low = _mm512_loadu_ps(inputs), high = _mm512_loadu_ps(inputs + 16);
            uint32_t steps = tiles->tiles[t].steps;
            for (; steps >= 2; steps -= 2, places += 32, weights += 32) {
                even = tile_step(even, low, high, places, weights);
                odd = tile_step(odd, low, high, places + 16, weights + 16);
            }
            if (steps) {
                even = tile_step(even, low, high, places, weights);
                places += 16, weights += 16;
            }
        }
        _mm512_storeu_ps(y + group * 16, _mm512_add_ps(even, odd));
    }
}
#endif

/* ---- many rows -------------------------------------------------------- */

/* What the outputs of one block of inputs share; registers lie side by side in a
 * column of x or y. */
typedef struct list_shape {
    const uint32_t *starts, *places;
    const float *weights, *biases;
    size_t outputs, rows;
    bool first, relu; /* of the blocks; of the last one only */
} list_shape;

typedef void list_columns(const list_shape *s, const float *x, float *y);

/* A register's bits; what a comparison of registers gives. */
typedef int32_t bits __attribute__((vector_size(sizeof(lanes))));

/* 0 where negative; neither -0 nor a NaN is. */
static inline lanes rectified(lanes sum)
{
    return (lanes)((bits)sum & ~(bits)(sum < (lanes){0.0f}));
}

#define LIST_BEGIN(V) lanes sum##V = s->first ? (lanes){0.0f} + s->biases[o] : (lanes)out[V];
#define LIST_ADD(V) sum##V += weight * column[V];
#define LIST_END(V) out[V] = s->relu ? rectified(sum##V) : sum##V;

/* N registers of rows of every output: y[o] = b_o + sum over its list of w x[place]. */
#define LIST_COLUMNS(N)                                                                          \
    static void list_columns_##N(const list_shape *s, const float *x, float *y)                 \
    {                                                                                            \
        const uint32_t *const places = s->places;                                                \
        const float *const weights = s->weights;                                                 \
        for (size_t o = 0; o < s->outputs; o++) {                                                \
            lanes_at *const out = (lanes_at *)(y + o * s->rows);                                \
            const uint32_t end = s->starts[o + 1];                                               \
            EACH_##N(LIST_BEGIN)                                                                 \
            for (uint32_t e = s->starts[o]; e < end; e++) {                                      \
                const lanes_at *const column = (const lanes_at *)(x + places[e] * s->rows);     \
                const float weight = weights[e];                                                 \
                EACH_##N(LIST_ADD)                                                               \
            }                                                                                    \
            EACH_##N(LIST_END)                                                                   \
        }                                                                                        \
    }

/* By groups of PASS_LANES rows. */
#if REGISTER_FLOATS == 16
LIST_COLUMNS(1) LIST_COLUMNS(2) LIST_COLUMNS(3) LIST_COLUMNS(4)
static list_columns *const strips[] = {NULL, list_columns_1, list_columns_2, list_columns_3,
                                       list_columns_4};
#elif REGISTER_FLOATS == 8
LIST_COLUMNS(2) LIST_COLUMNS(4) LIST_COLUMNS(6) LIST_COLUMNS(8)
static list_columns *const strips[] = {NULL, list_columns_2, list_columns_4, list_columns_6,
                                       list_columns_8};
#else
LIST_COLUMNS(4) LIST_COLUMNS(8)
static list_columns *const strips[] = {NULL, list_columns_4, list_columns_8};
#endif

enum { STRIP_MOST = sizeof strips / sizeof *strips - 1 };

static void multiply_lists(const weight_lists *lists, size_t blocks, size_t outputs,
                           const float *biases, const float *x, size_t rows, bool relu, float *y)
{
    list_shape shape = {.places = lists->places, .weights = lists->weights, .biases = biases,
                        .outputs = outputs, .rows = rows};
    for (size_t block = 0; block < blocks; block++) {
        shape.starts = lists->starts + block * outputs;
        shape.first = block == 0;
        shape.relu = relu && block + 1 == blocks;
        for (size_t group = 0, count; group < rows / PASS_LANES; group += count) {
            const size_t left = rows / PASS_LANES - group;
            count = left < STRIP_MOST ? left : STRIP_MOST;
            strips[count](&shape, x + group * PASS_LANES, y + group * PASS_LANES);
        }
    }
}

static void relu(float *y, size_t count)
{
    lanes_at *const out = (lanes_at *)y;
    for (size_t i = 0; i < count / REGISTER_FLOATS; i++)
        out[i] = rectified(out[i]);
}

/* ---- exponentials ----------------------------------------------------- */

/* e^x = 2^n e^r, n = round(x / ln 2), |r| <= ln 2 / 2: there the terms after r^7 / 7!
 * are below 6e-9 of the sum. Rounding is by adding 1.5 * 2^23, whose last bit is 1,
 * so that the sum's low bits hold n; ln 2 is cut in two so that n times the first
 * part is exact. Below -87, where 2^n would leave the range, it is 0. */
static inline lanes exponential(lanes x)
{
    const float shifter = 12582912.0f, high = 0x1.62e4p-1f, low = 0x1.7f7d1cp-20f;
    const bits tiny = x < -87.0f;
    const lanes shifted = x * 1.44269504f + shifter, n = shifted - shifter;
    const lanes r = (x - n * high) - n * low;
    lanes sum = r * (1.0f / 5040) + 1.0f / 720;
    sum = sum * r + 1.0f / 120;
    sum = sum * r + 1.0f / 24;
    sum = sum * r + 1.0f / 6;
    sum = sum * r + 0.5f;
    sum = sum * r + 1.0f;
    sum = sum * r + 1.0f;
    typedef uint32_t words __attribute__((vector_size(sizeof(lanes))));
    const lanes power = (lanes)(((words)shifted + 127) << 23);
    return (lanes)((bits)(sum * power) & ~tiny);
}

static void exponentials(float *x, size_t count)
{
    size_t i = 0;
    for (; i + REGISTER_FLOATS <= count; i += REGISTER_FLOATS)
        *(lanes_at *)(x + i) = exponential(*(const lanes_at *)(x + i));
    lanes rest = {0.0f};
    memcpy(&rest, x + i, (count - i) * sizeof *x);
    rest = exponential(rest);
    memcpy(x + i, &rest, (count - i) * sizeof *x);
}
