// An object returned to another pool than the one it comes from.
//
// Buffers come from a pool for small or one for large messages, by the length asked for; they are
// returned by the length that arrived. A large buffer with a short message ends up among the small
// ones: one pool runs dry, the other hands out what is too large or, the other way round, too
// small. The same as memory freed with another allocator than it was made with, and C++'s delete
// for new[].
//
// The twin remembers the pool with the buffer.
#include "harness/explore/case.h"
#include "primitives/object_pool.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::ObjectPool;
using heddle::Thread;
using heddle::Var;

constexpr int kSmall = 16;

struct Buffer {
  Var<int> length = 0;
};
using Pool = ObjectPool<Buffer>;

struct Pools {
  Pool& For(int length) { return length > kSmall ? large : small; }
  Pool small{2, "small buffers"};
  Pool large{2, "large buffers"};
};

void Receive(Pools& pools, int expected, int arrived) {
  Buffer* const buffer = pools.For(expected).acquire();
  buffer->length = arrived;
  pools.For(buffer->length).release(buffer);
}

void ReceiveRemembering(Pools& pools, int expected, int arrived) {
  Pool* home = &pools.small;
  if (expected > kSmall) home = &pools.large;  // fix
  Buffer* const buffer = pools.For(expected).acquire();
  buffer->length = arrived;
  home->release(buffer);
}

template <void (*kReceive)(Pools&, int, int)>
void ShortMessage() {
  Pools pools;
  Thread other([&] { kReceive(pools, 64, 8); });
  kReceive(pools, 8, 8);
  other.join();
}

const heddle::RegisterCase kBug{{.name = "models/pool_wrong_pool",
                                 .body = ShortMessage<Receive>,
                                 .expect = {heddle::FindingKind::kPoolMisuse},
                                 .about = "a large buffer is returned to the pool of small ones"}};
const heddle::RegisterCase kFixed{{.name = "models/pool_wrong_pool_fixed",
                                   .body = ShortMessage<ReceiveRemembering>,
                                   .about = "the buffer's pool is remembered"}};

}  // namespace
