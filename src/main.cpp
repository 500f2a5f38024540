#include "lbconverge/cli/main.hpp"

int main(int argc, char** argv) { return lbconverge::cli::run(argc, argv); }
