/* The element-wise passes, as plain loops that the compiler turns into vectors. */
#include "math/pass.h"

#include <math.h>
#include <string.h>

#include "math/clones.h"

size_t pass_stride(size_t count)
{
    return (count + PASS_LANES - 1) / PASS_LANES * PASS_LANES;
}

VECTOR_CLONES
void pass_bias_relu(float *restrict y, size_t rows, size_t count, size_t stride,
                    const float *restrict bias)
{
    for (size_t r = 0; r < rows; r++, y += stride) {
        for (size_t j = 0; j < count; j++) {
            float value = y[j] + bias[j];
            y[j] = value > 0.0f ? value : 0.0f;
        }
    }
}

VECTOR_CLONES
void pass_bias(float *restrict y, size_t rows, size_t count, size_t stride,
               const float *restrict bias)
{
    for (size_t r = 0; r < rows; r++, y += stride)
        for (size_t j = 0; j < count; j++)
            y[j] += bias[j];
}

VECTOR_CLONES
void pass_relu_backward(float *restrict d, const float *restrict y, size_t rows, size_t count,
                        size_t stride)
{
    for (size_t r = 0; r < rows; r++, d += stride, y += stride)
        for (size_t j = 0; j < count; j++)
            d[j] = y[j] > 0.0f ? d[j] : 0.0f;
}

double pass_softmax_loss(const math_kernels *kernels, float *y, size_t rows, size_t count,
                         size_t stride, const float *bias, const uint32_t *labels, float scale,
                         uint64_t *correct)
{
    double loss = 0.0;
    for (size_t r = 0; r < rows; r++) {
        float *z = y + r * stride;
        size_t top = 0;
        for (size_t j = 0; j < count; j++) {
            z[j] += bias[j];
            if (z[j] > z[top])
                top = j;
        }
        float largest = z[top], at_label = z[labels[r]];
        double sum = 0.0;
        for (size_t j = 0; j < count; j++)
            z[j] -= largest;
        kernels->exponentials(z, count);
        for (size_t j = 0; j < count; j++)
            sum += z[j];
        loss += log(sum) - ((double)at_label - largest);
        *correct += top == labels[r];
        float factor = (float)(scale / sum);
        for (size_t j = 0; j < count; j++)
            z[j] *= factor;
        z[labels[r]] -= scale;
        for (size_t j = count; j < stride; j++)
            z[j] = 0.0f;
    }
    return loss;
}

VECTOR_CLONES
void pass_column_sums(const float *y, size_t rows, size_t count, size_t stride, float *sums)
{
    for (size_t j = 0; j < count; j += PASS_LANES) {
        float sum[PASS_LANES] = {0};
        for (size_t r = 0; r < rows; r++)
            for (size_t v = 0; v < PASS_LANES; v++)
                sum[v] += y[r * stride + j + v];
        for (size_t v = 0; v < PASS_LANES; v++)
            sums[j + v] = sum[v];
    }
}

VECTOR_CLONES
void pass_count_positive(const float *restrict y, size_t rows, size_t count, size_t stride,
                         uint64_t *restrict counts)
{
    for (size_t r = 0; r < rows; r++, y += stride)
        for (size_t j = 0; j < count; j++)
            counts[j] += y[j] > 0.0f;
}

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define TILES
#endif
#endif

#ifdef TILES
typedef float lanes __attribute__((vector_size(16)));

/* A tile of four by four, by two rounds of interleaving. */
static void transpose_tile(const float *from, size_t from_stride, float *to, size_t to_stride)
{
    lanes a, b, c, d;
    memcpy(&a, from, sizeof a);
    memcpy(&b, from + from_stride, sizeof b);
    memcpy(&c, from + 2 * from_stride, sizeof c);
    memcpy(&d, from + 3 * from_stride, sizeof d);
    const lanes ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    const lanes ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const lanes cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const lanes cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    a = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
    b = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
    c = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
    d = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
    memcpy(to, &a, sizeof a);
    memcpy(to + to_stride, &b, sizeof b);
    memcpy(to + 2 * to_stride, &c, sizeof c);
    memcpy(to + 3 * to_stride, &d, sizeof d);
}
#else
static void transpose_tile(const float *from, size_t from_stride, float *to, size_t to_stride)
{
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++)
            to[j * to_stride + i] = from[i * from_stride + j];
}
#endif

void pass_transpose(const float *from, size_t from_stride, size_t rows, size_t columns, float *to,
                    size_t to_stride)
{
    const size_t tiled_rows = rows - rows % 4, tiled_columns = columns - columns % 4;
    for (size_t j = 0; j < tiled_columns; j += 4)
        for (size_t i = 0; i < tiled_rows; i += 4)
            transpose_tile(from + i * from_stride + j, from_stride, to + j * to_stride + i,
                           to_stride);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = i < tiled_rows ? tiled_columns : 0; j < columns; j++)
            to[j * to_stride + i] = from[i * from_stride + j];
}
