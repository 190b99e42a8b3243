/* The team: every piece once, whatever the number of threads; and the clock. */
#define _POSIX_C_SOURCE 200809L
#include "base/parallel.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/test.h"

enum { PIECES = 1000, THREADS_MOST = 9 };

typedef struct job {
    unsigned char done[PIECES];    /* times a piece was run */
    int inside[THREADS_MOST];      /* a thread's number is never used twice at once */
    size_t runs[THREADS_MOST];
} job;

static void piece(void *context, size_t index, size_t thread)
{
    job *all = context;
    assert_true(thread < THREADS_MOST);
    assert_int_equal(__atomic_exchange_n(&all->inside[thread], 1, __ATOMIC_SEQ_CST), 0);
    all->done[index]++;
    all->runs[thread]++;
    __atomic_store_n(&all->inside[thread], 0, __ATOMIC_SEQ_CST);
}

static void test_every_piece_once(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 2, 3, 17, PIECES};
    for (size_t threads = 1; threads <= THREADS_MOST; threads += 2) {
        parallel_team *team = parallel_team_create(threads, NULL);
        assert_non_null(team);
        assert_in_range(parallel_team_size(team), 1, threads);
        for (size_t repeat = 0; repeat < 200; repeat++) {
            job all = {0};
            size_t count = counts[repeat % (sizeof counts / sizeof *counts)], runs = 0;
            parallel_run(team, count, piece, &all);
            for (size_t i = 0; i < PIECES; i++)
                assert_int_equal(all.done[i], i < count);
            for (size_t t = 0; t < THREADS_MOST; t++)
                runs += all.runs[t];
            assert_int_equal(runs, count);
        }
        parallel_team_destroy(team);
    }
}

/* Workers that have gone to sleep come back for the next job. */
static void test_after_a_pause(void **state)
{
    (void)state;
    parallel_team *team = parallel_team_create(3, NULL);
    assert_non_null(team);
    for (int repeat = 0; repeat < 5; repeat++) {
        job all = {0};
        double end = clock_seconds() + 0.005;
        while (clock_seconds() < end)
            continue;
        parallel_run(team, PIECES, piece, &all);
        for (size_t i = 0; i < PIECES; i++)
            assert_int_equal(all.done[i], 1);
    }
    parallel_team_destroy(team);
}

typedef struct slow_job {
    _Atomic int begun, done; /* pieces of the worker; pieces of both */
} slow_job;

/* The caller's piece lasts until the worker has one, and that lasts longer. */
static void slow_piece(void *context, size_t index, size_t thread)
{
    (void)index;
    slow_job *slow = context;
    if (thread == 0) {
        while (atomic_load(&slow->begun) == 0)
            sched_yield();
    } else {
        atomic_fetch_add(&slow->begun, 1);
        nanosleep(&(struct timespec){0, 20000000}, NULL);
    }
    atomic_fetch_add(&slow->done, 1);
}

/* A job ends when all its pieces are done, not when none is left to take. */
static void test_waits_for_the_last(void **state)
{
    (void)state;
    static slow_job jobs[3]; /* not on the stack, which is gone while somebody is late */
    parallel_team *team = parallel_team_create(2, NULL);
    assert_non_null(team);
    for (size_t i = 0; i < 3 && parallel_team_size(team) == 2; i++) {
        parallel_run(team, 2, slow_piece, &jobs[i]);
        assert_int_equal(atomic_load(&jobs[i].done), 2);
    }
    parallel_team_destroy(team);
}

static void test_threads(void **state)
{
    (void)state;
    assert_in_range(parallel_threads(0), 1, PARALLEL_MOST);
    assert_int_equal(parallel_threads(1), 1);
    assert_int_equal(parallel_threads(3), 3);
    assert_int_equal(parallel_threads(SIZE_MAX), PARALLEL_MOST);
    parallel_team_destroy(NULL);
}

/* A forked process does not wait for threads that it does not have; the first one goes on. */
static void test_destroyed_after_a_fork(void **state)
{
    (void)state;
    const struct timespec until_asleep = {0, 20000000};
    parallel_team *team = parallel_team_create(3, NULL);
    assert_non_null(team);
    for (int repeat = 0; repeat < 2; repeat++) { /* at work, and asleep */
        job all = {0};
        int code = -1;
        parallel_run(team, PIECES, piece, &all);
        if (repeat)
            nanosleep(&until_asleep, NULL);
        const pid_t child = fork();
        if (child == 0) {
            alarm(20);
            parallel_team_destroy(team);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &code, 0), child);
        assert_int_equal(code, 0);
    }
    parallel_team_destroy(team);
}

static void test_clock(void **state)
{
    (void)state;
    double last = clock_seconds();
    for (int i = 0; i < 1000; i++) {
        double now = clock_seconds();
        assert_true(now >= last);
        last = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_piece_once),
        cmocka_unit_test(test_after_a_pause),
        cmocka_unit_test(test_waits_for_the_last),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_destroyed_after_a_fork),
        cmocka_unit_test(test_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
