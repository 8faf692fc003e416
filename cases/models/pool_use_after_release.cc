// An object used after it went back to its pool.
//
// A message buffer is handed to the sender, which returns it to the pool when the message is out;
// the caller then counts the bytes that it has sent, and reads them from the buffer. Nothing is
// freed, so neither the allocator nor a memory checker notices: the buffer is alive and, soon,
// somebody else's. Network stacks with packet pools have this bug where the driver completes faster
// than expected.
//
// The twin reads the length before it hands the buffer over.
#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/object_pool.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::ObjectPool;
using heddle::Pooled;
using heddle::Thread;
using heddle::Var;

struct Buffer {
  Var<int> length = 64;
};
using Pool = ObjectPool<Buffer>;

Thread StartSending(Pool& pool, const Pooled<Buffer>& buffer) {
  return Thread([&pool, buffer] { pool.release(buffer); });
}

void CountAfterwards() {
  Pool pool(1, "buffers");
  const Pooled<Buffer> buffer = pool.acquire_checked();
  Thread sender = StartSending(pool, buffer);
  sender.join();
  const int sent = buffer->length;
  heddle::Assert(sent == 64, "all bytes are counted");
}

void CountBefore() {
  Pool pool(1, "buffers");
  const Pooled<Buffer> buffer = pool.acquire_checked();
  int sent = 0;
  sent = buffer->length;  // fix
  Thread sender = StartSending(pool, buffer);
  sender.join();
  heddle::Assert(sent == 64, "all bytes are counted");
}

const heddle::RegisterCase kBug{{.name = "models/pool_use_after_release",
                                 .body = CountAfterwards,
                                 .expect = {heddle::FindingKind::kPoolMisuse},
                                 .tolerate = {heddle::FindingKind::kAssertion},
                                 .about = "a buffer is read after its sender has returned it"}};
const heddle::RegisterCase kFixed{{.name = "models/pool_use_after_release_fixed",
                                   .body = CountBefore,
                                   .about = "its length is read before it is handed over"}};

}  // namespace
