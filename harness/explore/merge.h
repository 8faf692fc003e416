// Merge: the folders of all shards of a run as the result of the whole run.
//
// Each shard has logged what happened at which execution; put in order and fed to the same tally,
// that ends where one process would have ended, with the same counts and findings. Findings are
// told apart by their fingerprints. Reads only. Threading: one.
#ifndef HEDDLE_HARNESS_EXPLORE_MERGE_H_
#define HEDDLE_HARNESS_EXPLORE_MERGE_H_

#include <string>
#include <vector>

#include "harness/explore/checkpoint.h"

namespace heddle {

struct ShardFolder {
  std::string path;
  Checkpoint checkpoint;  // findings read
};

// Reads the checkpoints of `paths` and checks that they are all shards of one run, each once and to
// its end; in the order of the shards. False, with what is wrong and what to do in `*error`.
bool ReadShards(const std::vector<std::string>& paths, std::vector<ShardFolder>* shards,
                std::string* error);

// The run that they are shards of, as if it had not been divided.
RunIdentity IdentityOfWhole(const std::vector<ShardFolder>& shards);

// One case's result. `FoundBug::directory` is the path of a folder of the shard that found it.
// False: the shards cannot be put together; the reason is in `*error`.
bool MergeCase(const std::vector<ShardFolder>& shards, size_t number, CaseResult* merged,
               std::string* error);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_MERGE_H_
