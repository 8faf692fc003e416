#include "harness/report/fingerprint.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <set>

namespace heddle {
namespace {

// FNV-1a, 64 bits (Fowler, Noll, Vo): written into files, so it must never change.
uint64_t Hash(uint64_t hash, std::string_view bytes) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

// The name without the offset of a member or element, which is a matter of the layout.
std::string_view WithoutOffset(std::string_view name) { return name.substr(0, name.find('+')); }

std::string PlaceKey(const Evidence& evidence, const Stack& stack, ObjectId object,
                     std::string_view case_name) {
  const UserSite site = evidence.symbolizer().Site(stack);
  std::string key = site.function.empty() ? "case " + std::string(case_name) : site.function;
  key += '\n';
  key += std::to_string(site.ordinal);
  key += '\n';
  key += WithoutOffset(evidence.names().Declared(object));
  return key;
}

bool EveryWitnessCounts(FindingKind kind) {
  return kind == FindingKind::kDataRace || kind == FindingKind::kLockOrder ||
         kind == FindingKind::kAtomicity || kind == FindingKind::kLivelock;
}

}  // namespace

std::vector<ThreadId> ThreadsAtFault(const Evidence& evidence) {
  const Suspicion& suspicion = evidence.suspicion();
  if (suspicion.kind == FindingKind::kDeadlock) return suspicion.cycle;
  if (suspicion.kind != FindingKind::kStuck) return {};
  std::vector<ThreadId> roots, blocked;
  const auto& threads = evidence.recording().threads;
  for (uint32_t i = 0; i < threads.size(); ++i) {
    if (!threads[i].has_pending || threads[i].finished) continue;
    blocked.push_back(ThreadId{i});
    const std::vector<ThreadId> holders = evidence.history().WaitsFor(ThreadId{i});
    const bool waits_for_the_living = std::any_of(
        holders.begin(), holders.end(), [&](ThreadId h) { return !threads[Index(h)].finished; });
    if (!waits_for_the_living) roots.push_back(ThreadId{i});
  }
  return roots.empty() ? blocked : roots;
}

std::string FingerprintOf(const Evidence& evidence, std::string_view case_name) {
  const Suspicion& suspicion = evidence.suspicion();
  std::set<std::string> places;
  for (size_t i = 0; i < suspicion.witnesses.size(); ++i) {
    if (i > 0 && !EveryWitnessCounts(suspicion.kind)) break;
    const RecordedEvent* const event = evidence.witnesses()[i];
    const bool named = event != nullptr && event->op.kind != OpKind::kExit;
    const ObjectId object = named ? event->op.object : suspicion.object;
    places.insert(PlaceKey(evidence, evidence.StackOf(suspicion.witnesses[i]), object, case_name));
  }
  for (const ThreadId thread : ThreadsAtFault(evidence)) {
    const RecordedThread& recorded = evidence.recording().threads[Index(thread)];
    places.insert(PlaceKey(evidence, recorded.pending_stack, recorded.pending.object, case_name));
  }
  if (places.empty()) places.insert(PlaceKey(evidence, {}, kNoObject, case_name));
  uint64_t hash = Hash(0xcbf29ce484222325, NameOf(suspicion.kind));
  for (const std::string& place : places) hash = Hash(Hash(hash, "\n\n"), place);
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

}  // namespace heddle
