#include "harness/explore/schedule_of.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include <absl/status/status.h>

#include "harness/explore/build_id.h"
#include "harness/explore/campaign.h"
#include "harness/explore/explorer.h"

namespace heddle {
namespace {

absl::Status Refused(const std::string& why) { return absl::InvalidArgumentError(why); }

std::optional<uint32_t> Number(const std::string& text) {
  uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

// False: not an option, or not a value of it.
bool SetOption(const std::string& key, const std::string& value, ExecutionOptions* execution) {
  if (key == "timeouts" && (value == "any" || value == "late")) {
    execution->timeouts = value == "any" ? Timeouts::kAny : Timeouts::kLate;
    return true;
  }
  if (key == "unlock-is-point" && value == "1") {
    execution->unlock_is_point = true;
    return true;
  }
  const std::optional<uint32_t> number = Number(value);
  if (!number) return false;
  if (key == "spurious") {
    execution->spurious = *number;
  } else if (key == "max-steps") {
    execution->max_steps = *number;
  } else {
    return false;
  }
  return true;
}

}  // namespace

Schedule ScheduleOf(const Case& explored, const ExecutionOptions& options,
                    std::vector<Decision> decisions) {
  const ExecutionOptions usual = ExecutionOptionsFor(explored, CampaignOptions{});
  Schedule schedule;
  schedule.case_name = explored.name;
  schedule.build_id = BuildId();
  schedule.decisions = std::move(decisions);
  if (options.timeouts == Timeouts::kAny) schedule.options.emplace_back("timeouts", "any");
  if (options.unlock_is_point) schedule.options.emplace_back("unlock-is-point", "1");
  if (options.spurious != usual.spurious) {
    schedule.options.emplace_back("spurious", std::to_string(options.spurious));
  }
  if (options.max_steps != usual.max_steps) {
    schedule.options.emplace_back("max-steps", std::to_string(options.max_steps));
  }
  return schedule;
}

absl::StatusOr<Replayable> ResolveSchedule(const Schedule& schedule) {
  const auto& cases = AllCases();
  const auto found = std::find_if(cases.begin(), cases.end(), [&](const Case& listed) {
    return listed.name == schedule.case_name;
  });
  if (found == cases.end()) {
    return Refused("the schedule is of case '" + schedule.case_name +
                   "', which is not in this program; `list` shows those that are");
  }
  if (schedule.build_id != BuildId()) {
    return Refused("the schedule is of another build: of " + schedule.build_id +
                   ", this program is " + BuildId() +
                   ". A schedule holds for the very program that made it; explore the case again");
  }
  Replayable replayable{&*found, ExecutionOptionsFor(*found, CampaignOptions{})};
  for (const auto& [key, value] : schedule.options) {
    if (!SetOption(key, value, &replayable.execution)) {
      return Refused("the schedule has the option '" + key + "=" + value +
                     "', which this version does not know");
    }
  }
  return replayable;
}

}  // namespace heddle
