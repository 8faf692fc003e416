// Schedule: everything that makes one execution happen again, and its text form.
//
// The text is words separated by spaces or line ends:
//
//   heddle1 case=deadlock/ab_ba build=1f2e3d4c timeouts=late steps=6 0g 1gl 2gl 1l =5d41402a
//
// - `heddle1`: the format and its version.
// - `case=`, `build=`, then the options of the execution in any number, as `key=value`. Bytes that
// a
//   shell, a mail or this format could take for something else are written as %XX.
// - `steps=`: the number of picks that follow.
// - Decisions. A thread's number and the codes of the operations that it carries out, one after the
//   other (`1gl` : thread 1 starts, then locks; the codes are OpTraits::code). `*n` after a code: n
//   times. A value is `?`, the letter of what it was chosen for (o outcome, w waiter, s store, r
//   reuse, u user), the value, `/` and the number of possibilities: `?w1/3`.
// - `=` and a CRC-32 of all words before, each followed by a space: damaged text is always told
// from
//   whole text, whatever happened to its line ends.
//
// Parsing never guesses: what is not exactly this is an error that says the offset, what was
// expected and what was found. Cost: linear.
#ifndef HEDDLE_HARNESS_SCHEDULE_SCHEDULE_H_
#define HEDDLE_HARNESS_SCHEDULE_SCHEDULE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/schedule/decision.h"

namespace heddle {

struct Schedule {
  std::string case_name;
  std::string build_id;
  // What the execution is made under, named as on the command line. Keys are [a-z][a-z0-9-]*.
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<Decision> decisions;  // every pick, forced ones too, and every value

  uint64_t steps() const;

  bool operator==(const Schedule&) const = default;
};

// One line if it is short, else lines of about `width` columns; ends without a line end.
std::string ToText(const Schedule& schedule, size_t width = 100);

absl::StatusOr<Schedule> ParseSchedule(std::string_view text);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_SCHEDULE_SCHEDULE_H_
