// The folder of one run's results: run.json and a folder for each finding.
//
// Every file is written under a temporary name and renamed when complete, so that a reader never
// sees half of one. Errors name the file and the system's reason.
#ifndef HEDDLE_HARNESS_EXPLORE_OUTPUT_FOLDER_H_
#define HEDDLE_HARNESS_EXPLORE_OUTPUT_FOLDER_H_

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/explore/campaign.h"
#include "harness/explore/checkpoint.h"
#include "harness/explore/folder_lock.h"

namespace heddle {

class OutputFolder {
 public:
  // Makes the folder if there is none, checks that it can be written, and removes what an earlier
  // run left in it (only files that runs write). Null on failure, with the reason in `*error`; also
  // while another process has it open.
  static std::unique_ptr<OutputFolder> Open(const std::string& path, std::string* error);

  // The same for going on with the run whose results are in it: they stay.
  static std::unique_ptr<OutputFolder> Reopen(const std::string& path, std::string* error);
  // A finding that counts, as read back from its directory: of its other files, those that are
  // missing or damaged are written again.
  bool Keep(const FoundBug& found, std::string* error);

  // Where a finding of this fingerprint would be written next, below the folder.
  std::string DirectoryFor(const std::string& fingerprint) const;
  // Writes the finding's files into that directory.
  bool Write(const Finding& finding, std::string* error);
  // run.json. To be called after each case, so that an interrupted run leaves what it has found.
  bool WriteRun(const CampaignOptions& options, std::string_view build,
                const std::vector<CaseResult>& results, std::string* error);

  bool WriteCheckpoint(const Checkpoint& checkpoint, std::string* error);

  const std::string& path() const { return path_; }

 private:
  OutputFolder(std::string path, std::unique_ptr<FolderLock> lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  const std::string path_;
  const std::unique_ptr<FolderLock> lock_;
  std::set<std::string> used_;  // names in findings/
};

// Replaces the files of a finding in its folder.
bool RewriteFinding(const std::string& folder, const Finding& finding, std::string* error);

// The content of run.json (docs: the command-line contract of docs/architecture.md).
std::string RunJson(const CampaignOptions& options, std::string_view build,
                    const std::vector<CaseResult>& results);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_OUTPUT_FOLDER_H_
