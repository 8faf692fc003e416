// A map whose put_if_absent looks and then puts. Each operation that it is made of is atomic; two
// threads that both look before either puts are both told that they were the first.
//
// Where: caches and registries on concurrent maps, wherever `if (!map.contains(k)) map.put(k, v)`
// stands. Shacham and others, "Testing Atomicity of Composed Concurrent Operations" (OOPSLA 2011),
// found dozens in open-source programs.
//
// In the twin a lock is held from looking to putting.
#include <map>
#include <mutex>
#include <optional>

#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/linearizable.h"
#include "primitives/mutex.h"

namespace {

constexpr int kAbsent = 0;

class SmallMap {
 public:
  bool PutIfAbsent(int key, int value) {
    if (cells_[key].load() != kAbsent) return false;
    cells_[key].store(value);
    return true;
  }
  bool PutIfAbsentFixed(int key, int value) {
    const std::lock_guard lock(putting_);  // fix
    return PutIfAbsent(key, value);
  }
  bool Remove(int key) { return cells_[key].exchange(kAbsent) != kAbsent; }
  std::optional<int> Get(int key) {
    const int value = cells_[key].load();
    return value == kAbsent ? std::nullopt : std::optional(value);
  }

 private:
  heddle::Atomic<int> cells_[2] = {kAbsent, kAbsent};
  heddle::Mutex putting_{"putting"};
};

struct MapSpec {
  bool PutIfAbsent(int key, int value) { return items.emplace(key, value).second; }
  bool PutIfAbsentFixed(int key, int value) { return PutIfAbsent(key, value); }
  bool Remove(int key) { return items.erase(key) == 1; }
  std::optional<int> Get(int key) {
    const auto at = items.find(key);
    return at == items.end() ? std::nullopt : std::optional(at->second);
  }
  bool operator==(const MapSpec&) const = default;
  std::map<int, int> items;
};

void PutIfAbsent() {
  SmallMap map;
  heddle::Linearizable<MapSpec>(map)
      .Operation("put_if_absent", [](auto& m, int k, int v) { return m.PutIfAbsent(k, v); }, {0, 1},
                 {5, 7})
      .Operation("remove", [](auto& m, int k) { return m.Remove(k); }, {0, 1})
      .Operation("get", [](auto& m, int k) { return m.Get(k); }, {0, 1})
      .Run({.threads = 2, .calls = 2});
}

void PutIfAbsentFixed() {
  SmallMap map;
  heddle::Linearizable<MapSpec>(map)
      .Operation("put_if_absent", [](auto& m, int k, int v) { return m.PutIfAbsentFixed(k, v); },
                 {0, 1}, {5, 7})
      .Operation("remove", [](auto& m, int k) { return m.Remove(k); }, {0, 1})
      .Operation("get", [](auto& m, int k) { return m.Get(k); }, {0, 1})
      .Run({.threads = 2, .calls = 2});
}

const heddle::RegisterCase kBug{{
    .name = "linearizability/put_if_absent",
    .body = PutIfAbsent,
    .expect = {heddle::FindingKind::kNotLinearizable},
    .preemptions = 1,
    .about = "two threads put into a map what was absent, and both are told that they did",
}};
const heddle::RegisterCase kTwin{{
    .name = "linearizability/put_if_absent_fixed",
    .body = PutIfAbsentFixed,
    .about = "a lock is held from looking to putting",
}};

}  // namespace
