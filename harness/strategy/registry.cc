#include "harness/strategy/registry.h"

#include <algorithm>
#include <charconv>

#include "absl/status/status.h"

namespace heddle {

// A line per strategy, nothing else: each declares the function that it calls. Not in an unnamed
// namespace, which the declarations would then name.
static std::vector<StrategyInfo> DescribeEach() {
  // clang-format off
  return {
      [] { extern StrategyInfo DescribeDefault(); return DescribeDefault(); }(),
      [] { extern StrategyInfo DescribeDelayBounding(); return DescribeDelayBounding(); }(),
      [] { extern StrategyInfo DescribeDfs(); return DescribeDfs(); }(),
      [] { extern StrategyInfo DescribeDpor(); return DescribeDpor(); }(),
      [] { extern StrategyInfo DescribePct(); return DescribePct(); }(),
      [] { extern StrategyInfo DescribePos(); return DescribePos(); }(),
      [] { extern StrategyInfo DescribePreemptionBounding(); return DescribePreemptionBounding(); }(),
      [] { extern StrategyInfo DescribeRandomWalk(); return DescribeRandomWalk(); }(),
      [] { extern StrategyInfo DescribeRff(); return DescribeRff(); }(),
      [] { extern StrategyInfo DescribeRoundRobin(); return DescribeRoundRobin(); }(),
      [] { extern StrategyInfo DescribeSourceDpor(); return DescribeSourceDpor(); }(),
      [] { extern StrategyInfo DescribeSurw(); return DescribeSurw(); }(),
  };
  // clang-format on
}

namespace {

template <typename Range>
std::string Names(const Range& named) {
  std::string names;
  for (const auto& item : named) names += (names.empty() ? "" : ", ") + std::string(item.name);
  return names;
}

absl::Status Invalid(const std::string& message) { return absl::InvalidArgumentError(message); }

// Sets the value that KEY=VALUE in `text` gives.
absl::Status Assign(std::string_view text, const StrategyInfo& info, std::vector<bool>* given,
                    std::vector<uint64_t>* values) {
  const std::string strategy = "strategy '" + std::string(info.name) + "'";
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    return Invalid("expected key=value after the name of " + strategy + ", found '" +
                   std::string(text) + "'");
  }
  const std::string key(text.substr(0, equals));
  const std::string_view value = text.substr(equals + 1);
  const auto parameter =
      std::find_if(info.parameters.begin(), info.parameters.end(),
                   [&](const StrategyParameter& candidate) { return candidate.name == key; });
  if (parameter == info.parameters.end()) {
    return Invalid("unknown parameter '" + key + "' of " + strategy + "; " +
                   (info.parameters.empty() ? "it has none" : "it has: " + Names(info.parameters)));
  }
  const auto index = static_cast<size_t>(parameter - info.parameters.begin());
  if ((*given)[index]) return Invalid("parameter '" + key + "' of " + strategy + " is given twice");
  (*given)[index] = true;
  uint64_t& number = (*values)[index];
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < parameter->minimum ||
      number > parameter->maximum) {
    return Invalid("parameter '" + key + "' of " + strategy + ": expected an integer from " +
                   std::to_string(parameter->minimum) + " to " +
                   std::to_string(parameter->maximum) + ", found '" + std::string(value) + "'");
  }
  return absl::OkStatus();
}

}  // namespace

const std::vector<StrategyInfo>& AllStrategies() {
  static const std::vector<StrategyInfo> kAll = [] {
    std::vector<StrategyInfo> all = DescribeEach();
    std::sort(all.begin(), all.end(),
              [](const StrategyInfo& a, const StrategyInfo& b) { return a.name < b.name; });
    return all;
  }();
  return kAll;
}

const StrategyInfo* FindStrategy(std::string_view spec) {
  const std::string_view name = spec.substr(0, spec.find(':'));
  for (const StrategyInfo& info : AllStrategies()) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

std::string StrategiesThatComplete() {
  std::vector<StrategyInfo> complete;
  for (const StrategyInfo& info : AllStrategies()) {
    if (info.can_complete) complete.push_back(info);
  }
  return Names(complete);
}

absl::StatusOr<std::unique_ptr<Strategy>> MakeStrategy(std::string_view spec) {
  const StrategyInfo* const info = FindStrategy(spec);
  const size_t colon = spec.find(':');
  if (info == nullptr) {
    return Invalid("unknown strategy '" + std::string(spec.substr(0, colon)) +
                   "'; there are: " + Names(AllStrategies()));
  }
  std::vector<uint64_t> values;
  for (const StrategyParameter& parameter : info->parameters) {
    values.push_back(parameter.default_value);
  }
  std::vector<bool> given(values.size());
  for (size_t begin = colon; begin != std::string_view::npos;) {
    const size_t end = spec.find(',', begin + 1);
    const std::string_view assignment = spec.substr(begin + 1, end - begin - 1);
    if (absl::Status status = Assign(assignment, *info, &given, &values); !status.ok()) {
      return status;
    }
    begin = end;
  }
  return info->make(values);
}

std::string DescribeStrategies(int indent) {
  size_t width = 0;
  for (const StrategyInfo& info : AllStrategies()) {
    width = std::max(width, info.name.size());
    for (const StrategyParameter& parameter : info.parameters) {
      width = std::max(width, parameter.name.size() + 2);
    }
  }
  std::string text;
  const auto line = [&](std::string name, std::string_view help) {
    name.resize(width + 2, ' ');
    text += std::string(static_cast<size_t>(indent), ' ') + name + std::string(help) + "\n";
  };
  for (const StrategyInfo& info : AllStrategies()) {
    line(std::string(info.name), info.summary);
    for (const StrategyParameter& parameter : info.parameters) {
      line("  " + std::string(parameter.name),
           std::string(parameter.help) + " (" + std::to_string(parameter.minimum) + " to " +
               std::to_string(parameter.maximum) + "; default " +
               std::to_string(parameter.default_value) + ")");
    }
  }
  return text;
}

}  // namespace heddle
