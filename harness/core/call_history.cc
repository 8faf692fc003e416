#include "harness/core/call_history.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

namespace heddle {
namespace {

// A field of a line: up to the next tab, which is taken too.
std::string_view TakeField(std::string_view* line, char end) {
  const size_t at = line->find(end);
  const std::string_view field = line->substr(0, at);
  line->remove_prefix(at == std::string_view::npos ? line->size() : at + 1);
  return field;
}

bool TakeNumber(std::string_view* line, uint64_t* number) {
  const std::string_view field = TakeField(line, '\t');
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), *number);
  return error == std::errc() && end == field.data() + field.size();
}

std::string WithResult(const RecordedCall& call) {
  return call.call + (call.result.empty() ? "" : " -> " + call.result);
}

// "push(1), pop() -> 1".
std::string InOrder(const std::vector<RecordedCall>& calls, const std::vector<size_t>& order) {
  std::string text;
  for (const size_t call : order) text += (text.empty() ? "" : ", ") + WithResult(calls[call]);
  return text;
}

// Of the calls that may come after those in `order`: what they would return in `state`.
std::string WhatWouldFollow(const std::vector<RecordedCall>& calls,
                            const std::vector<size_t>& order, const SequentialState& state) {
  const auto is_left = [&](size_t call) {
    return std::find(order.begin(), order.end(), call) == order.end();
  };
  std::vector<std::string> said;
  for (size_t call = 0; call < calls.size(); ++call) {
    bool next = is_left(call);
    for (size_t other = 0; other < calls.size(); ++other) {
      if (is_left(other) && calls[other].span.Precedes(calls[call].span)) next = false;
    }
    if (!next || state.After(call) != nullptr) continue;
    std::string would =
        calls[call].call + " would return " + state.ResultOf(call) + ", not " + calls[call].result;
    if (std::find(said.begin(), said.end(), would) == said.end()) said.push_back(std::move(would));
  }
  std::string text;
  for (const std::string& would : said) text += (text.empty() ? "" : ", and ") + would;
  return text;
}

std::string Clean(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return text;
}

}  // namespace

Verdict Judge(CallHistory* history, const SequentialState& initial) {
  std::vector<CallSpan> spans;
  for (const RecordedCall& call : history->calls) spans.push_back(call.span);
  const Linearization found = Linearize(spans, initial, kMostWork);
  if (found.exists) return Verdict::kLinearizable;
  if (found.given_up) return Verdict::kNotJudged;
  const SequentialState* state = &initial;
  std::unique_ptr<SequentialState> reached;
  for (const size_t call : found.order) {
    reached = state->After(call);
    state = reached.get();
  }
  history->why = found.order.empty()
                     ? "No call can be the first: "
                     : "One of the longest orders that explain the results begins with " +
                           InOrder(history->calls, found.order) + "; after that, ";
  history->why += WhatWouldFollow(history->calls, found.order, *state) + ".";
  return Verdict::kNotLinearizable;
}

std::string ToText(const CallHistory& history) {
  std::string text = Clean(history.why) + "\n";
  for (const RecordedCall& call : history.calls) {
    text += std::to_string(Index(call.thread)) + "\t" + std::to_string(call.span.invoked) + "\t" +
            std::to_string(call.span.returned) + "\t" + Clean(call.call) + "\t" +
            Clean(call.result) + "\n";
  }
  return text;
}

std::optional<CallHistory> CallHistoryFromText(std::string_view text) {
  CallHistory history;
  history.why = TakeField(&text, '\n');
  while (!text.empty()) {
    std::string_view line = TakeField(&text, '\n');
    RecordedCall call;
    uint64_t thread = 0;
    if (!TakeNumber(&line, &thread) || thread > UINT32_MAX ||
        !TakeNumber(&line, &call.span.invoked) || !TakeNumber(&line, &call.span.returned)) {
      return std::nullopt;
    }
    call.thread = ThreadId{static_cast<uint32_t>(thread)};
    call.call = TakeField(&line, '\t');
    call.result = line;
    history.calls.push_back(std::move(call));
  }
  return history;
}

}  // namespace heddle
