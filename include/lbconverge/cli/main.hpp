// The command line: parses it, runs one command, returns the exit code of the interface.
#pragma once

namespace lbconverge::cli {

int run(int argc, char** argv);

}  // namespace lbconverge::cli
