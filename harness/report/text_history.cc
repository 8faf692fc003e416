#include "harness/report/text_history.h"

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

namespace heddle::internal {
namespace {

// A call is made or returns.
struct Moment {
  const FindingCall* call;
  bool returns;
  size_t column;

  // Calls made between the same two returns have no order among them.
  std::tuple<uint64_t, size_t> Order() const {
    return {returns ? 2 * call->returned : 2 * call->invoked + 1, returns ? 0 : column};
  }
};

struct Line {
  size_t column;
  std::string text;
  std::vector<bool> running;  // by column: within a call that is not of this line
};

std::vector<std::string> ColumnsOf(const Finding& finding) {
  std::vector<std::string> columns;
  for (const std::string& name : finding.thread_names) {
    const bool calls = std::any_of(finding.history.begin(), finding.history.end(),
                                   [&](const FindingCall& call) { return call.thread == name; });
    if (calls) columns.push_back(name);
  }
  return columns;
}

std::string Returned(const FindingCall& call) {
  return call.result.empty() ? "returns" : "-> " + Printable(call.result);
}

std::vector<Line> LinesOf(const Finding& finding, const std::vector<std::string>& columns) {
  std::vector<Moment> moments;
  for (const FindingCall& call : finding.history) {
    const auto column = static_cast<size_t>(std::find(columns.begin(), columns.end(), call.thread) -
                                            columns.begin());
    if (column == columns.size()) continue;
    moments.push_back({&call, false, column});
    moments.push_back({&call, true, column});
  }
  std::sort(moments.begin(), moments.end(),
            [](const Moment& a, const Moment& b) { return a.Order() < b.Order(); });
  std::vector<Line> lines;
  std::vector<bool> running(columns.size(), false);
  for (size_t i = 0; i < moments.size(); ++i) {
    const Moment& moment = moments[i];
    const FindingCall& call = *moment.call;
    running[moment.column] = false;
    std::string text = moment.returns ? Returned(call) : Printable(call.call);
    const bool at_once = !moment.returns && i + 1 < moments.size() && moments[i + 1].call == &call;
    if (at_once && !call.result.empty()) text += " " + Returned(call);
    lines.push_back({moment.column, text, running});
    if (at_once) {
      ++i;
    } else {
      running[moment.column] = !moment.returns;
    }
  }
  return lines;
}

std::string Trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::string RenderHistory(const Finding& finding, const Paint& paint) {
  const std::vector<std::string> columns = ColumnsOf(finding);
  if (columns.empty()) return {};
  const std::vector<Line> lines = LinesOf(finding, columns);
  std::vector<size_t> widths;
  for (const std::string& name : columns) widths.push_back(WidthOf(Printable(name)));
  for (const Line& line : lines) {
    widths[line.column] = std::max(widths[line.column], WidthOf(line.text));
  }
  std::string names, rule;
  for (size_t i = 0; i < columns.size(); ++i) {
    names += "  " + PadRight(Printable(columns[i]), widths[i]);
    rule += "  " + std::string(widths[i], '-');
  }
  std::string text = paint.Heading(Trimmed(names)) + "\n" + paint.Faint(rule) + "\n";
  for (const Line& line : lines) {
    std::string cells;
    for (size_t i = 0; i < columns.size(); ++i) {
      const std::string cell = i == line.column ? line.text : line.running[i] ? "|" : "";
      cells += "  " + PadRight(cell, widths[i]);
    }
    text += Trimmed(cells) + "\n";
  }
  return text;
}

}  // namespace heddle::internal
