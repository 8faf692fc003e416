#include "tools/run_table.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "harness/core/sanitizer_edges.h"
#include "tools/progress_line.h"
#include "tools/terminal.h"

namespace heddle {
namespace {

constexpr size_t kFoundWidth = 22;
constexpr size_t kExecutionsWidth = 12;

std::string KindsOr(const std::vector<FindingKind>& kinds, std::string_view none) {
  std::string text;
  for (const FindingKind kind : kinds) {
    text += (text.empty() ? "" : ",") + std::string(NameOf(kind));
  }
  return text.empty() ? std::string(none) : text;
}

std::vector<FindingKind> KindsFound(const CaseResult& result) {
  std::vector<FindingKind> kinds;
  for (const FoundBug& found : result.findings) {
    if (std::find(kinds.begin(), kinds.end(), found.finding.kind) == kinds.end()) {
      kinds.push_back(found.finding.kind);
    }
  }
  return kinds;
}

// The bound is the search's, which stops at the first finding; a clean result is what it is about.
std::string Completeness(const CaseResult& result) {
  if (result.complete) return " (complete)";
  if (result.complete_bound.empty() || !result.findings.empty()) return {};
  return " (complete " + result.complete_bound + ")";
}

std::string Left(std::string text, size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string Right(const std::string& text, size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

std::string Seconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.2fs", seconds);
  return text;
}

// Nothing has been found yet; whether there is something to find, the interruption has left open.
bool IsOpen(const CaseResult& result) {
  return result.interrupted && result.met && result.findings.empty();
}

// What a complete search without that finding is worth: only ThreadSanitizer sees what the program
// does to plain memory.
std::string NotShown(FindingKind kind) {
  const char* unseen = nullptr;
  if (kind == FindingKind::kUseAfterFree) unseen = "reads of freed plain memory";
  if (kind == FindingKind::kDataRace) unseen = "races on plain memory";
  if (unseen == nullptr || kThreadSanitizer) return ": there is no such schedule\n";
  return std::string(": no schedule shows it to this build, which does not see ") + unseen +
         " (docs/search.md)\n";
}

// What a run without a finding is worth; a line. Empty: there is nothing to tell of all executions.
std::string Covered(const CaseResult& result, bool is_sample) {
  const CoverageCounts& coverage = result.coverage;
  // Of a worker that was killed in the midst of a very long execution, it is not known what the
  // ones before have shown.
  if (coverage.executions == 0 || coverage.executions != result.executions) return {};
  const auto counted = [](uint64_t count, const char* one) {
    return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
  };
  std::string text = counted(coverage.executions, "execution") + " showed " +
                     (coverage.exact ? "" : "about ") +
                     counted(coverage.classes, "different order") + " of events and " +
                     counted(coverage.pairs, "reads-from pair");
  if (result.complete) return text + ": all there are\n";
  if (!is_sample) return text + "\n";
  if (coverage.classes_once == 0) return text + ", each more than once\n";
  char unseen[80];
  std::snprintf(unseen, sizeof(unseen), "; about %.*f%% of further ones would show a new order\n",
                coverage.Unseen() < 0.1 ? 1 : 0, 100 * coverage.Unseen());
  return text + unseen;
}

}  // namespace

RunTable::RunTable(const std::vector<const Case*>& cases, bool color)
    : color_(color), cases_(cases.size()), name_width_(4), expected_width_(8) {
  for (const Case* one : cases) {
    name_width_ = std::max(name_width_, one->name.size());
    expected_width_ = std::max(expected_width_, KindsOr(one->expect, "clean").size());
  }
}

std::string RunTable::Header() const {
  return Left("case", name_width_) + "  " + Left("expected", expected_width_) + "  " +
         Left("found", kFoundWidth) + Right("executions", kExecutionsWidth) + Right("time", 9) +
         Right("per second", 12) + "  result\n";
}

std::string RunTable::Row(const CaseResult& result) const {
  std::string row = Left(result.name, name_width_) + "  " +
                    Left(KindsOr(result.expected, "clean"), expected_width_) + "  ";
  if (!result.skipped.empty()) return row + "skipped: " + result.skipped + "\n";
  const std::string executions = std::to_string(result.executions);
  // Several kinds take from the space before the number.
  row += Left(KindsOr(KindsFound(result), "nothing") + " ",
              kFoundWidth + kExecutionsWidth - executions.size()) +
         executions + Right(Seconds(result.seconds), 9) +
         Right(ShortNumber(result.ExecutionsPerSecond()), 12) + "  " +
         (IsOpen(result) ? "interrupted"
          : result.met   ? Green("ok", color_)
                         : Red("FAIL", color_)) +
         Completeness(result) + "\n";
  if (!result.note.empty()) row += "  note: " + result.note + "\n";
  if (result.met) return row;  // a shard need not find what is expected
  const bool unexpected = !std::ranges::all_of(result.findings, &FoundBug::expected);
  for (const FindingKind kind : result.expected) {
    const std::vector<FindingKind> found = KindsFound(result);
    if (std::find(found.begin(), found.end(), kind) != found.end()) continue;
    row += "  expected " + std::string(NameOf(kind)) + ", which was not found";
    row += result.complete      ? NotShown(kind)
           : result.interrupted ? " before the interruption\n"
           : result.not_judged > 0 ? "; a history that was not judged may show it\n"
           : unexpected ? "; what is not expected ends the search, unless --keep-going is given\n"
                                : "; a larger --executions or another --strategy may find it\n";
  }
  return row;
}

std::string RunTable::Summary(const std::vector<CaseResult>& results, const std::string& out,
                              bool is_sample) const {
  size_t met = 0;
  size_t skipped = 0;
  size_t open = 0;
  size_t findings = 0;
  uint64_t not_judged = 0;
  std::string missed;
  for (const CaseResult& result : results) {
    findings += result.findings.size();
    not_judged += result.not_judged;
    if (!result.skipped.empty()) {
      ++skipped;
    } else if (IsOpen(result)) {
      ++open;
    } else if (result.met) {
      ++met;
    } else {
      missed += (missed.empty() ? "" : ", ") + result.name;
    }
  }
  const size_t run = results.size() - skipped;
  std::string text = "\n";
  if (run == 1 && results.size() == 1 && findings == 0) text += Covered(results[0], is_sample);
  text += std::to_string(met) + " of " + std::to_string(run) +
                     (run == 1 ? " case" : " cases") + " met the expectation";
  if (skipped > 0) text += ", " + std::to_string(skipped) + " skipped";
  if (open > 0) text += ", " + std::to_string(open) + " interrupted";
  if (results.size() < cases_) {
    text += ", " + std::to_string(cases_ - results.size()) + " not begun";
  }
  text += ", " + std::to_string(findings) + (findings == 1 ? " finding" : " findings");
  if (not_judged > 0) {
    text += ", " + std::to_string(not_judged) + (not_judged == 1 ? " history" : " histories") +
            " not judged";
  }
  text += out.empty() ? "" : "; results are in " + out + "/";
  text += "\n";
  if (!missed.empty()) text += Red("FAIL", color_) + ": " + missed + "\n";
  return text;
}

std::string RunTable::NotComplete(const std::vector<CaseResult>& results, bool if_bounded) {
  std::string text;
  for (const CaseResult& result : results) {
    if (!result.Undecided() || (!result.complete_bound.empty() && !if_bounded)) continue;
    text += "not complete: " + result.name;
    if (!result.search.empty()) text += " (" + result.search + ")";
    // The default strategy says so when it has gone over to sampling.
    const bool searching = result.search.find("sampled") == std::string::npos;
    if (result.interrupted) {
      text += "; interrupted\n";
    } else if (result.not_judged > 0) {
      text += "; histories were not judged: make fewer threads or calls\n";
    } else if (result.cut_by_step_limit > 0) {
      text += "; executions were cut: raise --max-steps\n";
    } else if (result.search.find("longer than the step limit") != std::string::npos) {
      text += "; raise --max-steps\n";
    } else if (result.search.find("all with up to") != std::string::npos) {
      text += "; raise the strategy's bound\n";
    } else if (searching) {
      text += "; raise --executions or --time\n";
    } else {
      text += "; samples never are: use --strategy=dfs or dpor\n";
    }
  }
  return text;
}

}  // namespace heddle
