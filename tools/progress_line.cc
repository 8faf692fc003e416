#include "tools/progress_line.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "tools/interrupt.h"
#include "tools/terminal.h"

namespace heddle {
namespace {

constexpr std::chrono::milliseconds kInterval{100};

}  // namespace

std::string ShortNumber(double number) {
  char text[32];
  if (number < 1e4) {
    std::snprintf(text, sizeof(text), "%.0f", number);
  } else if (number < 1e6) {
    std::snprintf(text, sizeof(text), "%.1fk", number / 1e3);
  } else {
    std::snprintf(text, sizeof(text), "%.2fM", number / 1e6);
  }
  return text;
}

void ProgressLine::OnProgress(const CampaignProgress& progress) {
  if (!shown_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + kInterval;
  std::string line =
      what_ + ": " + ShortNumber(static_cast<double>(progress.executions)) + " executions, " +
      ShortNumber(progress.seconds > 0 ? static_cast<double>(progress.executions) / progress.seconds
                                       : 0) +
      "/s, " + std::to_string(progress.findings) +
      (progress.findings == 1 ? " finding" : " findings");
  if (progress.share_done) {
    char share[32];
    std::snprintf(share, sizeof(share), ", about %.1f%% of all schedules",
                  100 * *progress.share_done);
    line += share;
  }
  // A line that wraps could not be overwritten.
  line.resize(std::min(line.size(), static_cast<size_t>(Width(STDERR_FILENO) - 1)));
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
