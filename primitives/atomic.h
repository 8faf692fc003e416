// heddle::Atomic<T>, heddle::AtomicFlag and fences: std::atomic under control.
//
// Contract as of [atomics.types.operations]; every operation is a scheduling point. Memory orders
// mean what the standard says for happens-before; values interleave sequentially consistently
// unless the search asks for the C++20 memory model. T is trivially copyable; values wider than
// eight bytes are compared and kept by content. Without an engine it is a std::atomic.
// Cost under control: one scheduling step.
#ifndef HEDDLE_PRIMITIVES_ATOMIC_H_
#define HEDDLE_PRIMITIVES_ATOMIC_H_

#include <atomic>
#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>

#include "harness/core/sanitizer_edges.h"
#include "harness/runtime/runtime.h"
#include "primitives/internal/door.h"

namespace heddle {

namespace internal {

// Values as the engine keeps them: the object representation in 64 bits, or an interned id. Bits
// that do not take part in the value do not take part in comparisons ([atomics.types.operations])
// and are zero, where the compiler can clear them: g++ 12 can, clang 19 cannot.
template <typename T>
struct AtomicBits {
  static constexpr bool kWide = sizeof(T) > sizeof(uint64_t);

  static uint64_t From(Runtime& runtime, T value) {
#if __has_builtin(__builtin_clear_padding)
    __builtin_clear_padding(&value);
#endif
    if constexpr (kWide) {
      return runtime.Intern(&value, sizeof(T));
    } else {
      uint64_t bits = 0;
      std::memcpy(&bits, &value, sizeof(T));
      return bits;
    }
  }
  static T To(const Runtime& runtime, uint64_t bits) {
    // T need not be default-constructible.
    alignas(T) unsigned char storage[sizeof(T)];
    if constexpr (kWide) {
      runtime.Interned(bits, storage, sizeof(T));
    } else {
      std::memcpy(storage, &bits, sizeof(T));
    }
    return *std::launder(reinterpret_cast<T*>(storage));
  }
};

// The order of a failed comparison when one order is given ([atomics.types.operations]/21).
constexpr MemoryOrder FailureOrder(MemoryOrder order) {
  if (order == MemoryOrder::acq_rel) return MemoryOrder::acquire;
  if (order == MemoryOrder::release) return MemoryOrder::relaxed;
  return order;
}

template <typename T>
struct RmwArithmetic {
  using Difference = T;
  static T Add(T a, T b) { return static_cast<T>(a + b); }
  static T Subtract(T a, T b) { return static_cast<T>(a - b); }
};
template <typename T>
struct RmwArithmetic<T*> {
  using Difference = std::ptrdiff_t;
  static T* Add(T* a, std::ptrdiff_t b) { return a + b; }
  static T* Subtract(T* a, std::ptrdiff_t b) { return a - b; }
};

}  // namespace internal

template <typename T>
class Atomic {
  static_assert(std::is_trivially_copyable_v<T>);
  using Bits = internal::AtomicBits<T>;
  using Difference = typename internal::RmwArithmetic<T>::Difference;

 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = std::atomic<T>::is_always_lock_free;

  constexpr Atomic() noexcept = default;
  constexpr Atomic(T value, const char* name = nullptr) noexcept  // NOLINT: as std::atomic
      : native_(value), name_(name) {}
  // A name alone would be converted to the value.
  Atomic(const char* name)
    requires std::is_same_v<T, bool>
  = delete;
  ~Atomic() {
    if (Runtime* runtime = Runtime::Current()) {
      runtime->Destroy(handle_, ObjectKind::kAtomic);
    }
  }
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  bool is_lock_free() const noexcept { return native_.is_lock_free(); }

  HEDDLE_DOOR T load(MemoryOrder order = MemoryOrder::seq_cst) const {
    Runtime* runtime = Runtime::Current();
    if (runtime == nullptr) return native_.load(order);
    Operation op = Op(*runtime, OpKind::kLoad, order);
    return Bits::To(*runtime, runtime->Perform(op).value);
  }
  HEDDLE_DOOR operator T() const { return load(); }  // NOLINT: as std::atomic

  HEDDLE_DOOR void store(T value, MemoryOrder order = MemoryOrder::seq_cst) {
    Runtime* runtime = Runtime::Current();
    if (runtime == nullptr) return native_.store(value, order);
    Operation op = Op(*runtime, OpKind::kStore, order);
    op.operand = Bits::From(*runtime, value);
    runtime->Perform(op);
    Mirror(value);
  }
  HEDDLE_DOOR T operator=(T value) {
    store(value);
    return value;
  }

  HEDDLE_DOOR T exchange(T value, MemoryOrder order = MemoryOrder::seq_cst) {
    Runtime* runtime = Runtime::Current();
    if (runtime == nullptr) return native_.exchange(value, order);
    Operation op = Op(*runtime, OpKind::kRmw, order);
    op.operand = Bits::From(*runtime, value);
    op.rmw = [](uint64_t, uint64_t operand) { return operand; };
    const uint64_t old = runtime->Perform(op).value;
    Mirror(value);
    return Bits::To(*runtime, old);
  }

  HEDDLE_DOOR bool compare_exchange_strong(T& expected, T desired, MemoryOrder success,
                                           MemoryOrder failure) {
    return CompareExchange(false, expected, desired, success, failure);
  }
  HEDDLE_DOOR bool compare_exchange_strong(T& expected, T desired,
                                           MemoryOrder order = MemoryOrder::seq_cst) {
    return CompareExchange(false, expected, desired, order, internal::FailureOrder(order));
  }
  // Fails spuriously where the search's options allow it.
  HEDDLE_DOOR bool compare_exchange_weak(T& expected, T desired, MemoryOrder success,
                                         MemoryOrder failure) {
    return CompareExchange(true, expected, desired, success, failure);
  }
  HEDDLE_DOOR bool compare_exchange_weak(T& expected, T desired,
                                         MemoryOrder order = MemoryOrder::seq_cst) {
    return CompareExchange(true, expected, desired, order, internal::FailureOrder(order));
  }

  HEDDLE_DOOR T fetch_add(Difference d, MemoryOrder order = MemoryOrder::seq_cst) {
    if (Runtime::Current() == nullptr) return native_.fetch_add(d, order);
    return Fetch<&internal::RmwArithmetic<T>::Add>(d, order);
  }
  HEDDLE_DOOR T fetch_sub(Difference d, MemoryOrder order = MemoryOrder::seq_cst) {
    if (Runtime::Current() == nullptr) return native_.fetch_sub(d, order);
    return Fetch<&internal::RmwArithmetic<T>::Subtract>(d, order);
  }
  HEDDLE_DOOR T fetch_and(T value, MemoryOrder order = MemoryOrder::seq_cst)
    requires std::is_integral_v<T>
  {
    if (Runtime::Current() == nullptr) return native_.fetch_and(value, order);
    return Fetch<[](T a, T b) { return static_cast<T>(a & b); }>(value, order);
  }
  HEDDLE_DOOR T fetch_or(T value, MemoryOrder order = MemoryOrder::seq_cst)
    requires std::is_integral_v<T>
  {
    if (Runtime::Current() == nullptr) return native_.fetch_or(value, order);
    return Fetch<[](T a, T b) { return static_cast<T>(a | b); }>(value, order);
  }
  HEDDLE_DOOR T fetch_xor(T value, MemoryOrder order = MemoryOrder::seq_cst)
    requires std::is_integral_v<T>
  {
    if (Runtime::Current() == nullptr) return native_.fetch_xor(value, order);
    return Fetch<[](T a, T b) { return static_cast<T>(a ^ b); }>(value, order);
  }

  HEDDLE_DOOR T operator++() { return internal::RmwArithmetic<T>::Add(fetch_add(1), 1); }
  HEDDLE_DOOR T operator++(int) { return fetch_add(1); }
  HEDDLE_DOOR T operator--() { return internal::RmwArithmetic<T>::Subtract(fetch_sub(1), 1); }
  HEDDLE_DOOR T operator--(int) { return fetch_sub(1); }
  HEDDLE_DOOR T operator+=(Difference d) {
    return internal::RmwArithmetic<T>::Add(fetch_add(d), d);
  }
  HEDDLE_DOOR T operator-=(Difference d) {
    return internal::RmwArithmetic<T>::Subtract(fetch_sub(d), d);
  }
  HEDDLE_DOOR T operator&=(T value) { return static_cast<T>(fetch_and(value) & value); }
  HEDDLE_DOOR T operator|=(T value) { return static_cast<T>(fetch_or(value) | value); }
  HEDDLE_DOOR T operator^=(T value) { return static_cast<T>(fetch_xor(value) ^ value); }

  // Blocks until the value differs from `old` ([atomics.wait]).
  HEDDLE_DOOR void wait(T old, MemoryOrder order = MemoryOrder::seq_cst) const {
    Runtime* runtime = Runtime::Current();
    if (runtime == nullptr) return native_.wait(old, order);
    Operation op = Op(*runtime, OpKind::kAtomicWait, order);
    op.expected = Bits::From(*runtime, old);
    while (runtime->Perform(op).outcome != Outcome::kDone) {
    }
  }
  HEDDLE_DOOR void notify_one() { Notify(OpKind::kAtomicNotifyOne); }
  HEDDLE_DOOR void notify_all() { Notify(OpKind::kAtomicNotifyAll); }

 private:
  // The value in memory follows the model's, for debuggers and for the next execution's beginning.
  // The step is over by now, so that nothing orders this store before the atomic's deletion by the
  // thread that makes the next one: ThreadSanitizer must not see it.
  void Mirror(T value) {
    if constexpr (kThreadSanitizer) {
      StoreUnseen(&native_, &value, sizeof(T));
    } else {
      native_.store(value, MemoryOrder::relaxed);
    }
  }

  Operation Op(Runtime& runtime, OpKind kind, MemoryOrder order) const {
    Operation op{.kind = kind, .size = static_cast<uint8_t>(sizeof(T)), .order = order};
    // The value at the first use in an execution is whatever memory holds.
    op.object = runtime.Resolve(handle_, [&] { return Init(runtime); });
    return op;
  }
  ObjectInit Init(Runtime& runtime) const {
    return ObjectInit{.kind = ObjectKind::kAtomic,
                      .address = this,
                      .size = sizeof(T),
                      .value_type = ValueTypeOf<T>(),
                      .initial = Initial(runtime),
                      .name = name_};
  }
  uint64_t Initial(Runtime& runtime) const {
    return Bits::From(runtime, native_.load(MemoryOrder::relaxed));
  }

  template <auto kFunction>
  HEDDLE_DOOR T Fetch(Difference d, MemoryOrder order) {
    static_assert(!Bits::kWide);
    Runtime& runtime = *Runtime::Current();
    Operation op = Op(runtime, OpKind::kRmw, order);
    op.operand = internal::AtomicBits<Difference>::From(runtime, d);
    op.rmw = [](uint64_t old, uint64_t operand) {
      T a;
      Difference b;
      std::memcpy(&a, &old, sizeof(T));
      std::memcpy(&b, &operand, sizeof(Difference));
      const T result = kFunction(a, b);
      uint64_t bits = 0;
      std::memcpy(&bits, &result, sizeof(T));
      return bits;
    };
    const T old = Bits::To(runtime, runtime.Perform(op).value);
    Mirror(kFunction(old, d));
    return old;
  }

  HEDDLE_DOOR bool CompareExchange(bool weak, T& expected, T desired, MemoryOrder success,
                                   MemoryOrder failure) {
    Runtime* runtime = Runtime::Current();
    if (runtime == nullptr) {
      return weak ? native_.compare_exchange_weak(expected, desired, success, failure)
                  : native_.compare_exchange_strong(expected, desired, success, failure);
    }
    Operation op = Op(*runtime, OpKind::kCompareExchange, success);
    op.weak = weak;
    op.failure_order = failure;
    op.expected = Bits::From(*runtime, expected);
    op.operand = Bits::From(*runtime, desired);
    const Result result = runtime->Perform(op);
    if (result.outcome == Outcome::kDone) {
      Mirror(desired);
      return true;
    }
    expected = Bits::To(*runtime, result.value);
    return false;
  }

  HEDDLE_DOOR void Notify(OpKind kind) {
    Runtime* runtime = Runtime::Current();
    if (runtime == nullptr) {
      kind == OpKind::kAtomicNotifyOne ? native_.notify_one() : native_.notify_all();
      return;
    }
    Operation op = Op(*runtime, kind, MemoryOrder::relaxed);
    runtime->Perform(op);
  }

  std::atomic<T> native_{};
  mutable ObjectHandle handle_;
  const char* name_ = nullptr;
};

class AtomicFlag {
 public:
  constexpr AtomicFlag() noexcept = default;
  explicit constexpr AtomicFlag(const char* name) noexcept : flag_(false, name) {}

  HEDDLE_DOOR bool test_and_set(MemoryOrder order = MemoryOrder::seq_cst) {
    return flag_.exchange(true, order);
  }
  HEDDLE_DOOR void clear(MemoryOrder order = MemoryOrder::seq_cst) { flag_.store(false, order); }
  HEDDLE_DOOR bool test(MemoryOrder order = MemoryOrder::seq_cst) const {
    return flag_.load(order);
  }
  HEDDLE_DOOR void wait(bool old, MemoryOrder order = MemoryOrder::seq_cst) const {
    flag_.wait(old, order);
  }
  HEDDLE_DOOR void notify_one() { flag_.notify_one(); }
  HEDDLE_DOOR void notify_all() { flag_.notify_all(); }

 private:
  Atomic<bool> flag_{false};
};

// [atomics.fences]. A scheduling point.
HEDDLE_DOOR inline void atomic_thread_fence(MemoryOrder order) {
  if (Runtime* runtime = Runtime::Current()) {
    Operation op{.kind = OpKind::kFence, .order = order, .object = runtime->CurrentThreadObject()};
    runtime->Perform(op);
  } else {
    std::atomic_thread_fence(order);
  }
}

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_ATOMIC_H_
