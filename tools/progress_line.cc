#include "tools/progress_line.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "tools/interrupt.h"
#include "tools/terminal.h"

namespace heddle {
namespace {

constexpr std::chrono::milliseconds kInterval{100};
constexpr double kSilent = 2;  // seconds

}  // namespace

std::string ShortNumber(double number) {
  char text[32];
  if (number < 1e4) {
    std::snprintf(text, sizeof(text), "%.0f", number);
  } else if (number < 1e6) {
    std::snprintf(text, sizeof(text), "%.1fk", number / 1e3);
  } else if (number < 1e9) {
    std::snprintf(text, sizeof(text), "%.2fM", number / 1e6);
  } else {
    std::snprintf(text, sizeof(text), "%.1e", number);
  }
  return text;
}

std::string ShortTime(double seconds) {
  constexpr struct {
    double seconds;
    const char* unit;
  } kUnits[] = {{365.25 * 86'400, "years"}, {86'400, "days"}, {3'600, "h"}, {60, "min"}, {1, "s"}};
  for (const auto& [length, unit] : kUnits) {
    // From two on: "90 min" says more than "2 h".
    if (seconds < 2 * length && length > 1) continue;
    const double number = std::max(1.0, std::ceil(seconds / length));
    if (number > 1e6) return "millions of years";
    return ShortNumber(number) + " " + unit;
  }
  return "";
}

std::string ProgressText(const std::string& what, const CampaignProgress& progress,
                         size_t columns) {
  const double rate =
      progress.seconds > 0 ? static_cast<double>(progress.executions) / progress.seconds : 0;
  std::vector<std::string> parts = {
      ShortNumber(static_cast<double>(progress.executions)) +
          (progress.executions == 1 ? " execution" : " executions"),
      std::to_string(progress.findings) + (progress.findings == 1 ? " finding" : " findings"),
      ShortNumber(rate) + "/s"};
  if (progress.not_judged > 0) {
    parts.push_back(ShortNumber(static_cast<double>(progress.not_judged)) + " not judged");
  }
  if (progress.estimated_executions) {
    const double done = static_cast<double>(progress.executions);
    const double whole = std::max(*progress.estimated_executions, done + 1);
    const double percent = 100 * done / whole;
    char share[24];
    std::snprintf(share, sizeof(share), "about %.*f%% of ", percent < 10 ? 1 : 0,
                  percent < 10 ? std::floor(10 * percent) / 10 : std::floor(percent));
    parts.push_back(share + ShortNumber(whole));
    if (rate > 0) parts.push_back(ShortTime((whole - done) / rate) + " left");
  } else if (progress.share_done) {
    char share[40];
    std::snprintf(share, sizeof(share), "about %.1f%% of all schedules",
                  100 * *progress.share_done);
    parts.push_back(share);
  }
  if (progress.coverage.classes > 0) {
    parts.push_back(ShortNumber(static_cast<double>(progress.coverage.classes)) + " orders, " +
                    ShortNumber(static_cast<double>(progress.coverage.pairs)) + " reads-from");
  }
  // A case that may be hanging: that, before anything that stands still.
  if (progress.silent_seconds >= kSilent) {
    const int silent = static_cast<int>(progress.silent_seconds);
    parts.insert(parts.begin(), "no scheduling point for " + std::to_string(silent) + " s");
  }
  // The last column stays free: a line that wraps could not be overwritten. What happens matters
  // more than the name, which the next row of the table tells.
  std::string line = what + ": " + parts.front();
  if (line.size() >= columns) line = parts.front().substr(0, columns - 1);
  for (size_t i = 1; i < parts.size(); ++i) {
    if (line.size() + 2 + parts[i].size() >= columns) break;
    line += ", " + parts[i];
  }
  return line;
}

void ProgressLine::OnProgress(const CampaignProgress& progress) {
  if (!shown_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + kInterval;
  const std::string line =
      ProgressText(what_, progress, static_cast<size_t>(Columns(STDERR_FILENO)));
  std::fprintf(stderr, "\r%s\033[K", line.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressLine::Clear() {
  if (!drawn_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

bool ProgressLine::Cancelled() { return Interrupted(); }

}  // namespace heddle
