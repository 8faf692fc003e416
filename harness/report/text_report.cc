#include "harness/report/text_report.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "harness/report/text_history.h"
#include "harness/report/text_interleaving.h"
#include "harness/report/text_layout.h"
#include "harness/report/wording.h"

namespace heddle {
namespace {

using internal::PadRight;
using internal::Paint;
using internal::Printable;
using internal::WidthOf;
using internal::Wrap;

std::string PlaceOf(const Frame& frame) {
  if (frame.file.empty()) return {};
  std::string place = Printable(frame.file) + ":" + std::to_string(frame.line);
  if (frame.column > 0) place += ":" + std::to_string(frame.column);
  return place;
}

std::string Capitalized(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string Plural(uint64_t count, const std::string& one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

const Frame* FirstFrame(const Finding& finding) {
  for (const FindingSide& side : finding.sides) {
    if (!side.stack.empty()) return &side.stack.front();
  }
  for (const FindingThread& thread : finding.threads) {
    const bool last_seen = thread.state == "blocked" || thread.state == "running";
    if (last_seen && !thread.stack.empty()) return &thread.stack.front();
  }
  return nullptr;
}

std::string StepInWords(const FindingStep& step) {
  const std::string place = PlaceOf(step.at);
  return Printable(step.thread) + ": " + Printable(step.text) +
         (place.empty() ? "" : " (" + place + ")");
}

// What the finding depends on, as far as that has been found out.
std::string CauseInWords(const Finding& finding, size_t width) {
  if (finding.cause.empty()) return {};
  std::string text = Wrap(Printable(finding.cause), 2, width);
  for (const FindingOrder& order : finding.orders) {
    text += Wrap("- " + StepInWords(order.first), 4, width);
    text += Wrap("before " + StepInWords(order.then), 6, width);
  }
  return text;
}

class Page {
 public:
  Page(const Finding& finding, const TextOptions& options)
      : finding_(finding),
        paint_(options.color),
        width_(static_cast<size_t>(std::max(options.width, 40))) {}

  std::string Render() {
    Verdict();
    for (const FindingSide& side : finding_.sides) Side(side);
    for (const FindingThread& thread : finding_.threads) {
      thread.wants.empty() ? NotBlocked(thread) : Blocked(thread);
    }
    Starts();
    Section("Why", Explanation());
    Section("The calls, from call to return", internal::RenderHistory(finding_, paint_));
    const auto shown = std::count_if(finding_.interleaving.begin(), finding_.interleaving.end(),
                                     [](const FindingStep& step) { return step.matters; });
    if (shown > 0) {
      Section("How it happened",
              internal::RenderInterleaving(finding_, paint_, width_) + PointersInWords());
    }
    if (!finding_.replay.empty()) {
      Section("Replay", "  " + paint_.Command(Printable(finding_.replay)) + "\n");
    }
    text_ += "\n" + RenderSummaryLine(finding_) + "\n";
    return std::move(text_);
  }

 private:
  void Verdict() {
    text_ += paint_.Alarm("WARNING: heddle: " + Printable(finding_.summary)) + "\n";
    std::vector<std::string> facts;
    if (!finding_.case_name.empty()) facts.push_back("case " + Printable(finding_.case_name));
    facts.push_back("execution " + std::to_string(finding_.first_execution));
    facts.push_back(Plural(finding_.size.preemptions, "preemption"));
    if (!finding_.fingerprint.empty()) facts.push_back("fingerprint " + finding_.fingerprint);
    if (!finding_.confirmed) facts.push_back("predicted: no schedule has shown it yet");
    std::string line;
    for (const std::string& fact : facts) line += (line.empty() ? "" : ", ") + fact;
    text_ += "  " + paint_.Faint(line) + "\n";
    if (const std::string size = Reduced(); !size.empty()) {
      text_ += paint_.Faint(Wrap(size, 2, width_));
    }
  }

  // How small the schedule is, as far as that is known.
  std::string Reduced() const {
    if (!finding_.reduction) return {};
    const auto in_words = [](const ScheduleSize& size) {
      return Plural(size.preemptions, "preemption") + " and " +
             (size.switches == 1 ? "1 switch" : std::to_string(size.switches) + " switches");
    };
    std::string text;
    if (finding_.reduction->before != finding_.size) {
      text = "schedule reduced from " + in_words(finding_.reduction->before) + " to " +
             in_words(finding_.size);
    }
    if (finding_.size.preemptions == 0) return text;
    if (!text.empty()) text += "; ";
    return text + (finding_.reduction->proved ? "no schedule with fewer preemptions shows it"
                                              : "perhaps fewer preemptions would do");
  }

  std::string Explanation() const {
    const std::string text = Wrap(Printable(finding_.explanation), 2, width_);
    const std::string cause = CauseInWords(finding_, width_);
    return text + (text.empty() || cause.empty() ? "" : "\n") + cause;
  }

  std::string PointersInWords() const {
    size_t names = 0;
    for (const FindingPointer& pointer : finding_.pointers) {
      names = std::max(names, WidthOf(Printable(pointer.name)));
    }
    std::string lines;
    for (const FindingPointer& pointer : finding_.pointers) {
      const std::string title = "  " + PadRight(Printable(pointer.name), names) + "  ";
      lines += Wrap(Printable(pointer.meaning), WidthOf(title), width_)
                   .replace(0, WidthOf(title), title);
    }
    return lines.empty() ? lines : "\n" + lines;
  }

  void Section(const std::string& title, const std::string& body) {
    if (body.empty()) return;
    text_ += "\n" + paint_.Heading(title) + "\n" + body;
  }

  void Stack(const std::vector<Frame>& stack) {
    size_t names = 0;
    for (const Frame& frame : stack) names = std::max(names, WidthOf(Printable(frame.function)));
    constexpr size_t kMostlyEnough = 48;
    names = std::min(names, kMostlyEnough);
    int number = 0;
    for (const Frame& frame : stack) {
      const std::string place = PlaceOf(frame);
      const std::string name = Printable(frame.function);
      text_ += "    #" + std::to_string(number) + " " +
               (place.empty() ? name : PadRight(name, names) + "  " + paint_.Faint(place)) + "\n";
      number += 1 + frame.repeats;
      if (frame.repeats == 0) continue;
      // A stack is recorded to some depth only.
      const bool may_go_on = &frame == &stack.back();
      text_ += "    ... " + std::string(may_go_on ? "at least " : "") +
               std::to_string(frame.repeats) + " more frames of " + name +
               (place.empty() ? "" : " at " + place) + "\n";
    }
  }

  void Held(const std::vector<HeldLock>& held) {
    for (const HeldLock& lock : held) {
      std::string line = "    holds " + Printable(lock.object);
      if (lock.mode != "exclusive") line += " (" + Printable(lock.mode) + ")";
      if (!lock.taken_at.empty() && !PlaceOf(lock.taken_at.front()).empty()) {
        line += ", taken at " + PlaceOf(lock.taken_at.front());
        const std::string in = " in " + Printable(lock.taken_at.front().function);
        if (WidthOf(line) + WidthOf(in) <= width_) line += in;
      }
      text_ += line + "\n";
    }
  }

  void Side(const FindingSide& side) {
    std::string title = Capitalized(Printable(side.role));
    if (!side.thread.empty() && side.thread != "?") title += " by " + Printable(side.thread);
    text_ += "\n  " + paint_.Heading(title);
    if (side.step != 0) text_ += paint_.Faint(" (step " + std::to_string(side.step) + ")");
    text_ += "\n";
    Stack(side.stack);
    Held(side.held);
    const bool race = finding_.kind == FindingKind::kDataRace;
    if (race && side.step != 0 && side.held.empty()) text_ += "    holds no lock\n";
  }

  void Blocked(const FindingThread& thread) {
    text_ += "\n  " +
             paint_.Heading(Printable(thread.name) + " waits for " +
                            std::string(ArticleOf(thread.wants)) + Printable(thread.wants)) +
             "\n";
    Stack(thread.stack);
    Held(thread.held);
  }

  // Threads that do not wait but take part: running when it ended, or gone with a lock.
  void NotBlocked(const FindingThread& thread) {
    const bool ended = thread.state == "finished";
    if (!finding_.sides.empty() || (ended ? thread.held.empty() : thread.state != "running"))
      return;
    text_ += "\n  " +
             paint_.Heading(Printable(thread.name) +
                            (ended ? " has ended" : " is running; its last operation:")) +
             "\n";
    Stack(thread.stack);
    Held(thread.held);
  }

  // Where the threads of the finding came from.
  void Starts() {
    std::string lines;
    for (const FindingThread& thread : finding_.threads) {
      if (thread.created_at.empty()) continue;
      const Frame& at = thread.created_at.front();
      const std::string place = PlaceOf(at);
      lines += "  " + Printable(thread.name) + " was started " +
               (place.empty() ? "in " + Printable(at.function) : "at " + place) + "\n";
    }
    if (!lines.empty()) text_ += "\n" + lines;
  }

  const Finding& finding_;
  const Paint paint_;
  const size_t width_;
  std::string text_;
};

}  // namespace

std::string RenderSummaryLine(const Finding& finding) {
  std::string line = "SUMMARY: heddle: " + std::string(NameOf(finding.kind));
  const Frame* const frame = FirstFrame(finding);
  if (frame != nullptr && !frame->file.empty()) {
    return line + " " + Printable(frame->file) + ":" + std::to_string(frame->line) + " in " +
           Printable(frame->function);
  }
  return finding.case_name.empty() ? line : line + " in case " + Printable(finding.case_name);
}

std::string RenderText(const Finding& finding, const TextOptions& options) {
  return Page(finding, options).Render();
}

std::string RenderCause(const Finding& finding, const TextOptions& options) {
  return CauseInWords(finding, static_cast<size_t>(std::max(options.width, 40)));
}

}  // namespace heddle
