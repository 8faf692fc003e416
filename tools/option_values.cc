#include "tools/option_values.h"

#include <charconv>
#include <cmath>

namespace heddle {

std::optional<uint64_t> ParseCount(std::string_view text) {
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

std::optional<std::chrono::nanoseconds> ParseDuration(std::string_view text) {
  constexpr double kLongest = 1e9;  // seconds; thirty years
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || !(number > 0)) return std::nullopt;
  const std::string_view unit(stopped, static_cast<size_t>(end - stopped));
  double seconds = 0;
  if (unit == "ms") {
    seconds = number / 1000;
  } else if (unit == "s") {
    seconds = number;
  } else if (unit == "m" || unit == "min") {
    seconds = number * 60;
  } else if (unit == "h") {
    seconds = number * 3600;
  } else {
    return std::nullopt;
  }
  if (!(seconds < kLongest)) return std::nullopt;
  return std::chrono::nanoseconds(std::llround(seconds * 1e9));
}

}  // namespace heddle
