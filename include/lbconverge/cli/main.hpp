// The command line: parses it, runs one command, and returns the exit code.
#pragma once

namespace lbconverge::cli {

int run(int argc, char** argv);

}  // namespace lbconverge::cli
