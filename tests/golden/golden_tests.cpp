// golden_tests GOLDEN EXAMPLES [--update]: whole runs of the command line, compared with what they printed when
// somebody read it and found it right. GOLDEN/CASE holds
//
//   args       one command line per line, run in the folder of the case
//   plan.txt   what they print, standard error included, and their exit codes
//
// and whatever files the command lines name: config.toml, observed.json (as show --format snapshot prints it).
// Every file of EXAMPLES must be in some case. --update writes plan.txt anew: read the difference before you keep it.
#include "lbconverge/cli/main.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

/// In a process of its own: the program sets up things that are there once per process.
int run_here(const fs::path& folder, const std::string& line, int output) {
    std::istringstream words(line);
    std::vector<std::string> owned{"lbconverge"};
    for (std::string word; words >> word;) owned.push_back(word);
    std::vector<char*> argv;
    for (std::string& word : owned) argv.push_back(word.data());
    fs::current_path(folder);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    std::setvbuf(stdout, nullptr, _IONBF, 0);  // so that both stand in the order of time
    return lbconverge::cli::run(static_cast<int>(argv.size()), argv.data());
}

/// What the command line prints, and its exit code.
std::string run(const fs::path& folder, const std::string& line) {
    int ends[2];
    if (::pipe(ends) != 0) return "no pipe\n";
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        const int exit = run_here(folder, line, ends[1]);
        std::fflush(nullptr);
        ::_exit(exit);
    }
    ::close(ends[1]);
    std::string text = "$ lbconverge " + line + "\n";
    char buffer[4096];
    for (ssize_t size = 0; (size = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<std::size_t>(size));
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status)) return text + "[exit " + std::to_string(WEXITSTATUS(status)) + "]\n";
    return text + "[killed by signal " + std::to_string(WTERMSIG(status)) + "]\n";
}

std::string run_case(const fs::path& folder) {
    std::istringstream args(read(folder / "args"));
    std::string text;
    for (std::string line; std::getline(args, line);) text += (text.empty() ? "" : "\n") + run(folder, line);
    return text;
}

void print_difference(const fs::path& expected, const std::string& text) {
    const fs::path actual = fs::temp_directory_path() / ("golden-" + std::to_string(::getpid()) + ".txt");
    write(actual, text);
    const std::string command = "diff -u '" + expected.string() + "' '" + actual.string() + "'";
    std::fflush(nullptr);
    if (std::system(command.c_str()) == 0) std::puts("(no difference any more)");
    fs::remove(actual);
}

std::vector<fs::path> entries(const fs::path& folder) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder)) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    return paths;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fputs("usage: golden_tests GOLDEN EXAMPLES [--update]\n", stderr);
        return 64;
    }
    const bool update = argc > 3 && std::string(argv[3]) == "--update";
    int failed = 0;
    int cases = 0;
    std::string all_args;
    for (const fs::path& folder : entries(argv[1])) {
        if (!fs::exists(folder / "args")) continue;
        ++cases;
        all_args += read(folder / "args");
        const std::string text = run_case(folder);
        const fs::path expected = folder / "plan.txt";
        if (text == read(expected)) continue;
        if (update) {
            write(expected, text);
            std::printf("%s: written\n", folder.filename().c_str());
            continue;
        }
        ++failed;
        std::printf("%s: not as it was:\n", folder.filename().c_str());
        print_difference(expected, text);
    }
    for (const fs::path& example : entries(argv[2])) {
        if (example.extension() != ".toml" || all_args.find("/" + example.filename().string()) != std::string::npos)
            continue;
        ++failed;
        std::printf("examples/%s: in no case\n", example.filename().c_str());
    }
    std::printf("%d cases, %d wrong\n", cases, failed);
    return failed == 0 && cases != 0 ? 0 : 1;
}
