// SPDX-License-Identifier: Apache-2.0
#include "src/session/redact.h"
#include <gtest/gtest.h>
#include "src/yaml/document.h"

namespace cloister::session {

TEST(Redacted, LeavesOutStatedValuesAndNothingElse) {
  const auto text = redacted(
      "# sesame\n"
      "name: shop\n"
      "secrets:\n"
      "- {name: word, kind: ascii, value: sesame}\n"
      "- name: key\n"
      "  kind: private-key\n"
      "  value: |\n"
      "    sesame\n"
      "- {name: list, kind: config-fragment, value: [sesame, {sesame: sesame}]}\n"
      "- {name: made, kind: ascii, size: 12}\n"
      "- {name: empty, kind: ascii, value: }\n"
      "services: [{name: value, environment: {value: stays, MODE: 0o400, TEXT: \"0o400\"}}]\n");
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(text.value(),
            "name: shop\n"
            "secrets:\n"
            "  -\n    name: word\n    kind: ascii\n    value: \"(not shown)\"\n"
            "  -\n    name: key\n    kind: private-key\n    value: \"(not shown)\"\n"
            "  -\n    name: list\n    kind: config-fragment\n    value: \"(not shown)\"\n"
            "  -\n    name: made\n    kind: ascii\n    size: 12\n"
            "  -\n    name: empty\n    kind: ascii\n    value: null\n"
            "services:\n"
            "  -\n    name: value\n    environment:\n      value: stays\n      MODE: 0o400\n      TEXT: \"0o400\"\n");
}

TEST(Redacted, RefusesWhatIsNoSession) {
  EXPECT_FALSE(redacted("a: [").ok());
  EXPECT_TRUE(redacted("secrets: sesame").ok());  // nobody could have created it
}

}  // namespace cloister::session
