// Reference taken too late: the table's lock protects the look-up, and the count is atomic, but
// between the two the table can drop the last reference. The count is then raised in freed memory.
//
// Where: kernels and object caches. The Linux kernel's kref documentation spells out the rule that
// this breaks: without a reference of one's own, a new one may only be taken under a lock that
// keeps the object's owner from dropping its own.
//
// The twin takes the reference before it gives the table's lock back.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

class Image {
 public:
  void AddReference() { references_.fetch_add(1); }
  void Release() {
    if (references_.fetch_sub(1) == 1) delete this;
  }

 private:
  heddle::Atomic<int> references_{1};
};

class Table {
 public:
  Image* Acquire() {
    Image* const found = Find();
    if (found != nullptr) found->AddReference();
    return found;
  }
  Image* AcquireFixed() {
    const std::lock_guard lock(mutex_);  // fix
    Image* const found = Find();
    if (found != nullptr) found->AddReference();
    return found;
  }
  // The table's own reference goes.
  void Remove() {
    Image* removed = nullptr;
    {
      const std::lock_guard lock(mutex_);
      removed = image_;
      image_ = nullptr;
    }
    removed->Release();
  }

 private:
  Image* Find() {
    const std::lock_guard lock(mutex_);
    return image_;
  }

  heddle::RecursiveMutex mutex_{"table"};
  heddle::Var<Image*> image_ = new Image;
};

void LateReference() {
  Table table;
  heddle::Thread evict([&] { table.Remove(); });
  if (Image* const image = table.Acquire()) image->Release();
  evict.join();
}

void LateReferenceFixed() {
  Table table;
  heddle::Thread evict([&] { table.Remove(); });
  if (Image* const image = table.AcquireFixed()) image->Release();
  evict.join();
}

const heddle::RegisterCase kBug{{
    .name = "atomicity/late_reference",
    .body = LateReference,
    .expect = {heddle::FindingKind::kUseAfterFree},
    .tolerate = {heddle::FindingKind::kDataRace, heddle::FindingKind::kDoubleFree},
    .preemptions = 1,
    .about = "an object is found under a lock and its count raised after it",
}};
const heddle::RegisterCase kTwin{{
    .name = "atomicity/late_reference_fixed",
    .body = LateReferenceFixed,
    .about = "raised under the lock",
}};

}  // namespace
