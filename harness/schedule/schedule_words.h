// The lexical half of a schedule's text: words, escapes, numbers, the checksum. See schedule.h.
#ifndef HEDDLE_HARNESS_SCHEDULE_SCHEDULE_WORDS_H_
#define HEDDLE_HARNESS_SCHEDULE_SCHEDULE_WORDS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace heddle::internal {

struct Word {
  std::string_view text;  // empty: the end
  size_t offset = 0;
};

class WordReader {
 public:
  explicit WordReader(std::string_view text) : text_(text) {}
  Word Next();

 private:
  std::string_view text_;
  size_t at_ = 0;
};

// CRC-32 (ISO 3309) of words, each followed by a space.
class Checksum {
 public:
  void Add(std::string_view word);
  std::string Hex() const;  // 8 digits

 private:
  uint32_t crc_ = 0xffffffff;
};

// "schedule, offset 57: expected ..., found ..." where `at` is within the word.
absl::Status ScheduleError(const Word& word, size_t at, const std::string& expected);

// That the text begins with `magic` and ends with the checksum of what is before.
absl::Status CheckWhole(std::string_view text, std::string_view magic);

// The decimal number at `*at`, which is moved behind it. Nothing if there is none, if it has a
// leading zero or is above `most`.
std::optional<uint64_t> ReadNumber(std::string_view text, size_t* at, uint64_t most);

std::string Escape(std::string_view plain);
// Nothing if an escape is malformed; `*bad` is then its offset.
std::optional<std::string> Unescape(std::string_view escaped, size_t* bad);

}  // namespace heddle::internal

#endif  // HEDDLE_HARNESS_SCHEDULE_SCHEDULE_WORDS_H_
