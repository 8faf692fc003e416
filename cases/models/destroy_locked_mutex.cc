// A mutex destroyed while it is locked: the object that holds it is deleted inside its own lock.
//
// The last user of a reference-counted node finds, under the node's lock, that it is the last one,
// and deletes the node; the guard then unlocks a mutex that does not exist any more. The standard
// forbids to destroy a locked mutex, and the late unlock writes to memory that may have a new
// owner. glibc had to promise that its own unlock does not touch the mutex after releasing it,
// because programs destroy it that early (bug 13690).
//
// The twin releases the lock before it deletes.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::Mutex;
using heddle::Thread;
using heddle::Var;

struct Node {
  Mutex mutex{"node"};
  Var<int> users = 2;
};

void Release(Node* node) {
  std::unique_lock hold(node->mutex);
  if (--node->users == 0) delete node;
}

void ReleaseUnlocked(Node* node) {
  std::unique_lock hold(node->mutex);
  if (--node->users == 0) {
    hold.unlock();  // fix
    delete node;
  }
}

template <void (*kRelease)(Node*)>
void TwoUsers() {
  Node* const node = new Node;
  Thread other([=] { kRelease(node); });
  kRelease(node);
  other.join();
}

const heddle::RegisterCase kBug{{.name = "models/destroy_locked_mutex",
                                 .body = TwoUsers<Release>,
                                 .expect = {heddle::FindingKind::kMisuse},
                                 .tolerate = {heddle::FindingKind::kUseAfterFree},
                                 .about = "the last user deletes the node inside the node's lock"}};
const heddle::RegisterCase kFixed{{.name = "models/destroy_locked_mutex_fixed",
                                   .body = TwoUsers<ReleaseUnlocked>,
                                   .about = "the lock is released before the node is deleted"}};

}  // namespace
