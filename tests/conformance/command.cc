#include "tests/conformance/command.h"

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

namespace heddle::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// Beside this program.
fs::path HeddlePath() { return fs::read_symlink("/proc/self/exe").parent_path() / "heddle"; }

std::string Quoted(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

const std::set<std::string> kKinds = {
    "data-race",   "deadlock",         "stuck",         "lock-order",
    "atomicity",   "assertion",        "invariant",     "exception",
    "crash",       "timeout",          "livelock",      "misuse",
    "leak",        "not-linearizable", "pool-misuse",   "use-after-free",
    "double-free", "thread-leak",      "nondeterminism"};

bool IsHexadecimal(const std::string& text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// Throws nlohmann::json::exception where a field is missing or of another type.
void ValidateFinding(const Json& finding, const fs::path& out) {
  const auto kind = finding.at("kind").get<std::string>();
  EXPECT_TRUE(kKinds.contains(kind)) << kind;
  const auto fingerprint = finding.at("fingerprint").get<std::string>();
  EXPECT_TRUE(IsHexadecimal(fingerprint)) << fingerprint;
  EXPECT_GE(finding.at("first_execution").get<uint64_t>(), 1u);
  EXPECT_TRUE(finding.at("preemptions").is_number_unsigned());
  const fs::path folder = out / finding.at("directory").get<std::string>();
  const Json report = Json::parse(ReadFile(folder / "finding.json"));
  EXPECT_EQ(report.at("kind"), kind);
  EXPECT_EQ(report.at("fingerprint"), fingerprint);
  const std::string schedule = ReadFile(folder / "schedule.txt");
  EXPECT_EQ(report.at("schedule").get<std::string>() + "\n", schedule);
  const std::string text = ReadFile(folder / "report.txt");
  EXPECT_TRUE(text.starts_with("WARNING: heddle: ")) << text;
  EXPECT_NE(text.find("\nSUMMARY: heddle: " + kind), std::string::npos) << text;
}

// Whether the case met its expectation by what was found.
bool ValidateCase(const Json& result, const fs::path& out) {
  const auto name = result.at("name").get<std::string>();
  SCOPED_TRACE(name);
  const auto executions = result.at("executions").get<uint64_t>();
  EXPECT_TRUE(result.contains("skipped") || executions > 0);
  EXPECT_GE(result.at("seconds").get<double>(), 0);
  EXPECT_GE(result.at("executions_per_second").get<double>(), 0);
  EXPECT_TRUE(result.at("complete").is_boolean());
  EXPECT_FALSE(result.contains("internal_error")) << result.dump(2);
  std::set<std::string> missing;
  for (const Json& kind : result.at("expected")) missing.insert(kind.get<std::string>());
  bool surprised = false;
  for (const Json& finding : result.at("findings")) {
    ValidateFinding(finding, out);
    EXPECT_LE(finding.at("first_execution").get<uint64_t>(), executions);
    missing.erase(finding.at("kind").get<std::string>());
    surprised = surprised || !finding.at("expected").get<bool>();
  }
  const bool met = result.at("met").get<bool>();
  if (!result.contains("skipped")) {
    EXPECT_EQ(met, missing.empty() && !surprised) << result.dump(2);
  }
  return met;
}

}  // namespace

CommandResult Heddle(const fs::path& directory, const std::vector<std::string>& arguments) {
  std::string command = "cd " + Quoted(directory) + " && " + Quoted(HeddlePath());
  for (const std::string& argument : arguments) command += " " + Quoted(argument);
  command += " 2>&1";
  CommandResult result;
  FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return result;
  char buffer[4096];
  size_t length;
  while ((length = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0) {
    result.output.append(buffer, length);
  }
  const int status = ::pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::string ReadFile(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  EXPECT_TRUE(stream) << "cannot read " << file;
  return text.str();
}

Json RunAndValidate(const fs::path& directory, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "run");
  arguments.push_back("--out=out");
  const CommandResult command = Heddle(directory, arguments);
  EXPECT_TRUE(command.status == 0 || command.status == 1)
      << "exit status " << command.status << ":\n"
      << command.output;
  const fs::path out = directory / "out";
  try {
    const Json run = Json::parse(ReadFile(out / "run.json"));
    EXPECT_EQ(run.at("version"), 1);
    EXPECT_TRUE(run.at("seed").is_number_unsigned());
    EXPECT_TRUE(run.at("strategy").is_string());
    EXPECT_FALSE(run.at("build").get<std::string>().empty());
    bool all_met = true;
    size_t findings = 0;
    for (const Json& result : run.at("cases")) {
      // A case that is left out has no say.
      if (!ValidateCase(result, out) && !result.contains("skipped")) all_met = false;
      findings += result.at("findings").size();
    }
    EXPECT_EQ(command.status, all_met ? 0 : 1) << command.output;
    const fs::directory_iterator folders(out / "findings");
    EXPECT_EQ(std::distance(begin(folders), end(folders)), static_cast<std::ptrdiff_t>(findings));
    return run.at("cases");
  } catch (const Json::exception& error) {
    ADD_FAILURE() << "run.json is not as documented: " << error.what() << "\n" << command.output;
    return Json::array();
  }
}

}  // namespace heddle::testing
