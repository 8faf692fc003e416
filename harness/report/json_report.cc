#include "harness/report/json_report.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <nlohmann/json.hpp>

namespace heddle {
namespace {

using Json = nlohmann::ordered_json;

// ---- Writing ----

// Declared before the template that calls them: argument-dependent look-up does not see into an
// unnamed namespace.
Json Write(const HeldLock& lock);
Json Write(const FindingSide& side);
Json Write(const FindingThread& thread);
Json Write(const FindingPointer& pointer);
Json Write(const FindingCall& call);
Json Write(const FindingStep& step);
Json Write(const FindingOrder& order);

Json Write(const Frame& frame) {
  Json json = {{"function", frame.function},
               {"file", frame.file},
               {"line", frame.line},
               {"column", frame.column}};
  if (frame.repeats > 0) json["repeats"] = frame.repeats;
  return json;
}

template <typename Element>
Json WriteList(const std::vector<Element>& elements) {
  Json list = Json::array();
  for (const Element& element : elements) list.push_back(Write(element));
  return list;
}

Json Write(const HeldLock& lock) {
  return {{"object", lock.object}, {"mode", lock.mode}, {"taken_at", WriteList(lock.taken_at)}};
}

Json Write(const FindingSide& side) {
  return {{"role", side.role}, {"thread", side.thread},          {"object", side.object},
          {"step", side.step}, {"stack", WriteList(side.stack)}, {"held", WriteList(side.held)}};
}

Json Write(const FindingThread& thread) {
  return {{"name", thread.name},
          {"state", thread.state},
          {"wants", thread.wants},
          {"waits_for", thread.waits_for},
          {"stack", WriteList(thread.stack)},
          {"held", WriteList(thread.held)},
          {"created_at", WriteList(thread.created_at)}};
}

Json Write(const FindingPointer& pointer) {
  return {{"name", pointer.name}, {"meaning", pointer.meaning}};
}

Json Write(const FindingCall& call) {
  return {{"thread", call.thread},
          {"call", call.call},
          {"result", call.result},
          {"invoked", call.invoked},
          {"returned", call.returned}};
}

Json Write(const FindingStep& step) {
  Json json = {
      {"step", step.step}, {"thread", step.thread}, {"text", step.text}, {"matters", step.matters}};
  if (step.at != Frame{}) json["at"] = Write(step.at);
  return json;
}

Json Write(const FindingOrder& order) {
  return {{"first", Write(order.first)}, {"then", Write(order.then)}};
}

Json Write(const ScheduleSize& size) {
  return {{"preemptions", size.preemptions},
          {"context_switches", size.switches},
          {"threads", size.threads},
          {"decisions", size.decisions}};
}

Json Write(const Reduction& reduction) {
  return {{"before", Write(reduction.before)},
          {"proved", reduction.proved},
          {"executions", reduction.executions}};
}

// ---- Reading ----

// Walks the document and remembers where it is. After the first error everything reads as empty.
class Reader {
 public:
  const absl::Status& status() const { return status_; }

  void Fail(std::string_view what) {
    if (!status_.ok()) return;
    const std::string where = path_.empty() ? "the document" : path_;
    status_ = absl::InvalidArgumentError("finding: " + where + ": " + std::string(what));
  }

  template <typename Body>
  void Field(const Json& object, const char* name, Body&& body) {
    if (!status_.ok()) return;
    const std::string outer = path_;
    path_ += (path_.empty() ? "" : ".") + std::string(name);
    if (const auto at = object.find(name); at != object.end()) {
      body(*at);
    } else {
      Fail("missing");
    }
    path_ = outer;
  }

  void Get(const Json& object, const char* name, std::string* value) {
    Field(object, name, [&](const Json& json) {
      if (Is(json, json.is_string(), "a string")) *value = json.get<std::string>();
    });
  }
  void Get(const Json& object, const char* name, bool* value) {
    Field(object, name, [&](const Json& json) {
      if (Is(json, json.is_boolean(), "true or false")) *value = json.get<bool>();
    });
  }
  void Get(const Json& object, const char* name, uint64_t* value) {
    Field(object, name, [&](const Json& json) {
      if (Is(json, json.is_number_unsigned(), "a whole number, not negative")) {
        *value = json.get<uint64_t>();
      }
    });
  }
  void Get(const Json& object, const char* name, int* value) {
    uint64_t wide = 0;
    Get(object, name, &wide);
    if (wide > static_cast<uint64_t>(std::numeric_limits<int>::max())) {
      Field(object, name, [&](const Json&) { Fail("the number is too large"); });
      return;
    }
    *value = static_cast<int>(wide);
  }

  template <typename Element>
  void GetList(const Json& object, const char* name, std::vector<Element>* list) {
    Field(object, name, [&](const Json& json) {
      if (!Is(json, json.is_array(), "a list")) return;
      const std::string outer = path_;
      for (size_t i = 0; i < json.size() && status_.ok(); ++i) {
        path_ = outer + "[" + std::to_string(i) + "]";
        Element element;
        ReadElement(json[i], &element);
        list->push_back(std::move(element));
      }
      path_ = outer;
    });
  }

  // An object of a field that files of earlier writers do not have.
  template <typename Value>
  void GetIfThere(const Json& object, const char* name, Value* value) {
    if (!object.contains(name)) return;
    Field(object, name, [&](const Json& json) {
      if (IsObject(json)) Read(json, value);
    });
  }

  bool IsObject(const Json& json) { return Is(json, json.is_object(), "an object"); }

  void Read(const Json& json, Frame* frame) {
    Get(json, "function", &frame->function);
    Get(json, "file", &frame->file);
    Get(json, "line", &frame->line);
    Get(json, "column", &frame->column);
    if (json.contains("repeats")) Get(json, "repeats", &frame->repeats);
  }

 private:
  bool Is(const Json& json, bool right, const char* expected) {
    if (!right) Fail("expected " + std::string(expected) + ", found " + json.type_name());
    return right;
  }

  void ReadElement(const Json& json, std::string* text) {
    if (Is(json, json.is_string(), "a string")) *text = json.get<std::string>();
  }
  template <typename Element>
  void ReadElement(const Json& json, Element* element) {
    if (IsObject(json)) Read(json, element);
  }
  void Read(const Json& json, HeldLock* lock) {
    Get(json, "object", &lock->object);
    Get(json, "mode", &lock->mode);
    GetList(json, "taken_at", &lock->taken_at);
  }
  void Read(const Json& json, FindingSide* side) {
    Get(json, "role", &side->role);
    Get(json, "thread", &side->thread);
    Get(json, "object", &side->object);
    Get(json, "step", &side->step);
    GetList(json, "stack", &side->stack);
    GetList(json, "held", &side->held);
  }
  void Read(const Json& json, FindingThread* thread) {
    Get(json, "name", &thread->name);
    Get(json, "state", &thread->state);
    Get(json, "wants", &thread->wants);
    Get(json, "waits_for", &thread->waits_for);
    GetList(json, "stack", &thread->stack);
    GetList(json, "held", &thread->held);
    GetList(json, "created_at", &thread->created_at);
  }
  void Read(const Json& json, FindingPointer* pointer) {
    Get(json, "name", &pointer->name);
    Get(json, "meaning", &pointer->meaning);
  }
  void Read(const Json& json, FindingCall* call) {
    Get(json, "thread", &call->thread);
    Get(json, "call", &call->call);
    Get(json, "result", &call->result);
    Get(json, "invoked", &call->invoked);
    Get(json, "returned", &call->returned);
  }
  void Read(const Json& json, FindingStep* step) {
    Get(json, "step", &step->step);
    Get(json, "thread", &step->thread);
    Get(json, "text", &step->text);
    Get(json, "matters", &step->matters);
    if (!json.contains("at")) return;
    Field(json, "at", [&](const Json& frame) {
      if (IsObject(frame)) Read(frame, &step->at);
    });
  }

  void Read(const Json& json, FindingOrder* order) {
    GetIfThere(json, "first", &order->first);
    GetIfThere(json, "then", &order->then);
  }
  void Read(const Json& json, ScheduleSize* size) {
    Get(json, "preemptions", &size->preemptions);
    Get(json, "context_switches", &size->switches);
    Get(json, "threads", &size->threads);
    Get(json, "decisions", &size->decisions);
  }
  void Read(const Json& json, Reduction* reduction) {
    GetIfThere(json, "before", &reduction->before);
    Get(json, "proved", &reduction->proved);
    Get(json, "executions", &reduction->executions);
  }

  absl::Status status_;
  std::string path_;
};

bool IsFingerprint(const std::string& text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

std::string ToJson(const Finding& finding) {
  Json json = {{"version", kFindingJsonVersion},
               {"kind", NameOf(finding.kind)},
               {"fingerprint", finding.fingerprint},
               {"case", finding.case_name},
               {"summary", finding.summary},
               {"explanation", finding.explanation},
               {"object", finding.object},
               {"confirmed", finding.confirmed},
               {"first_execution", finding.first_execution},
               {"preemptions", finding.size.preemptions},
               {"size", Write(finding.size)},
               {"replay", finding.replay},
               {"schedule", finding.schedule},
               {"sides", WriteList(finding.sides)},
               {"threads", WriteList(finding.threads)},
               {"thread_names", finding.thread_names},
               {"interleaving", WriteList(finding.interleaving)},
               {"pointers", WriteList(finding.pointers)},
               {"cause", finding.cause},
               {"orders", WriteList(finding.orders)}};
  if (!finding.choices.empty()) json["choices"] = WriteList(finding.choices);
  if (!finding.history.empty()) json["history"] = WriteList(finding.history);
  if (finding.reduction) json["reduction"] = Write(*finding.reduction);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::StatusOr<Finding> FindingFromJson(std::string_view text) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    return absl::InvalidArgumentError("finding: not JSON: byte " + std::to_string(error.byte) +
                                      ": expected a complete JSON document");
  }
  Reader reader;
  Finding finding;
  if (!reader.IsObject(json)) return reader.status();
  uint64_t version = 0;
  reader.Get(json, "version", &version);
  reader.Field(json, "version", [&](const Json&) {
    if (version == kFindingJsonVersion) return;
    reader.Fail("expected " + std::to_string(kFindingJsonVersion) + ", found " +
                std::to_string(version) + ": the file was written by another version of heddle");
  });
  std::string kind;
  reader.Get(json, "kind", &kind);
  reader.Field(json, "kind", [&](const Json&) {
    const std::optional<FindingKind> known = FindingKindFromName(kind);
    if (known) finding.kind = *known;
    if (!known) reader.Fail("'" + kind + "' is not a kind of finding");
  });
  reader.Get(json, "fingerprint", &finding.fingerprint);
  reader.Field(json, "fingerprint", [&](const Json&) {
    if (!IsFingerprint(finding.fingerprint)) {
      reader.Fail("expected 16 hexadecimal digits, found '" + finding.fingerprint + "'");
    }
  });
  reader.Get(json, "case", &finding.case_name);
  reader.Get(json, "summary", &finding.summary);
  reader.Get(json, "explanation", &finding.explanation);
  reader.Get(json, "object", &finding.object);
  reader.Get(json, "confirmed", &finding.confirmed);
  reader.Get(json, "first_execution", &finding.first_execution);
  reader.Get(json, "preemptions", &finding.size.preemptions);
  reader.GetIfThere(json, "size", &finding.size);
  if (json.contains("reduction")) {
    reader.GetIfThere(json, "reduction", &finding.reduction.emplace());
  }
  reader.Get(json, "replay", &finding.replay);
  reader.Get(json, "schedule", &finding.schedule);
  if (json.contains("cause")) reader.Get(json, "cause", &finding.cause);
  if (json.contains("orders")) reader.GetList(json, "orders", &finding.orders);
  if (json.contains("choices")) reader.GetList(json, "choices", &finding.choices);
  reader.GetList(json, "sides", &finding.sides);
  reader.GetList(json, "threads", &finding.threads);
  reader.GetList(json, "thread_names", &finding.thread_names);
  if (json.contains("history")) reader.GetList(json, "history", &finding.history);
  reader.GetList(json, "interleaving", &finding.interleaving);
  reader.GetList(json, "pointers", &finding.pointers);
  if (!reader.status().ok()) return reader.status();
  return finding;
}

}  // namespace heddle
