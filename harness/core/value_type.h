// What the bits of an object's value mean, for reports: nothing else asks.
#ifndef HEDDLE_HARNESS_CORE_VALUE_TYPE_H_
#define HEDDLE_HARNESS_CORE_VALUE_TYPE_H_

#include <cstdint>
#include <type_traits>

namespace heddle {

enum class ValueType : uint8_t {
  kUnknown,  // memory of an unmodified program, a struct
  kBool,
  kSigned,
  kUnsigned,  // a pointer as well may be kept in one
  kFloating,
  kPointer,
};

template <typename T>
constexpr ValueType ValueTypeOf() {
  if constexpr (std::is_enum_v<T>) {
    return ValueTypeOf<std::underlying_type_t<T>>();
  } else if constexpr (std::is_same_v<T, bool>) {
    return ValueType::kBool;
  } else if constexpr (std::is_integral_v<T>) {
    return std::is_signed_v<T> ? ValueType::kSigned : ValueType::kUnsigned;
  } else if constexpr (std::is_floating_point_v<T>) {
    return ValueType::kFloating;
  } else if constexpr (std::is_pointer_v<T>) {
    return ValueType::kPointer;
  } else {
    return ValueType::kUnknown;
  }
}

constexpr bool MayBePointer(ValueType type) {
  return type == ValueType::kUnknown || type == ValueType::kUnsigned ||
         type == ValueType::kPointer;
}

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_VALUE_TYPE_H_
