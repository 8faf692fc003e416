// The text of a value, for histories of calls: numbers, truth values, characters, text,
// enumerations, optional values, pairs, ranges, and whatever operator<< writes to a stream.
// Results are compared by it: different values of one type have different texts, as far as
// operator<< tells them apart. So text is in quotes, and numbers have all their digits.
//
// Allocates nothing for short texts of the usual types, so that it is no step of the heap's.
#ifndef HEDDLE_PRIMITIVES_INTERNAL_TEXT_OF_H_
#define HEDDLE_PRIMITIVES_INTERNAL_TEXT_OF_H_

#include <charconv>
#include <concepts>
#include <optional>
#include <ranges>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace heddle::internal {

template <typename T>
std::string TextOf(const T& value);

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T>
inline constexpr bool kIsPair = false;
template <typename First, typename Second>
inline constexpr bool kIsPair<std::pair<First, Second>> = true;

template <typename T>
concept Streamable = requires(std::ostream& stream, const T& value) { stream << value; };

inline std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

template <std::floating_point Number>
std::string TextOfFloating(Number value) {
  char digits[64];  // the shortest that are read back as the same
  const std::to_chars_result end = std::to_chars(digits, digits + sizeof(digits), value);
  return {digits, end.ptr};
}

template <std::ranges::input_range Range>
std::string TextOfRange(const Range& range) {
  std::string text = "[";
  for (const auto& element : range) text += (text.size() > 1 ? ", " : "") + TextOf(element);
  return text + "]";
}

template <typename T>
std::string TextOf(const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_same_v<T, char>) {
    const bool printable = value >= ' ' && value <= '~';
    return printable ? std::string{'\'', value, '\''} : std::to_string(value);
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return Quoted(value);
  } else if constexpr (std::is_enum_v<T>) {
    return std::to_string(static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::integral<T>) {
    return std::to_string(value);
  } else if constexpr (std::floating_point<T>) {
    return TextOfFloating(value);
  } else if constexpr (kIsOptional<T>) {
    return value.has_value() ? TextOf(*value) : "none";
  } else if constexpr (kIsPair<T>) {
    return "(" + TextOf(value.first) + ", " + TextOf(value.second) + ")";
  } else if constexpr (std::ranges::input_range<const T>) {
    return TextOfRange(value);
  } else {
    static_assert(Streamable<T>, "give the type an operator<< for std::ostream");
    std::ostringstream stream;
    stream << value;
    return std::move(stream).str();
  }
}

}  // namespace heddle::internal

#endif  // HEDDLE_PRIMITIVES_INTERNAL_TEXT_OF_H_
