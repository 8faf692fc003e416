#include "harness/runtime/fiber/thread_exit.h"

#include <sys/mman.h>

#include <atomic>

#include "harness/core/check.h"
#include "harness/runtime/fiber/c_library.h"

namespace heddle {
namespace {

std::atomic<ThreadExitListFinder> list_finder{nullptr};

constinit CLibrary<int(void (*)(void*), void*, void*)> c_library_register(
    "__cxa_thread_atexit_impl");

}  // namespace

ThreadExitList::~ThreadExitList() {
  if (mapped_ != nullptr) munmap(mapped_, mapped_capacity_ * sizeof(Entry));
}

void ThreadExitList::Add(Destructor destructor, void* object) {
  if (count_ == kInlineEntries + mapped_capacity_) Grow();
  *Slot(count_) = {destructor, object};
  ++count_;
}

void ThreadExitList::Grow() {
  constexpr size_t kFirstCapacity = 4096 / sizeof(Entry);
  const size_t capacity = mapped_capacity_ == 0 ? kFirstCapacity : 2 * mapped_capacity_;
  void* mapping = mapped_ == nullptr
                      ? mmap(nullptr, capacity * sizeof(Entry), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                      : mremap(mapped_, mapped_capacity_ * sizeof(Entry), capacity * sizeof(Entry),
                               MREMAP_MAYMOVE);
  HEDDLE_CHECK(mapping != MAP_FAILED, "no memory for the destructors of thread_local variables");
  mapped_ = static_cast<Entry*>(mapping);
  mapped_capacity_ = capacity;
}

void ThreadExitList::Run() {
  while (count_ > 0) {
    const Entry entry = *Slot(--count_);
    entry.destructor(entry.object);
  }
}

void ThreadExitList::Clear() { count_ = 0; }

void SetThreadExitListFinder(ThreadExitListFinder finder) {
  list_finder.store(finder, std::memory_order_release);
}

}  // namespace heddle

extern "C" __attribute__((visibility("default"))) int __cxa_thread_atexit_impl(
    void (*destructor)(void*), void* object, void* dso_handle) {
  const heddle::ThreadExitListFinder finder = heddle::list_finder.load(std::memory_order_acquire);
  if (heddle::ThreadExitList* list = finder != nullptr ? finder() : nullptr; list != nullptr) {
    list->Add(destructor, object);
    return 0;
  }
  return heddle::c_library_register(destructor, object, dso_handle);
}
