// Depth-first search divided: what is left of a path, as parts that other instances explore.
//
// A part is a path and a range of its nodes: all options of those nodes that lie behind the ones on
// the path, with all that is below them. What sleeps before such an option depends on what the
// steps of the options before it did. Executions learn that which end their plan's prefix within
// such a step, so a pick and the value choices that follow it are never divided.
#include <span>

#include "harness/core/bytes.h"
#include "harness/core/check.h"
#include "harness/strategy/dfs.h"

namespace heddle {

std::string Dfs::PartOf(size_t first, size_t end) const {
  ByteWriter writer;
  Position below{0, floor_weight_};
  for (size_t i = floor_; i < first; ++i) below.here *= At(i).here;
  writer.Put(static_cast<uint64_t>(first));
  writer.Put(below.here);
  writer.PutSpan(std::span(decisions_).first(end));

  const auto nodes = std::span(path_).subspan(first, end - first);
  const size_t first_option = nodes.front().first_option;
  const size_t first_sleeper = nodes.front().first_sleeper;
  const size_t options_end = end < path_.size() ? path_[end].first_option : option_stack_.size();
  const size_t sleepers_end = end < path_.size() ? path_[end].first_sleeper : sleeper_stack_.size();
  writer.Put(static_cast<uint64_t>(nodes.size()));
  for (Node node : nodes) {
    node.first_option -= static_cast<uint32_t>(first_option);
    node.first_sleeper -= static_cast<uint32_t>(first_sleeper);
    writer.Put(node);
  }
  writer.PutSpan(std::span(option_stack_).subspan(first_option, options_end - first_option));
  writer.PutSpan(std::span(sleeper_stack_).subspan(first_sleeper, sleepers_end - first_sleeper));
  return writer.Take();
}

std::vector<std::string> Dfs::Split(size_t most) {
  HEDDLE_CHECK(started_ && most > 0, "a search is divided before it has begun, or into nothing");
  struct Range {
    size_t first;
    size_t end;
  };
  std::vector<Range> ranges;  // with something left, nearest to the root first
  for (size_t first = floor_, end; first < path_.size(); first = end) {
    bool left = false;
    for (end = first; end < path_.size() && (end == first || !decisions_[end].is_pick()); ++end) {
      left |= path_[end].current + 1 < path_[end].options;
    }
    if (!left) continue;
    if (ranges.size() == most) {
      ranges.back().end = end;
    } else {
      ranges.push_back({first, end});
    }
  }
  std::vector<std::string> parts;
  for (size_t i = ranges.size(); i-- > 0;) parts.push_back(PartOf(ranges[i].first, ranges[i].end));

  counts_.share = ShareDone() + Where().here;
  handed_on_ = true;
  return parts;
}

bool Dfs::Adopt(std::string_view part) {
  ByteReader reader(part);
  uint64_t first = 0;
  uint64_t count = 0;
  if (!reader.Get(&first) || !reader.Get(&floor_weight_) || !reader.GetVector(&decisions_) ||
      !reader.Get(&count) || first > decisions_.size() || count != decisions_.size() - first) {
    return false;
  }
  path_.assign(first, Node{});
  for (uint64_t i = 0; i < count; ++i) {
    Node node;
    if (!reader.Get(&node) || node.current >= node.options) return false;
    path_.push_back(node);
  }
  if (!reader.GetVector(&option_stack_) || !reader.GetVector(&sleeper_stack_) || !reader.AtEnd()) {
    return false;
  }
  for (size_t i = first; i < path_.size(); ++i) {
    const Node& node = path_[i];
    const size_t options = decisions_[i].is_pick() ? node.options : 0;
    if (node.first_option + options > option_stack_.size() ||
        size_t{node.first_sleeper} + node.sleepers > sleeper_stack_.size()) {
      return false;
    }
  }
  floor_ = first;
  started_ = true;
  const Position end = Where();  // the path itself has been explored, or is somebody else's
  before_part_ = end.before + end.here;
  return true;
}

std::string Dfs::Counts() const {
  SearchCounts counts = counts_;
  // The path has been explored, too: it is between two executions that this is asked.
  counts.share = ShareDone() + (started_ && !finished_ && !handed_on_ ? Where().here : 0);
  return counts.ToBytes();
}

bool Dfs::Add(std::string_view counts, bool finished) {
  finished_ = finished;
  return counts_.Add(counts, finished);
}

}  // namespace heddle
