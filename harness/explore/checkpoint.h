// Checkpoint: what a run must know to go on after its process was killed, in the file `checkpoint`
// of the output folder.
//
// Written while a case is explored, after each finding and after each case, under a temporary name
// and renamed, so that it is always whole. It belongs to one build, one set of options and one set
// of cases; findings themselves are in their folders. The file: a line with a magic and a version,
// the length and a hash of the rest, the rest (core/bytes.h; a build reads only its own).
// Threading: one. Cost of writing: some 100 us and the size of the campaign's state, mostly below
// 100 KiB.
#ifndef HEDDLE_HARNESS_EXPLORE_CHECKPOINT_H_
#define HEDDLE_HARNESS_EXPLORE_CHECKPOINT_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/core/bytes.h"
#include "harness/explore/campaign.h"

namespace heddle {

// What tells one run from another. Values as a user types them.
struct RunIdentity {
  std::string build;
  std::vector<std::pair<std::string, std::string>> options;  // "--seed", "1"
  std::vector<std::string> cases;                            // names

  bool operator==(const RunIdentity&) const = default;
};

// How `other` differs, in words for whoever wants to go on with `begun`: "it was begun with
// --seed=1, not with --seed=2". Empty: it does not.
std::string Difference(const RunIdentity& begun, const RunIdentity& other);

struct Checkpoint {
  RunIdentity identity;
  // Of the cases that have ended, in order. Of findings, only `directory` and `expected`.
  std::vector<CaseResult> results;
  std::string campaign;  // CampaignRun's state in the case behind those; empty: not begun

  std::string ToBytes() const;
  // False, with the reason in `*error`: damaged, or no checkpoint.
  bool FromBytes(std::string_view bytes, std::string* error);
};

inline constexpr const char* kCheckpointFile = "checkpoint";

// False, with the reason and what to do in `*error`.
bool ReadCheckpoint(const std::string& folder, Checkpoint* checkpoint, std::string* error);

// What is known of a result, findings as above.
void PutResult(const CaseResult& result, ByteWriter* writer);
bool GetResult(ByteReader* reader, CaseResult* result);

// Reads the findings of results back from their directories in `folder`. False, with the reason in
// `*error`.
bool ReadFindings(const std::string& folder, CaseResult* result, std::string* error);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_CHECKPOINT_H_
