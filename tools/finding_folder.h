// The folder of a finding, as a command's argument.
#ifndef HEDDLE_TOOLS_FINDING_FOLDER_H_
#define HEDDLE_TOOLS_FINDING_FOLDER_H_

#include <filesystem>
#include <optional>
#include <string>

#include "harness/core/finding.h"
#include "harness/explore/loud_replay.h"

namespace heddle {

// The whole file; nothing if it cannot be read, and errno says why.
std::optional<std::string> ReadFile(const std::filesystem::path& path);

// `path`, or the folder that it is in if it is a file: a user may name the schedule or the report.
std::string FolderOf(const std::string& path);

// The text of a finding's schedule, and the finding. Returns kMet, or prints what is wrong and
// returns the exit status for that.
int ReadFindingFolder(const std::string& folder, std::string* schedule, Finding* finding);

// What running the schedule again takes. `source` is where the text came from, for messages.
int MakeReplayTask(const std::string& schedule, const std::string& source, ReplayTask* task);

// Runs the finding in the folder again, to do something with it that needs it to show. Returns
// kMet, or prints why it cannot be.
int ReplayFindingFolder(const std::string& folder, ReplayTask* task, ReplayedFinding* finding,
                        SharedState* shared);

}  // namespace heddle

#endif  // HEDDLE_TOOLS_FINDING_FOLDER_H_
