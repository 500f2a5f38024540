// Property tests are the same on every run unless RC_PARAMS says otherwise, for example RC_PARAMS="seed=7
// max_success=5000". rapidcheck prints the seed that it uses, and on failure how to reproduce it.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdlib>

// gcc defines a macro, clang knows a feature.
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

int main(int argc, char** argv) {
#if defined(SANITIZED)
    setenv("RC_PARAMS", "seed=20240229 max_success=600", 0);  // a tenth as fast
#else
    setenv("RC_PARAMS", "seed=20240229 max_success=4000", 0);
#endif
    return doctest::Context(argc, argv).run();
}
