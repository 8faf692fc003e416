// A double free: two threads both believe that they own the buffer.
//
// Whoever ends first frees the connection's buffer and clears the pointer to it. Look, free and
// clear are three steps, so both threads can look before either clears, and the second free hits
// memory that is free or, worse, belongs to somebody else by then (CWE-415). Close on the reader's
// and the writer's side of a connection and destructors beside an explicit Close() are the usual
// places.
//
// The twin takes the pointer with one exchange: exactly one thread gets it.
#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"

namespace {

using heddle::Atomic;
using heddle::Thread;

struct Buffer {
  char bytes[64] = {};
};

void Close(Atomic<Buffer*>& buffer) {
  if (buffer.load() == nullptr) return;
  delete buffer.load();
  buffer.store(nullptr);
}

void CloseOnce(Atomic<Buffer*>& buffer) {
  Buffer* mine = nullptr;
  mine = buffer.exchange(nullptr);  // fix
  delete mine;
}

template <void (*kClose)(Atomic<Buffer*>&)>
void BothSidesClose() {
  Atomic<Buffer*> buffer{new Buffer};
  Thread reader([&] { kClose(buffer); });
  kClose(buffer);
  reader.join();
}

const heddle::RegisterCase kBug{{.name = "models/double_free_two_owners",
                                 .body = BothSidesClose<Close>,
                                 .expect = {heddle::FindingKind::kDoubleFree},
                                 .preemptions = 1,
                                 .about = "reader and writer both free the connection's buffer"}};
const heddle::RegisterCase kFixed{{.name = "models/double_free_two_owners_fixed",
                                   .body = BothSidesClose<CloseOnce>,
                                   .about = "an exchange hands the buffer to one of them"}};

}  // namespace
