// The small programs whose exploration is measured. Shapes as in the figures that
// docs/performance.md compares with: every thread of a program is started and joined in each
// execution.
#ifndef HEDDLE_TESTS_BENCH_PROGRAMS_H_
#define HEDDLE_TESTS_BENCH_PROGRAMS_H_

namespace heddle::bench {

void P1();                // 2 threads, each 2 x (lock, x++, unlock)
void StoreBuffering();    // 2 threads, each a store and a load
void MessagePassing();    // a release store after plain data; an acquire load before it
void TreiberStack();      // 2 threads, each 1 push and 1 pop
void MichaelScott2();     // 2 threads, each 1 enqueue and 1 dequeue
void MichaelScott3();     // 3 threads, the same
void BoundedBuffer();     // 2 producers and 2 consumers, 1 item each, capacity 1

// `threads` threads that each lock a mutex of their own twice.
template <int kThreads>
void PrivateLocks();

}  // namespace heddle::bench

#endif  // HEDDLE_TESTS_BENCH_PROGRAMS_H_
