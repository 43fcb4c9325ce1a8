// SPDX-License-Identifier: Apache-2.0
// Compile-time switches of the boundary's defences, for C++ and assembly. CLOISTER_KEEPS(E_3) is 1 unless the build was
// configured with -DCLOISTER_OMIT=E-3. Builds that leave something out exist to show which test sees it; their images
// say what they lack when they start, and have another MRENCLAVE. cmake/omit.cmake lists the rules that have a switch.
#pragma once

#define CLOISTER_RULE_SECOND_(first, second, ...) second
#define CLOISTER_RULE_OMITTED_1 0, 0
#define CLOISTER_RULE_CHOOSE_(tag) CLOISTER_RULE_SECOND_(tag, 1, 1)
#define CLOISTER_RULE_PASTE_(value) CLOISTER_RULE_CHOOSE_(CLOISTER_RULE_OMITTED_##value)
#define CLOISTER_RULE_VALUE_(value) CLOISTER_RULE_PASTE_(value)
#define CLOISTER_KEEPS(rule) CLOISTER_RULE_VALUE_(CLOISTER_OMIT_##rule)
