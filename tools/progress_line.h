// One line on the terminal that is overwritten while a case is explored. Nothing without a
// terminal.
#ifndef HEDDLE_TOOLS_PROGRESS_LINE_H_
#define HEDDLE_TOOLS_PROGRESS_LINE_H_

#include <chrono>
#include <string>

#include "harness/explore/explorer.h"

namespace heddle {

class ProgressLine final : public CampaignObserver {
 public:
  explicit ProgressLine(bool shown) : shown_(shown) {}

  // "[3/70] race/lost_update"
  void Begin(std::string what) { what_ = std::move(what); }
  void Clear();

  void OnProgress(const CampaignProgress& progress) override;
  bool Cancelled() override;

 private:
  const bool shown_;
  bool drawn_ = false;
  std::string what_;
  std::chrono::steady_clock::time_point next_;
};

// What the line says, most important first; whole parts, as many as fit into `columns` columns.
std::string ProgressText(const std::string& what, const CampaignProgress& progress, size_t columns);

// 950, 12.3k, 1.23M, 4.2e+12: a number in few letters.
std::string ShortNumber(double number);
// 45 s, 2 min, 5 h, 10 days: how long something will take, at most.
std::string ShortTime(double seconds);

}  // namespace heddle

#endif  // HEDDLE_TOOLS_PROGRESS_LINE_H_
