#include "train/tiles.h"

#include "math/pass.h"

tiles_place tiles_outputs(const batch *out, const work *copy, size_t l, size_t chunk, size_t first)
{
    const work_layer *layer = &copy->layers[l];
    const size_t at = chunk * out->column_rows * layer->output_stride;
    if (l + 1 == out->layer_count)
        return (tiles_place){at + first, layer->output_stride};
    const work_panel p = work_panel_at(layer, first);
    return (tiles_place){at + p.first * out->column_rows + first - p.first, p.columns};
}

tiles_place tiles_inputs(const batch *out, const work *copy, size_t l, size_t chunk, size_t first)
{
    const size_t stride = copy->layers[l].input_stride;
    return l ? tiles_outputs(out, copy, l - 1, chunk, first)
             : (tiles_place){chunk * out->column_rows * stride + first, stride};
}

size_t tiles_count(size_t units)
{
    return (units + TILE_SIDE - 1) / TILE_SIDE;
}

uint32_t *tiles_marks(const batch *out, size_t chunk, size_t tiles, size_t tile)
{
    return out->tile_marks + (chunk * tiles + tile) * out->column_rows * mark_words(TILE_SIDE);
}

math_ahead tiles_share(math_ahead ahead, size_t from, size_t to, size_t all)
{
    const size_t begin = ahead.count * from / all;
    return ahead.count > 0 ? (math_ahead){ahead.at + begin, ahead.count * to / all - begin} : ahead;
}

/* Rows of a backend's product before which a share of what lies ahead is asked for. */
enum { AHEAD_ROWS = 32 };

void tiles_gemm(const batch *out, bool turned, size_t m, size_t n, size_t k, const float *a,
                size_t lda, const float *b, size_t ldb, bool accumulate, float *c, size_t ldc,
                math_ahead ahead)
{
    const size_t step = ahead.count > 0 ? AHEAD_ROWS : m;
    if (ahead.count > 0 && out->best_math && out->kernels->dense_gemm) {
        out->kernels->dense_gemm(m, n, k, a, turned ? 1 : lda, turned ? lda : 1, b, ldb, accumulate,
                                 c, ldc, ahead);
        return;
    }
    for (size_t i = 0; i < m; i += step) {
        const size_t rows = m - i < step ? m - i : step;
        const math_ahead now = tiles_share(ahead, i, i + rows, m);
        for (size_t at = 0; at < now.count; at += PASS_LANES)
            __builtin_prefetch(now.at + at, 0, 2);
        out->math->gemm(turned, false, rows, n, k, a + i * (turned ? 1 : lda), lda, b, ldb,
                        accumulate, c + i * ldc, ldc);
    }
}

void tiles_multiply(const batch *out, size_t chunk, size_t tiles, size_t tile, size_t rows,
                    size_t columns, size_t k, const float *x, size_t x_stride, const float *w,
                    size_t w_stride, bool accumulate, float *y, size_t y_stride, math_ahead ahead)
{
    if (skip_pays(out->tile_found[chunk * tiles + tile], rows * k, columns))
        out->kernels->skip_gemm(false, rows, columns, k, x, x_stride,
                                tiles_marks(out, chunk, tiles, tile), mark_words(k), w, w_stride,
                                accumulate, y, y_stride, ahead);
    else
        tiles_gemm(out, false, rows, columns, k, x, x_stride, w, w_stride, accumulate, y, y_stride,
                   ahead);
}
