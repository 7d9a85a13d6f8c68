// vade tests: which sanitizer this program runs under.
// SPDX-License-Identifier: MIT
#pragma once

// VADE_TEST_SANITIZER: any that keeps shadow memory; VADE_TEST_THREAD_SANITIZER: that of threads.
#if defined(__SANITIZE_THREAD__)
#define VADE_TEST_THREAD_SANITIZER
#elif defined(__SANITIZE_ADDRESS__)
#define VADE_TEST_SANITIZER
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define VADE_TEST_THREAD_SANITIZER
#elif __has_feature(address_sanitizer)
#define VADE_TEST_SANITIZER
#endif
#endif
#if defined(VADE_TEST_THREAD_SANITIZER)
#define VADE_TEST_SANITIZER
#endif
