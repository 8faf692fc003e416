#include "harness/report/names.h"

#include <algorithm>
#include <map>
#include <utility>

namespace heddle {
namespace {

const std::string kUnknown = "?";
const std::string kEmpty;

// Objects with an operation of their own. Others are made while a failed execution is unwound.
std::vector<bool> UsedObjects(const Recording& recording) {
  std::vector<bool> used(recording.objects.size());
  const auto use = [&](const Operation& op) {
    for (const ObjectId object : {op.object, op.second}) {
      if (Index(object) < used.size()) used[Index(object)] = true;
    }
  };
  for (const RecordedEvent& event : recording.events) use(event.op);
  for (const RecordedThread& thread : recording.threads) {
    if (thread.has_pending) use(thread.pending);
  }
  return used;
}

std::string NounOf(const RecordedObject& object) {
  return object.noun.empty() ? std::string(NameOf(object.kind)) : object.noun;
}

}  // namespace

Names::Names(const Recording& recording, Symbolizer& symbolizer) : recording_(recording) {
  NameThreads();
  NameObjects(symbolizer);
  pointers_ = Pointers(recording, threads_, objects_, declared_, symbolizer);
}

void Names::NameThreads() {
  const size_t count = recording_.threads.size();
  std::vector<std::string> paths(count);
  std::vector<uint32_t> children(count);
  for (size_t i = 0; i < count; ++i) {
    const RecordedThread& thread = recording_.threads[i];
    const size_t parent = Index(thread.parent);
    if (parent >= i) {
      paths[i] = "main";
    } else {
      const std::string index = std::to_string(++children[parent]);
      paths[i] = paths[parent] == "main" ? "T" + index : paths[parent] + "." + index;
    }
    threads_.push_back(thread.declared_name.empty() ? paths[i]
                                                    : paths[i] + " (" + thread.declared_name + ")");
  }
}

void Names::NameObjects(Symbolizer& symbolizer) {
  const size_t count = recording_.objects.size();
  objects_.resize(count);
  declared_.resize(count);
  const std::vector<bool> used = UsedObjects(recording_);
  // By what they are called and by their declared names.
  std::map<std::pair<std::string, std::string>, std::vector<size_t>> alike;
  for (size_t i = 0; i < count; ++i) {
    const RecordedObject& object = recording_.objects[i];
    if (object.kind == ObjectKind::kThread) {
      objects_[i] = object.index_of_kind < threads_.size() ? threads_[object.index_of_kind] : "?";
      continue;
    }
    declared_[i] = !object.declared_name.empty() ? object.declared_name
                   : object.address != 0         ? symbolizer.DataSymbol(object.address)
                                                 : std::string();
    objects_[i] = declared_[i].empty() ? NounOf(object) : declared_[i];
    if (used[i]) alike[{NounOf(object), declared_[i]}].push_back(i);
  }
  for (auto& [key, members] : alike) {
    const bool unnamed = key.second.empty();
    const std::string name = unnamed ? key.first : key.second;
    std::stable_sort(members.begin(), members.end(), [&](size_t a, size_t b) {
      return recording_.objects[a].address < recording_.objects[b].address;
    });
    for (size_t n = 0; n < members.size(); ++n) {
      objects_[members[n]] =
          members.size() == 1 && !unnamed ? name : name + " #" + std::to_string(n + 1);
    }
  }
}

const std::string& Names::Thread(ThreadId thread) const {
  return Index(thread) < threads_.size() ? threads_[Index(thread)] : kUnknown;
}

const std::string& Names::Object(ObjectId object) const {
  return Index(object) < objects_.size() ? objects_[Index(object)] : kUnknown;
}

std::string Names::KindAndName(ObjectId object) const {
  if (Index(object) >= objects_.size()) return kUnknown;
  const RecordedObject& recorded = recording_.objects[Index(object)];
  const bool has_kind = declared_[Index(object)].empty() && recorded.kind != ObjectKind::kThread;
  return has_kind ? Object(object) : NounOf(recorded) + " " + Object(object);
}

const std::string& Names::Declared(ObjectId object) const {
  return Index(object) < declared_.size() ? declared_[Index(object)] : kEmpty;
}

ValueType Names::TypeOf(ObjectId object) const {
  return Index(object) < recording_.objects.size() ? recording_.objects[Index(object)].value_type
                                                   : ValueType::kUnknown;
}

}  // namespace heddle
