// heddle::VarArray<T, N>: std::array of ordinary shared memory, race-checked per element.
//
// Each element is a Var<T>: `a[i] = 1; int y = a[j]; a[k]++;`, and two threads that use different
// elements do not race. Without an engine it is an array of T. Index and at() as std::array.
// Cost: that of Var for each access; 24 bytes of bookkeeping an element.
#ifndef HEDDLE_PRIMITIVES_VAR_ARRAY_H_
#define HEDDLE_PRIMITIVES_VAR_ARRAY_H_

#include <array>
#include <cstddef>
#include <utility>

#include "primitives/var.h"

namespace heddle {

template <typename T, size_t kSize>
class VarArray {
 public:
  using value_type = T;
  using reference = Var<T>&;
  using const_reference = const Var<T>&;

  constexpr VarArray() = default;
  // Every element begins as `value`; reports call each of them `name`, which must outlive the
  // array.
  explicit VarArray(const T& value, const char* name = nullptr)
      : VarArray(value, name, std::make_index_sequence<kSize>()) {}
  VarArray(const VarArray&) = delete;
  VarArray& operator=(const VarArray&) = delete;

  static constexpr size_t size() { return kSize; }
  static constexpr bool empty() { return kSize == 0; }

  Var<T>& operator[](size_t index) { return elements_[index]; }
  const Var<T>& operator[](size_t index) const { return elements_[index]; }
  // Throws std::out_of_range.
  Var<T>& at(size_t index) { return elements_.at(index); }
  const Var<T>& at(size_t index) const { return elements_.at(index); }

  auto begin() { return elements_.begin(); }
  auto end() { return elements_.end(); }
  auto begin() const { return elements_.begin(); }
  auto end() const { return elements_.end(); }

  void fill(const T& value) {
    for (Var<T>& element : elements_) element = value;
  }

 private:
  template <size_t... kIndex>
  VarArray(const T& value, const char* name, std::index_sequence<kIndex...>)
      : elements_{((void)kIndex, Var<T>(value, name))...} {}

  std::array<Var<T>, kSize> elements_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_VAR_ARRAY_H_
