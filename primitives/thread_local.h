// heddle::ThreadLocal<T>: a value for each program thread, as a member or local object where the
// keyword thread_local cannot stand.
//
// A thread's value is made at its first use by that thread, from the factory, and destroyed when
// the thread ends (values of one thread: the newest first), or with the ThreadLocal if that is
// destroyed earlier by the same thread. A value whose ThreadLocal is gone lives on, unreachable,
// until its thread ends. The values of different threads are never touched by each other, so it
// needs no synchronisation and orders nothing. Not a scheduling point. Cost: a search through the
// values of the calling thread.
#ifndef HEDDLE_PRIMITIVES_THREAD_LOCAL_H_
#define HEDDLE_PRIMITIVES_THREAD_LOCAL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace heddle {

namespace internal {

// The values of one thread. Made of thread_local storage, which under control is a program thread's
// own and is torn down when it ends.
class ThreadLocalValues {
 public:
  static ThreadLocalValues& OfThisThread() {
    thread_local ThreadLocalValues values;
    return values;
  }

  ThreadLocalValues() = default;
  // A destructor may use, and so make, other values.
  ~ThreadLocalValues() {
    while (!entries_.empty()) {
      const Entry last = entries_.back();
      entries_.pop_back();
      last.destroy(last.value);
    }
    ended_ = true;
  }
  ThreadLocalValues(const ThreadLocalValues&) = delete;
  ThreadLocalValues& operator=(const ThreadLocalValues&) = delete;

  void* Find(uint64_t key) const {
    for (const Entry& entry : entries_) {
      if (entry.key == key) return entry.value;
    }
    return nullptr;
  }
  template <typename T>
  T* Add(uint64_t key, std::unique_ptr<T> value) {
    entries_.push_back(Entry{key, value.get(), [](void* old) { delete static_cast<T*>(old); }});
    return value.release();
  }
  // Does nothing once the thread's values are gone: a static ThreadLocal outlives the main
  // thread's.
  static void Remove(uint64_t key) {
    if (!ended_) OfThisThread().RemoveHere(key);
  }

  // Unlike an address, never used again.
  static uint64_t NewKey() {
    static constinit std::atomic<uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
  }

 private:
  struct Entry {
    uint64_t key;
    void* value;
    void (*destroy)(void*);
  };

  void RemoveHere(uint64_t key) {
    for (size_t i = 0; i < entries_.size(); ++i) {
      const Entry entry = entries_[i];
      if (entry.key != key) continue;
      entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
      entry.destroy(entry.value);
      return;
    }
  }

  static inline constinit thread_local bool ended_ = false;

  std::vector<Entry> entries_;
};

}  // namespace internal

template <typename T>
class ThreadLocal {
 public:
  ThreadLocal()
    requires std::is_default_constructible_v<T>
      : factory_([] { return T(); }) {}
  // Each thread's value begins as what `factory` returns, called by that thread.
  explicit ThreadLocal(std::function<T()> factory) : factory_(std::move(factory)) {}
  ~ThreadLocal() { internal::ThreadLocalValues::Remove(key_); }
  ThreadLocal(const ThreadLocal&) = delete;
  ThreadLocal& operator=(const ThreadLocal&) = delete;

  // The calling thread's value.
  T& get() {
    internal::ThreadLocalValues& values = internal::ThreadLocalValues::OfThisThread();
    if (void* value = values.Find(key_)) return *static_cast<T*>(value);
    // The factory may itself use ThreadLocals.
    std::unique_ptr<T> value(new T(factory_()));
    return *values.Add(key_, std::move(value));
  }
  T& operator*() { return get(); }
  T* operator->() { return &get(); }
  // Whether the calling thread has a value already.
  bool has_value() const {
    return internal::ThreadLocalValues::OfThisThread().Find(key_) != nullptr;
  }

 private:
  const uint64_t key_ = internal::ThreadLocalValues::NewKey();
  const std::function<T()> factory_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_THREAD_LOCAL_H_
