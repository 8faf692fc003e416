#include "harness/report/text_interleaving.h"

#include <algorithm>
#include <vector>

namespace heddle::internal {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kStepWidth = 6;  // with the mark before it

struct Row {
  const FindingStep* step;
  std::string number;
  std::string text;
  std::string place;  // file name and line: the stacks have the path
  bool marked;
  size_t column;
};

std::string PlaceOf(const Frame& frame) {
  if (frame.file.empty()) return {};
  const size_t slash = frame.file.rfind('/');
  const std::string name = slash == std::string::npos ? frame.file : frame.file.substr(slash + 1);
  return Printable(name) + ":" + std::to_string(frame.line);
}

// The threads that have a step to show, in the order of creation.
std::vector<std::string> ColumnsOf(const Finding& finding) {
  std::vector<std::string> columns;
  const auto shown = [&](const std::string& name) {
    return std::any_of(finding.interleaving.begin(), finding.interleaving.end(),
                       [&](const FindingStep& s) { return s.matters && s.thread == name; });
  };
  for (const std::string& name : finding.thread_names) {
    if (shown(name)) columns.push_back(name);
  }
  for (const FindingStep& step : finding.interleaving) {
    const bool known = std::find(columns.begin(), columns.end(), step.thread) != columns.end();
    if (step.matters && !known) columns.push_back(step.thread);
  }
  return columns;
}

std::string Trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::string StepCell(const Row& row, const Paint& paint) {
  const std::string cell = PadLeft((row.marked ? "> " : "") + row.number, kStepWidth);
  return row.marked ? paint.Strong(cell) : paint.Faint(cell);
}

// Narrows the widest columns until all fit; false if they would get too narrow to read.
bool FitColumns(std::vector<size_t>* widths, size_t width) {
  constexpr size_t kNarrowest = 13;
  const auto total = [&] {
    size_t sum = kStepWidth;
    for (const size_t column : *widths) sum += kGap + column;
    return sum;
  };
  while (total() > width) {
    size_t& widest = *std::max_element(widths->begin(), widths->end());
    if (widest <= kNarrowest) return false;
    --widest;
  }
  return true;
}

// In lines of at most `width` columns, at spaces where there are any.
std::vector<std::string> Split(const std::string& text, size_t width) {
  std::vector<std::string> lines;
  size_t at = 0;
  const std::string wrapped = Wrap(text, 0, width);
  while (at < wrapped.size()) {
    const size_t end = wrapped.find('\n', at);
    lines.push_back((at == 0 ? "" : "  ") + wrapped.substr(at, end - at));
    at = end + 1;
  }
  if (lines.empty()) lines.emplace_back();
  return lines;
}

std::string RenderList(const std::vector<Row>& rows, const Paint& paint) {
  const std::string gap(kGap, ' ');
  size_t name_width = 0, text_width = 0;
  for (const Row& row : rows) {
    name_width = std::max(name_width, WidthOf(Printable(row.step->thread)));
    text_width = std::max(text_width, WidthOf(row.text));
  }
  std::string text;
  for (const Row& row : rows) {
    const std::string cell = PadRight(row.text, text_width);
    text += Trimmed(StepCell(row, paint) + gap +
                    paint.Heading(PadRight(Printable(row.step->thread), name_width)) + gap +
                    (row.marked ? paint.Strong(cell) : cell) + gap + paint.Faint(row.place)) +
            "\n";
  }
  return text;
}

}  // namespace

std::string RenderInterleaving(const Finding& finding, const Paint& paint, size_t width) {
  const std::vector<std::string> columns = ColumnsOf(finding);
  std::vector<size_t> widths;
  for (const std::string& name : columns) widths.push_back(WidthOf(Printable(name)));
  std::vector<Row> rows;
  size_t place_width = 0;
  for (const FindingStep& step : finding.interleaving) {
    if (!step.matters) continue;
    Row row{&step,
            step.step == 0 ? "" : std::to_string(step.step),
            Printable(step.text),
            PlaceOf(step.at),
            false,
            0};
    row.column = static_cast<size_t>(std::find(columns.begin(), columns.end(), step.thread) -
                                     columns.begin());
    row.marked = step.step != 0 &&
                 std::any_of(finding.sides.begin(), finding.sides.end(),
                             [&](const FindingSide& side) { return side.step == step.step; });
    widths[row.column] = std::max(widths[row.column], WidthOf(row.text));
    place_width = std::max(place_width, WidthOf(row.place));
    rows.push_back(std::move(row));
  }
  if (!FitColumns(&widths, width)) return RenderList(rows, paint);
  size_t total = kStepWidth;
  for (const size_t column : widths) total += kGap + column;
  const bool places_fit = total + kGap + place_width <= width;

  const std::string gap(kGap, ' ');
  std::string names = PadLeft("step", kStepWidth);
  std::string rule(kStepWidth, ' ');
  for (size_t i = 0; i < columns.size(); ++i) {
    names += gap + PadRight(Printable(columns[i]), widths[i]);
    rule += gap + std::string(widths[i], '-');
  }
  std::string text = paint.Heading(Trimmed(names)) + "\n" + paint.Faint(rule) + "\n";
  for (const Row& row : rows) {
    size_t before = 0;
    for (size_t i = 0; i < row.column; ++i) before += kGap + widths[i];
    size_t after = 0;
    for (size_t i = row.column + 1; i < columns.size(); ++i) after += kGap + widths[i];
    bool first = true;
    for (const std::string& part : Split(row.text, widths[row.column])) {
      const std::string cell = PadRight(part, widths[row.column]);
      std::string line = first ? StepCell(row, paint) : std::string(kStepWidth, ' ');
      line += std::string(before, ' ') + gap + (row.marked ? paint.Strong(cell) : cell);
      if (first && places_fit && !row.place.empty()) {
        line += std::string(after, ' ') + gap + paint.Faint(row.place);
      }
      text += Trimmed(line) + "\n";
      first = false;
    }
  }
  return text;
}

}  // namespace heddle::internal
