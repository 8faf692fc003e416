#include "harness/schedule/schedule.h"

#include <algorithm>
#include <array>
#include <optional>

#include "harness/schedule/schedule_words.h"

namespace heddle {
namespace {

using internal::ScheduleError;
using internal::Word;
using internal::WordReader;

constexpr std::string_view kMagic = "heddle1";
// As many as the log of an execution holds; a repeat count must not make a reader allocate more.
constexpr uint64_t kMostDecisions = uint64_t{1} << 20;
constexpr size_t kShort = 1'000;  // in characters: stays on one line

constexpr std::string_view kChoiceCodes = "owsru";  // in the order of ChoiceKind
static_assert(kChoiceCodes.size() == static_cast<size_t>(ChoiceKind::kUser) + 1);

// The operation that a step can be for, by its code.
constexpr std::array<int8_t, 128> OperationsByCode() {
  std::array<int8_t, 128> operations = {};
  operations.fill(-1);
  for (int kind = 0; kind < kOpKinds; ++kind) {
    const OpTraits& traits = TraitsOf(static_cast<OpKind>(kind));
    const bool can_be_point = traits.scheduling_point ||
                              static_cast<OpKind>(kind) == OpKind::kUnlock ||
                              static_cast<OpKind>(kind) == OpKind::kUnlockShared;
    if (can_be_point) operations[static_cast<size_t>(traits.code)] = static_cast<int8_t>(kind);
  }
  return operations;
}
constexpr std::array<int8_t, 128> kOperationsByCode = OperationsByCode();

std::optional<OpKind> OperationOf(char code) {
  if (code < 0 || kOperationsByCode[static_cast<size_t>(code)] < 0) return std::nullopt;
  return static_cast<OpKind>(kOperationsByCode[static_cast<size_t>(code)]);
}

bool IsKeyCharacter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

// The word of the decisions that begin at `*i`: a value, or all picks in a row of one thread.
std::string DecisionWord(const std::vector<Decision>& decisions, size_t* i) {
  const Decision first = decisions[*i];
  if (!first.is_pick()) {
    ++*i;
    return std::string("?") + kChoiceCodes[static_cast<size_t>(first.choice())] +
           std::to_string(first.value) + "/" + std::to_string(first.bound);
  }
  std::string word = std::to_string(Index(first.thread()));
  while (*i < decisions.size() && decisions[*i].is_pick() &&
         decisions[*i].thread() == first.thread() && word.size() < 60) {
    const Decision pick = decisions[*i];
    const size_t begin = *i;
    while (*i < decisions.size() && decisions[*i] == pick) ++*i;
    word += TraitsOf(pick.op()).code;
    if (*i - begin > 1) word += "*" + std::to_string(*i - begin);
  }
  return word;
}

absl::Status ParseValue(const Word& word, std::vector<Decision>* decisions) {
  const std::string_view text = word.text;
  size_t at = 1;
  const size_t choice = at < text.size() ? kChoiceCodes.find(text[at]) : std::string_view::npos;
  if (choice == std::string_view::npos) {
    return ScheduleError(word, at, "what the value is for, one of 'owsru'");
  }
  ++at;
  const std::optional<uint64_t> value = internal::ReadNumber(text, &at, UINT32_MAX);
  if (!value) return ScheduleError(word, at, "a value");
  if (at >= text.size() || text[at] != '/') return ScheduleError(word, at, "'/'");
  const size_t bound_at = ++at;
  const std::optional<uint64_t> bound = internal::ReadNumber(text, &at, UINT16_MAX);
  if (!bound || *bound < 2) {
    return ScheduleError(word, bound_at, "the number of possibilities, 2 to 65535");
  }
  if (*value >= *bound && *bound < UINT16_MAX) {
    return ScheduleError(word, 2, "a value below " + std::to_string(*bound));
  }
  if (at != text.size()) return ScheduleError(word, at, "a space");
  decisions->push_back(Decision::Value(static_cast<ChoiceKind>(choice),
                                       static_cast<uint32_t>(*value),
                                       static_cast<uint32_t>(*bound)));
  return absl::OkStatus();
}

absl::Status ParsePicks(const Word& word, std::vector<Decision>* decisions) {
  const std::string_view text = word.text;
  size_t at = 0;
  const std::optional<uint64_t> thread = internal::ReadNumber(text, &at, 0xffff);
  if (!thread) return ScheduleError(word, 0, "the number of a thread, at most 65535");
  if (at == text.size()) return ScheduleError(word, at, "the code of an operation");
  while (at < text.size()) {
    const std::optional<OpKind> op = OperationOf(text[at]);
    if (!op) return ScheduleError(word, at, "the code of an operation");
    ++at;
    uint64_t times = 1;
    if (at < text.size() && text[at] == '*') {
      const size_t times_at = ++at;
      const auto number = internal::ReadNumber(text, &at, kMostDecisions);
      if (!number || *number < 2) {
        return ScheduleError(word, times_at, "how many times, 2 to 1048576");
      }
      times = *number;
    }
    if (decisions->size() + times > kMostDecisions) {
      return ScheduleError(word, 0, "at most 1048576 decisions in all");
    }
    decisions->insert(decisions->end(), times,
                      Decision::Pick(ThreadId{static_cast<uint32_t>(*thread)}, *op));
  }
  return absl::OkStatus();
}

// `key=value`; the value of the word, unescaped.
absl::Status ParseField(const Word& word, std::string* key, std::string* value) {
  const size_t equals = word.text.find('=');
  const std::string_view name = word.text.substr(0, equals);
  if (equals == std::string_view::npos || name.empty() || name[0] < 'a' || name[0] > 'z' ||
      !std::all_of(name.begin(), name.end(), IsKeyCharacter)) {
    return ScheduleError(word, 0, "key=value");
  }
  *key = std::string(name);
  size_t bad = 0;
  std::optional<std::string> plain = internal::Unescape(word.text.substr(equals + 1), &bad);
  if (!plain) return ScheduleError(word, equals + 1 + bad, "% and two hexadecimal digits");
  *value = *std::move(plain);
  return absl::OkStatus();
}

absl::Status ParseRequired(WordReader& words, std::string_view key, std::string* value) {
  const Word word = words.Next();
  std::string found;
  if (!word.text.starts_with(std::string(key) + "=")) {
    return ScheduleError(word, 0, "'" + std::string(key) + "='");
  }
  return ParseField(word, &found, value);
}

}  // namespace

uint64_t Schedule::steps() const {
  return static_cast<uint64_t>(std::count_if(decisions.begin(), decisions.end(),
                                             [](Decision decision) { return decision.is_pick(); }));
}

std::string ToText(const Schedule& schedule, size_t width) {
  std::vector<std::string> words = {std::string(kMagic),
                                    "case=" + internal::Escape(schedule.case_name),
                                    "build=" + internal::Escape(schedule.build_id)};
  for (const auto& [key, value] : schedule.options) {
    words.push_back(key + "=" + internal::Escape(value));
  }
  words.push_back("steps=" + std::to_string(schedule.steps()));
  for (size_t i = 0; i < schedule.decisions.size();) {
    words.push_back(DecisionWord(schedule.decisions, &i));
  }
  internal::Checksum checksum;
  size_t length = 0;
  for (const std::string& word : words) {
    checksum.Add(word);
    length += word.size() + 1;
  }
  words.push_back("=" + checksum.Hex());
  const bool one_line = length < kShort;
  std::string text;
  size_t column = 0;
  for (const std::string& word : words) {
    if (column > 0) {
      const bool wrap = !one_line && column + 1 + word.size() > width;
      text += wrap ? '\n' : ' ';
      column = wrap ? 0 : column + 1;
    }
    text += word;
    column += word.size();
  }
  return text;
}

absl::StatusOr<Schedule> ParseSchedule(std::string_view text) {
  // The checksum first: what it finds is damage, and what is damaged is not worth a better message.
  if (absl::Status status = internal::CheckWhole(text, kMagic); !status.ok()) return status;
  Schedule schedule;
  WordReader words(text);
  words.Next();
  std::string value;
  if (absl::Status s = ParseRequired(words, "case", &schedule.case_name); !s.ok()) return s;
  if (absl::Status s = ParseRequired(words, "build", &schedule.build_id); !s.ok()) return s;
  std::string key;
  Word word = words.Next();
  for (;; word = words.Next()) {
    if (absl::Status s = ParseField(word, &key, &value); !s.ok()) return s;
    if (key == "steps") break;
    schedule.options.emplace_back(key, value);
  }
  size_t at = 0;
  const std::optional<uint64_t> steps = internal::ReadNumber(value, &at, kMostDecisions);
  if (!steps || at != value.size()) return ScheduleError(word, 6, "a number of steps");
  for (Word next = words.Next(); !next.text.starts_with('='); next = words.Next()) {
    const absl::Status status = next.text.starts_with('?') ? ParseValue(next, &schedule.decisions)
                                                           : ParsePicks(next, &schedule.decisions);
    if (!status.ok()) return status;
  }
  if (schedule.steps() != *steps) {
    return ScheduleError(word, 6, "the number of steps in it, " + std::to_string(schedule.steps()));
  }
  return schedule;
}

}  // namespace heddle
