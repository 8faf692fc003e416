// Shards: a run divided among machines that do not talk to each other, each with a folder of its
// own; `heddle merge` puts the folders together.
//
// What is divided: of a strategy that is divided by index, the units behind the common executions,
// which every shard makes (256 at least, so that all agree how finely to explore); of every other
// strategy, the cases. The seed of an execution does not depend on the shard.
#ifndef HEDDLE_HARNESS_EXPLORE_SHARD_H_
#define HEDDLE_HARNESS_EXPLORE_SHARD_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/bytes.h"
#include "harness/explore/unit.h"

namespace heddle {

struct Shard {
  uint32_t index = 0;  // from 0
  uint32_t count = 1;

  bool divided() const { return count > 1; }
  // "2/3": counted from 1, as people type it.
  std::string ToText() const;
};

// From i/n, 1 <= i <= n. Empty, with what was expected in `*error`.
std::optional<Shard> ParseShard(std::string_view text, std::string* error);

// From the variables of a test runner or a batch system (GoogleTest, Bazel, Kubernetes, Slurm),
// `*source` naming them; none: the whole. Empty, with the reason in `*error`, if they make no
// sense. `get`: getenv.
std::optional<Shard> ShardFromEnvironment(const std::function<const char*(const char*)>& get,
                                          std::string* source, std::string* error);

// What a shard must remember of a case for the merge: its events and units.
struct ShardEvent {
  uint64_t base = 0;   // executions of the whole campaign before the unit
  uint64_t place = 0;  // in it
  UnitCounts counts;   // of the unit, this execution included
  uint32_t found = 0;  // kinds found so far in this shard, as bits
  bool died = false;
  bool needs_unlock_points = false;
  uint64_t findings = 0;  // of the shard's result, after it
  SearchState search;
  Coverage coverage;  // since the event before
};

struct ShardUnit {
  uint64_t base = 0;
  UnitCounts counts;
  bool last = false;  // the strategy had nothing more to try
  bool exhausted = false;
  SearchState search;
  Coverage coverage;  // since the last event
};

struct ShardLog {
  bool elsewhere = false;  // another shard explored the case
  bool keep_going = false;
  uint32_t expected = 0;  // kinds, as bits
  uint32_t allowed = 0;   // the same with those that are tolerated
  uint64_t max_steps = 0;
  std::vector<ShardEvent> events;
  std::vector<ShardUnit> units;

  void Put(ByteWriter* writer) const;
  bool Get(ByteReader* reader);
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_SHARD_H_
