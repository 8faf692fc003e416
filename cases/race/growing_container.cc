// Reader of a container while it grows: an append that finds the storage full moves all elements to
// a larger one and frees the old. A reader meanwhile may follow the pointer to the old storage, or
// see the new length with the old storage.
//
// Where: std::vector, Go's maps and slices, Java's HashMap, whose unsynchronised growth left
// threads in an endless loop in many servers: "I only read" is no excuse while somebody else
// writes.
//
// The twin locks both sides.
#include <mutex>

#include "cases/race/plain.h"
#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

template <template <typename> class Memory>
class GrowingArray {
 public:
  GrowingArray() : items_(new Memory<int>[1]) {}
  ~GrowingArray() { delete[] static_cast<Memory<int>*>(items_); }

  void Append(int value) {
    if (size_ == capacity_) Grow();
    items_[size_] = value;
    ++size_;
  }
  int Last() { return size_ == 0 ? 0 : static_cast<int>(items_[size_ - 1]); }

 private:
  void Grow() {
    auto* const larger = new Memory<int>[capacity_ * 2];
    for (int i = 0; i < size_; ++i) larger[i] = items_[i];
    delete[] static_cast<Memory<int>*>(items_);
    items_ = larger;
    capacity_ = capacity_ * 2;
  }

  Memory<int> size_ = 0;
  Memory<int> capacity_ = 1;
  Memory<Memory<int>*> items_;
};

template <template <typename> class Memory>
void GrowingContainer() {
  GrowingArray<Memory> array;
  heddle::Thread writer([&] {
    array.Append(1);
    array.Append(2);
  });
  heddle::Assert(array.Last() <= 2, "the last element is one that was appended");
  writer.join();
}

template <template <typename> class Memory>
void GrowingContainerFixed() {
  heddle::Mutex mutex("array");
  GrowingArray<Memory> array;
  heddle::Thread writer([&] {
    const std::lock_guard lock(mutex);  // fix
    array.Append(1);
    array.Append(2);
  });
  const auto read = [&] {
    const std::lock_guard lock(mutex);  // fix
    return array.Last();
  };
  heddle::Assert(read() <= 2, "the last element is one that was appended");
  writer.join();
}

const heddle::RegisterCase kBug{{
    .name = "race/growing_container",
    .body = GrowingContainer<heddle::Var>,
    .expect = {heddle::FindingKind::kDataRace},
    .about = "a container is read while another thread appends",
}};
const heddle::RegisterCase kTwin{{
    .name = "race/growing_container_fixed",
    .body = GrowingContainerFixed<heddle::Var>,
    .about = "both hold a lock",
}};
const heddle::RegisterCase kPlainBug{{
    .name = "race/growing_container_plain",
    .body = GrowingContainer<heddle::cases::Plain>,
    .expect = {heddle::FindingKind::kDataRace},
    .needs_thread_sanitizer = true,
    .about = "a container is read while another thread appends (on plain memory)",
}};
const heddle::RegisterCase kPlainTwin{{
    .name = "race/growing_container_plain_fixed",
    .body = GrowingContainerFixed<heddle::cases::Plain>,
    .needs_thread_sanitizer = true,
    .about = "both hold a lock (on plain memory)",
}};

}  // namespace
