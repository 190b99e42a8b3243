/* The best BLAS on a square product: what a training step is held against.
 *
 *   bench_blas [size=2048]     a round: seconds of one C = A B
 *
 * Threads are set from outside (OPENBLAS_NUM_THREADS). */
#include <cblas.h>

#include "common.h"

typedef struct square {
    int size;
    float *a, *b, *c;
} square;

static void pass(void *context)
{
    const square *s = context;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, s->size, s->size, s->size, 1.0f, s->a,
                s->size, s->b, s->size, 0.0f, s->c, s->size);
}

static double once(void *context)
{
    return bench_repeat(pass, context, 0.5);
}

int main(int count, char **arguments)
{
    const size_t size = bench_number(count, arguments, "size", 2048);
    square s = {(int)size, bench_floats(size * size), bench_floats(size * size),
                bench_floats(size * size)};
    for (size_t i = 0; i < size * size; i++) {
        s.a[i] = (float)(i % 7) - 3.0f;
        s.b[i] = (float)(i % 5) - 2.0f;
    }
    bench_serve("{}", once, &s);
    return 0;
}
