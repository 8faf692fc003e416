// heddle::Var<T>: ordinary shared memory whose reads and writes are checked for data races
// ([intro.races]/21). Not a scheduling point: in a program without races the order of ordinary
// accesses cannot be observed, and a race is a finding whatever the order was.
//
// Converts to T and is assigned like one: `x = 1; int y = x; x++;`. An increment counts as one
// access that reads and writes. Without an engine it is a T.
// Cost under control: two compares when the thread has accessed it since its last release, else a
// few ns.
#ifndef HEDDLE_PRIMITIVES_VAR_H_
#define HEDDLE_PRIMITIVES_VAR_H_

#include <type_traits>
#include <utility>

#include "harness/runtime/runtime.h"
#include "primitives/internal/door.h"

namespace heddle {

template <typename T>
class Var {
 public:
  constexpr Var() = default;
  constexpr Var(T value, const char* name = nullptr)  // NOLINT: converts as T does
      : value_(std::move(value)), name_(name) {}
  // A name alone would be converted to the value.
  Var(const char* name)
    requires std::is_same_v<T, bool>
  = delete;
  // The end of the lifetime conflicts with accesses that are not ordered before it.
  ~Var() {
    if (Runtime* runtime = Runtime::Current()) runtime->OnWrite(shadow_, [this] { return Init(); });
  }
  HEDDLE_DOOR Var(const Var& other) : value_(other.Read()) {}
  HEDDLE_DOOR Var& operator=(const Var& other) {
    Write(other.Read());
    return *this;
  }
  HEDDLE_DOOR Var& operator=(T value) {
    Write(std::move(value));
    return *this;
  }
  HEDDLE_DOOR operator T() const { return Read(); }  // NOLINT: converts as T does

  HEDDLE_DOOR T load() const { return Read(); }
  HEDDLE_DOOR void store(T value) { Write(std::move(value)); }

  // Reads and writes in one access: function(T&).
  template <typename Function>
  HEDDLE_DOOR decltype(auto) Update(Function&& function) {
    Runtime* runtime = Runtime::Current();
    if (runtime != nullptr) runtime->OnWrite(shadow_, [this] { return Init(); });
    struct Tell {
      ~Tell() {
        if (runtime != nullptr) runtime->OnValue(&var.value_, sizeof(T));
      }
      Runtime* runtime;
      Var& var;
    } tell{runtime, *this};
    return std::forward<Function>(function)(value_);
  }

  HEDDLE_DOOR T operator++() {
    return Update([](T& value) { return ++value; });
  }
  HEDDLE_DOOR T operator++(int) {
    return Update([](T& value) { return value++; });
  }
  HEDDLE_DOOR T operator--() {
    return Update([](T& value) { return --value; });
  }
  HEDDLE_DOOR T operator--(int) {
    return Update([](T& value) { return value--; });
  }
  template <typename U>
  HEDDLE_DOOR T operator+=(const U& other) {
    return Update([&](T& value) { return value += other; });
  }
  template <typename U>
  HEDDLE_DOOR T operator-=(const U& other) {
    return Update([&](T& value) { return value -= other; });
  }
  HEDDLE_DOOR T operator->() const
    requires std::is_pointer_v<T>
  {
    return Read();
  }

 private:
  ObjectInit Init() const {
    return ObjectInit{.kind = ObjectKind::kVar,
                      .address = this,
                      .size = sizeof(T),
                      .value_type = ValueTypeOf<T>(),
                      .name = name_};
  }
  HEDDLE_DOOR T Read() const {
    Runtime* runtime = Runtime::Current();
    if (runtime == nullptr) return value_;
    runtime->OnRead(shadow_, [this] { return Init(); });
    runtime->OnValue(&value_, sizeof(T));
    return value_;
  }
  HEDDLE_DOOR void Write(T value) {
    Runtime* runtime = Runtime::Current();
    if (runtime != nullptr) runtime->OnWrite(shadow_, [this] { return Init(); });
    value_ = std::move(value);
    if (runtime != nullptr) runtime->OnValue(&value_, sizeof(T));
  }

  T value_{};
  mutable ShadowCell shadow_;
  const char* name_ = nullptr;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_VAR_H_
