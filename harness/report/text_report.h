// A Finding as text, for people and for scripts that grep.
//
// The first line is the verdict, `WARNING: heddle: data race on x: ...`, the last
// `SUMMARY: heddle: data-race cases/race/x.cc:21 in Increment` (docs/report.md). Between them: the
// sides or the blocked threads with stacks and held locks, why nothing orders them, the
// interleaving with one column per thread, and the command that replays it. Pure.
#ifndef HEDDLE_HARNESS_REPORT_TEXT_REPORT_H_
#define HEDDLE_HARNESS_REPORT_TEXT_REPORT_H_

#include <string>

#include "harness/core/finding.h"

namespace heddle {

struct TextOptions {
  bool color = false;  // the caller knows whether this goes to a terminal, and NO_COLOR
  int width = 100;     // columns; paragraphs and the interleaving keep to it, paths may not
};

std::string RenderText(const Finding& finding, const TextOptions& options = {});

// What a finding depends on, as under "Why": the sentence, then each order. Empty if it is not
// known.
std::string RenderCause(const Finding& finding, const TextOptions& options = {});

// The SUMMARY line alone, without its newline.
std::string RenderSummaryLine(const Finding& finding);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_REPORT_TEXT_REPORT_H_
