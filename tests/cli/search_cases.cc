// The programs on which tools for complete search are compared, as cases of a command.
#include <heddle/case.h>
#include <unistd.h>

#include "harness/runtime/runtime.h"
#include "tests/support/classic_programs.h"

namespace {

using heddle::FindingKind;
using heddle::RegisterCase;
using namespace heddle::testing;

// N threads take a number each, in N! orders. Of the (N-1)! in which the first thread takes the
// last, a history is not judged: told as by heddle::Linearizable, whose own take their time.
template <int kThreads>
void NotJudged() {
  heddle::Atomic<int> number{0};
  int of_first = 0;
  heddle::Thread threads[kThreads];
  threads[0] = heddle::Thread([&] { of_first = number.fetch_add(1); });
  for (int i = 1; i < kThreads; ++i) threads[i] = heddle::Thread([&] { number.fetch_add(1); });
  for (heddle::Thread& thread : threads) thread.join();
  if (of_first == kThreads - 1) {
    heddle::Runtime::Current()->Annotate(heddle::Annotation::kNotJudged, heddle::kNoObject, 12);
  }
}

const RegisterCase kLastZero10({.name = "search/lastzero_10", .body = LastZero<10>});
const RegisterCase kLastZero12({.name = "search/lastzero_12", .body = LastZero<12>});
const RegisterCase kLastZero14({.name = "search/lastzero_14", .body = LastZero<14>});
const RegisterCase kLastZero15({.name = "search/lastzero_15", .body = LastZero<15>});
const RegisterCase kReaders12({.name = "search/readers_12", .body = Readers<12>});
const RegisterCase kIndexer12({.name = "search/indexer_12", .body = Indexer<12>});
const RegisterCase kIndexer14({.name = "search/indexer_14", .body = Indexer<14>});
const RegisterCase kPhilosophers({.name = "search/philosophers_5",
                                  .body = Philosophers<5>,
                                  .expect = {FindingKind::kDeadlock},
                                  .tolerate = {FindingKind::kLockOrder}});
const RegisterCase kLostWakeup({.name = "search/lost_wakeup",
                                .body = LostWakeup,
                                .expect = {FindingKind::kStuck}});
const RegisterCase kBufferIf({.name = "search/buffer_if",
                              .body = BoundedBuffer<true>,
                              .expect = {FindingKind::kAssertion}});
const RegisterCase kBufferWhile({.name = "search/buffer_while", .body = BoundedBuffer<false>});
// Its one execution takes longer than a second, by being repeated.
const RegisterCase kSlow({.name = "search/slow", .body = [] { ::usleep(300'000); }});
const RegisterCase kNotJudged6({.name = "search/not_judged_6", .body = NotJudged<6>});
const RegisterCase kNotJudged8({.name = "search/not_judged_8", .body = NotJudged<8>});

}  // namespace
