// The programs on which tools for complete search are compared, as cases of a command.
#include <heddle/case.h>

#include "tests/support/classic_programs.h"

namespace {

using heddle::FindingKind;
using heddle::RegisterCase;
using namespace heddle::testing;

const RegisterCase kLastZero10({.name = "search/lastzero_10", .body = LastZero<10>});
const RegisterCase kLastZero12({.name = "search/lastzero_12", .body = LastZero<12>});
const RegisterCase kLastZero14({.name = "search/lastzero_14", .body = LastZero<14>});
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

}  // namespace
