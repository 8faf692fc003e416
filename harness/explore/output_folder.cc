#include "harness/explore/output_folder.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/explore/sample.h"
#include "harness/report/json_report.h"
#include "harness/report/text_report.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFindingFiles[] = {"finding.json", "schedule.txt", "report.txt"};

bool WriteFile(const fs::path& file, std::string_view content, std::string* error) {
  const fs::path temporary = file.string() + ".tmp";
  errno = 0;
  std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
  stream << content;
  stream.close();
  if (!stream) {
    *error = "cannot write '" + temporary.string() + "': " + std::strerror(errno);
    return false;
  }
  std::error_code failed;
  fs::rename(temporary, file, failed);
  if (failed) *error = "cannot rename to '" + file.string() + "': " + failed.message();
  return !failed;
}

bool Holds(const fs::path& file, std::string_view content) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return false;
  std::ifstream stream(file, std::ios::binary);
  return std::equal(std::istreambuf_iterator<char>(stream), {}, content.begin(), content.end());
}

// "0123456789abcdef", or "0123456789abcdef-2" for the second of that fingerprint (DirectoryFor).
bool IsNameOfFinding(std::string_view name) {
  constexpr size_t kDigits = 16;
  const size_t digits = name.find_first_not_of("0123456789abcdef");
  if (digits == std::string_view::npos) return name.size() == kDigits;
  if (digits != kDigits || name[kDigits] != '-') return false;
  name.remove_prefix(kDigits + 1);
  return !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
}

// A folder that a run made for a finding; not a link to one, nor a file or folder of the user's.
bool IsFinding(const fs::directory_entry& entry) {
  std::error_code ignored;
  return fs::is_directory(entry.symlink_status(ignored)) &&
         IsNameOfFinding(entry.path().filename().string());
}

bool IsRunJson(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const auto json = nlohmann::json::parse(stream, nullptr, /*allow_exceptions=*/false);
  return json.is_object() && json.contains("version") && json.contains("cases");
}

// Of any version, and damaged perhaps.
bool IsCheckpoint(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string line;
  return std::getline(stream, line) && line.starts_with("heddle checkpoint ");
}

// Nothing of these names, or files of an earlier run.
bool IsOurs(const fs::path& folder, std::string* error) {
  for (const auto& [name, is_ours] :
       {std::pair("run.json", &IsRunJson), std::pair(kCheckpointFile, &IsCheckpoint)}) {
    const fs::path file = folder / name;
    std::error_code ignored;
    if (!fs::exists(file, ignored)) continue;
    if (fs::is_regular_file(file, ignored) && is_ours(file)) continue;
    *error = "'" + file.string() +
             "' was not written by a run, and would be replaced: expected another folder";
    return false;
  }
  return true;
}

// Only what a run writes. A finding's folder with anything else in it stays, without its files.
void RemoveEarlierRun(const fs::path& folder) {
  std::error_code ignored;
  for (const char* file : {"run.json", kCheckpointFile}) {
    if (fs::is_regular_file(folder / file, ignored)) fs::remove(folder / file, ignored);
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(folder / "findings", ignored)) {
    if (!IsFinding(entry)) continue;
    for (const char* file : kFindingFiles) {
      fs::remove(entry.path() / file, ignored);
      fs::remove(entry.path() / (std::string(file) + ".tmp"), ignored);
    }
    fs::remove(entry.path(), ignored);
  }
}

// What was not finished when an earlier process was killed.
void RemoveTemporaries(const fs::path& folder) {
  std::error_code ignored;
  for (const char* file : {"run.json", kCheckpointFile}) {
    fs::remove(folder / (std::string(file) + ".tmp"), ignored);
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(folder / "findings", ignored)) {
    if (!IsFinding(entry)) continue;
    for (const char* file : kFindingFiles) {
      fs::remove(entry.path() / (std::string(file) + ".tmp"), ignored);
    }
  }
}

// Makes the folders if there are none, checks that they can be written, and locks them.
std::unique_ptr<FolderLock> MakeWritable(const std::string& path, std::string* error) {
  const fs::path findings = fs::path(path) / "findings";
  std::error_code failed;
  fs::create_directories(findings, failed);
  if (failed) {
    *error = "cannot make the folder '" + findings.string() + "': " + failed.message();
    return nullptr;
  }
  for (const fs::path& folder : {fs::path(path), findings}) {
    if (::access(folder.c_str(), W_OK | X_OK) != 0) {
      *error = "cannot write to the folder '" + folder.string() + "': " + std::strerror(errno);
      return nullptr;
    }
  }
  std::unique_ptr<FolderLock> lock = FolderLock::Take(path, error);
  if (lock == nullptr) return nullptr;
  const fs::path probe = findings / ".probe";
  if (!WriteFile(probe, "", error)) return nullptr;
  fs::remove(probe, failed);
  return lock;
}

// What is written beside finding.json, from what is in it.
std::vector<std::pair<std::string, std::string>> OtherFiles(const Finding& finding) {
  return {{"schedule.txt", finding.schedule + "\n"}, {"report.txt", RenderText(finding)}};
}

nlohmann::ordered_json CoverageJson(const CaseResult& result, bool is_sample) {
  const CoverageCounts& coverage = result.coverage;
  nlohmann::ordered_json json = {{"executions", coverage.executions},
                                 {"classes", coverage.classes},
                                 {"classes_seen_once", coverage.classes_once},
                                 {"reads_from_pairs", coverage.pairs},
                                 {"exact", coverage.exact}};
  if (result.complete) {
    json["unseen"] = 0;
  } else if (is_sample) {
    json["unseen"] = coverage.Unseen();
  }
  return json;
}

}  // namespace

std::unique_ptr<OutputFolder> OutputFolder::Open(const std::string& path, std::string* error) {
  if (!IsOurs(path, error)) return nullptr;
  std::unique_ptr<FolderLock> lock = MakeWritable(path, error);
  if (lock == nullptr) return nullptr;
  RemoveEarlierRun(path);
  RemoveTemporaries(path);
  return std::unique_ptr<OutputFolder>(new OutputFolder(path, std::move(lock)));
}

std::unique_ptr<OutputFolder> OutputFolder::Reopen(const std::string& path, std::string* error) {
  std::unique_ptr<FolderLock> lock = MakeWritable(path, error);
  if (lock == nullptr) return nullptr;
  RemoveTemporaries(path);
  return std::unique_ptr<OutputFolder>(new OutputFolder(path, std::move(lock)));
}

bool OutputFolder::Keep(const FoundBug& found, std::string* error) {
  used_.insert(fs::path(found.directory).filename().string());
  const fs::path folder = fs::path(path_) / found.directory;
  for (const auto& [name, content] : OtherFiles(found.finding)) {
    if (Holds(folder / name, content)) continue;
    if (!WriteFile(folder / name, content, error)) return false;
  }
  return true;
}

bool OutputFolder::WriteCheckpoint(const Checkpoint& checkpoint, std::string* error) {
  return WriteFile(fs::path(path_) / kCheckpointFile, checkpoint.ToBytes(), error);
}


std::string OutputFolder::DirectoryFor(const std::string& fingerprint) const {
  // Two cases may share the code that has the bug.
  std::string name = fingerprint;
  for (int n = 2; used_.contains(name); ++n) name = fingerprint + "-" + std::to_string(n);
  return "findings/" + name;
}

bool OutputFolder::Write(const Finding& finding, std::string* error) {
  const fs::path folder = fs::path(path_) / DirectoryFor(finding.fingerprint);
  used_.insert(folder.filename().string());
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) {
    *error = "cannot make the folder '" + folder.string() + "': " + failed.message();
    return false;
  }
  return RewriteFinding(folder.string(), finding, error);
}

bool RewriteFinding(const std::string& path, const Finding& finding, std::string* error) {
  const fs::path folder = path;
  for (const auto& [name, content] : OtherFiles(finding)) {
    if (!WriteFile(folder / name, content, error)) return false;
  }
  return WriteFile(folder / "finding.json", ToJson(finding), error);
}

bool OutputFolder::WriteRun(const CampaignOptions& options, std::string_view build,
                            const std::vector<CaseResult>& results, std::string* error) {
  return WriteFile(fs::path(path_) / "run.json", RunJson(options, build, results), error);
}

std::string RunJson(const CampaignOptions& options, std::string_view build,
                    const std::vector<CaseResult>& results) {
  using Json = nlohmann::ordered_json;
  const bool is_sample = IsSample(options.strategy);
  Json cases = Json::array();
  for (const CaseResult& result : results) {
    Json expected = Json::array();
    for (const FindingKind kind : result.expected) expected.push_back(NameOf(kind));
    Json findings = Json::array();
    for (const FoundBug& found : result.findings) {
      const Finding& finding = found.finding;
      Json entry = {
          {"kind", NameOf(finding.kind)},      {"fingerprint", finding.fingerprint},
          {"expected", found.expected},        {"confirmed", finding.confirmed},
          {"summary", finding.summary},        {"first_execution", finding.first_execution},
          {"preemptions", finding.size.preemptions}};
      if (!found.directory.empty()) entry["directory"] = found.directory;
      findings.push_back(std::move(entry));
    }
    Json entry = {{"name", result.name},
                  {"expected", std::move(expected)},
                  {"met", result.met},
                  {"complete", result.complete},
                  {"executions", result.executions},
                  {"steps", result.steps},
                  {"cut_by_step_limit", result.cut_by_step_limit},
                  {"not_judged", result.not_judged},
                  {"coverage", CoverageJson(result, is_sample)},
                  {"seconds", result.seconds},
                  {"executions_per_second", result.ExecutionsPerSecond()}};
    if (!result.complete_bound.empty()) entry["complete_bound"] = result.complete_bound;
    if (!result.search.empty()) entry["search"] = result.search;
    if (result.estimated_executions) {
      entry["estimated_executions"] = static_cast<uint64_t>(*result.estimated_executions);
    }
    if (!result.note.empty()) entry["note"] = result.note;
    if (!result.skipped.empty()) entry["skipped"] = result.skipped;
    if (!result.internal_error.empty()) entry["internal_error"] = result.internal_error;
    entry["findings"] = std::move(findings);
    cases.push_back(std::move(entry));
  }
  const Json run = {{"version", 1},
                    {"seed", options.seed},
                    {"strategy", options.strategy},
                    {"build", build},
                    {"cases", std::move(cases)}};
  // A case's message may hold any bytes.
  return run.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace heddle
