#include "harness/explore/checkpoint.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <system_error>

#include "harness/report/json_report.h"

namespace heddle {
namespace {

constexpr std::string_view kMagic = "heddle checkpoint 2\n";

bool ReadFile(const std::string& path, std::string* content) {
  // A stream opens a directory, and throws when it is read.
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    errno = EISDIR;
    return false;
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return false;
  content->assign(std::istreambuf_iterator<char>(stream), {});
  return !stream.bad();
}

std::string Option(const std::pair<std::string, std::string>& option) {
  if (option.second.empty()) return "without " + option.first;
  return "with " + option.first + (option.second == "yes" ? "" : "=" + option.second);
}

void PutIdentity(const RunIdentity& identity, ByteWriter* writer) {
  writer->PutText(identity.build);
  writer->Put(static_cast<uint64_t>(identity.options.size()));
  for (const auto& [name, value] : identity.options) {
    writer->PutText(name);
    writer->PutText(value);
  }
  writer->Put(static_cast<uint64_t>(identity.cases.size()));
  for (const std::string& name : identity.cases) writer->PutText(name);
}

bool GetIdentity(ByteReader* reader, RunIdentity* identity) {
  uint64_t count = 0;
  if (!reader->GetText(&identity->build) || !reader->Get(&count)) return false;
  for (std::pair<std::string, std::string> option; count > 0; --count) {
    if (!reader->GetText(&option.first) || !reader->GetText(&option.second)) return false;
    identity->options.push_back(option);
  }
  if (!reader->Get(&count)) return false;
  for (std::string name; count > 0; --count) {
    if (!reader->GetText(&name)) return false;
    identity->cases.push_back(name);
  }
  return true;
}

}  // namespace

std::string Difference(const RunIdentity& begun, const RunIdentity& other) {
  if (begun.build != other.build) {
    return "it belongs to build " + begun.build + ", not to build " + other.build;
  }
  for (size_t i = 0; i < std::min(begun.options.size(), other.options.size()); ++i) {
    if (begun.options[i] == other.options[i]) continue;
    return "it was begun " + Option(begun.options[i]) + ", not " + Option(other.options[i]);
  }
  for (size_t i = 0; i < std::max(begun.cases.size(), other.cases.size()); ++i) {
    const std::string one = i < begun.cases.size() ? begun.cases[i] : "no further one";
    const std::string two = i < other.cases.size() ? other.cases[i] : "no further one";
    if (one == two) continue;
    return "it explores other cases: case " + std::to_string(i + 1) + " is " + one + ", not " + two;
  }
  return begun == other ? "" : "it was begun with other options";
}

void PutResult(const CaseResult& result, ByteWriter* writer) {
  for (const std::string* text : {&result.name, &result.complete_bound, &result.note,
                                  &result.search, &result.skipped, &result.internal_error}) {
    writer->PutText(*text);
  }
  writer->PutSpan(std::span(result.expected));
  writer->Put(result.met);
  writer->Put(result.complete);
  writer->Put(result.estimated_executions.value_or(0));
  writer->Put(result.executions);
  writer->Put(result.steps);
  writer->Put(result.cut_by_step_limit);
  writer->Put(result.not_judged);
  writer->Put(result.coverage);
  writer->Put(result.seconds);
  writer->Put(static_cast<uint64_t>(result.findings.size()));
  for (const FoundBug& found : result.findings) {
    writer->PutText(found.directory);
    writer->Put(found.expected);
  }
  result.log.Put(writer);
}

bool GetResult(ByteReader* reader, CaseResult* result) {
  for (std::string* text : {&result->name, &result->complete_bound, &result->note, &result->search,
                            &result->skipped, &result->internal_error}) {
    if (!reader->GetText(text)) return false;
  }
  uint64_t count = 0;
  double estimate = 0;
  if (!reader->GetVector(&result->expected) || !reader->Get(&result->met) ||
      !reader->Get(&result->complete) || !reader->Get(&estimate) ||
      !reader->Get(&result->executions) || !reader->Get(&result->steps) ||
      !reader->Get(&result->cut_by_step_limit) || !reader->Get(&result->not_judged) ||
      !reader->Get(&result->coverage) || !reader->Get(&result->seconds) || !reader->Get(&count)) {
    return false;
  }
  if (estimate > 0) result->estimated_executions = estimate;
  for (result->findings.clear(); count > 0; --count) {
    FoundBug found;
    if (!reader->GetText(&found.directory) || !reader->Get(&found.expected)) return false;
    result->findings.push_back(std::move(found));
  }
  return result->log.Get(reader);
}

std::string Checkpoint::ToBytes() const {
  ByteWriter writer;
  PutIdentity(identity, &writer);
  writer.Put(static_cast<uint64_t>(results.size()));
  for (const CaseResult& result : results) PutResult(result, &writer);
  writer.PutText(campaign);
  const std::string rest = writer.Take();
  ByteWriter head;
  head.Put(static_cast<uint64_t>(rest.size()));
  head.Put(HashBytes(rest));
  return std::string(kMagic) + head.Take() + rest;
}

bool Checkpoint::FromBytes(std::string_view bytes, std::string* error) {
  if (!bytes.starts_with(kMagic)) {
    *error = "it does not begin as a checkpoint does";
    return false;
  }
  bytes.remove_prefix(kMagic.size());
  ByteReader head(bytes.substr(0, 2 * sizeof(uint64_t)));
  uint64_t size = 0;
  uint64_t hash = 0;
  if (!head.Get(&size) || !head.Get(&hash)) {
    *error = "it ends after " + std::to_string(kMagic.size() + bytes.size()) + " bytes";
    return false;
  }
  bytes.remove_prefix(2 * sizeof(uint64_t));
  if (bytes.size() != size) {
    *error = "it should go on for " + std::to_string(size) + " bytes after its head, and has " +
             std::to_string(bytes.size());
    return false;
  }
  if (HashBytes(bytes) != hash) {
    *error = "its checksum is wrong";
    return false;
  }
  ByteReader reader(bytes);
  uint64_t count = 0;
  bool good = GetIdentity(&reader, &identity) && reader.Get(&count);
  for (results.clear(); good && count > 0; --count) {
    good = GetResult(&reader, &results.emplace_back());
  }
  if (!good || !reader.GetText(&campaign) || !reader.AtEnd()) *error = "it is not of this build";
  return error->empty();
}

bool ReadCheckpoint(const std::string& folder, Checkpoint* checkpoint, std::string* error) {
  const std::string path = folder + "/" + kCheckpointFile;
  std::string bytes;
  if (!ReadFile(path, &bytes)) {
    *error = "cannot read '" + path + "', which a run with --out writes: " + std::strerror(errno);
    return false;
  }
  std::string reason;
  if (checkpoint->FromBytes(bytes, &reason)) return true;
  *error = "'" + path + "' is damaged: " + reason;
  return false;
}

bool ReadFindings(const std::string& folder, CaseResult* result, std::string* error) {
  for (FoundBug& found : result->findings) {
    const std::string path = folder + "/" + found.directory + "/finding.json";
    std::string json;
    if (!ReadFile(path, &json)) {
      *error = "cannot read '" + path + "': " + std::strerror(errno);
      return false;
    }
    auto finding = FindingFromJson(json);
    if (!finding.ok()) {
      *error = "'" + path + "' is damaged: " + std::string(finding.status().message());
      return false;
    }
    found.finding = *std::move(finding);
  }
  return true;
}

}  // namespace heddle
