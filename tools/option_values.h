// Values of options, as text and checked: whoever types a wrong one is told what was expected.
#ifndef HEDDLE_TOOLS_OPTION_VALUES_H_
#define HEDDLE_TOOLS_OPTION_VALUES_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heddle {

// Decimal digits and nothing else.
std::optional<uint64_t> ParseCount(std::string_view text);

// A number with a unit: 500ms, 10s, 1.5s, 5m, 2h. Greater than 0.
std::optional<std::chrono::nanoseconds> ParseDuration(std::string_view text);
inline constexpr std::string_view kDurationHelp = "a time such as 500ms, 10s, 5m or 2h";

}  // namespace heddle

#endif  // HEDDLE_TOOLS_OPTION_VALUES_H_
