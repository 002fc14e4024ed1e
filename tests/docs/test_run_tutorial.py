"""Proof that the runner of the tutorial notices what is not as the tutorial says."""

from __future__ import annotations

import io
import tempfile
import unittest
from pathlib import Path

from run_tutorial import TutorialError, run

RIGHT = r"""# A tutorial

```sh
mkdir mill
cd mill
export WHEAT=spelt
printf 'first\nmore\nsecond %s third\n' $WHEAT
# → first
# → second … third
printf 'listen = "127.0.0.1:52%02d"\n' 0 > quern.toml
cat quern.toml
# → listen = "127.0.0.1:5200"
```

<!-- file: src/mill.txt -->

```toml
a = 1
b = 2
```

<!-- changed: src/mill.txt -->

```diff
 a = 1
-b = 2
+b = 3
```

<!-- shown: src/mill.txt -->

```toml
b = 3
```

```sh
cat src/mill.txt; pwd; \
    echo $WHEAT
# → b = 3
# → …/mill
# → spelt
mkdir -p /srv/mill && cd /srv/mill && pwd
# → …/srv/mill
```
"""


class Runner(unittest.TestCase):
    def follow(self, tutorial: str) -> str:
        out = io.StringIO()
        # Nothing is installed there: the commands are the system's.
        run(tutorial, Path(tempfile.gettempdir()), out)
        return out.getvalue()

    def assert_wrong(self, message: str, tutorial: str) -> None:
        with self.assertRaisesRegex(TutorialError, message):
            self.follow(tutorial)

    def doctored(self, old: str, new: str) -> str:
        self.assertIn(old, RIGHT)
        return RIGHT.replace(old, new, 1)

    def test_right(self) -> None:
        self.assertIn("8 commands did what", self.follow(RIGHT))

    def test_output_that_does_not_come(self) -> None:
        self.assert_wrong(r"line 7: .*no line 'frist'", self.doctored("# → first", "# → frist"))
        self.assert_wrong("no line", self.doctored("# → spelt", "# → spel"))
        self.assert_wrong("no line", self.doctored("# → first\n# → second … third", "# → second … third\n# → first"))

    def test_a_command_that_fails(self) -> None:
        self.assert_wrong("line 5: .*exits with 1", self.doctored("cd mill", "cd mull"))
        self.assert_wrong("exits with 127", self.doctored("mkdir mill", "no-such-program"))

    def test_blocks_without_a_mark(self) -> None:
        self.assert_wrong(r"line 2\d: the block '```diff' is not marked", self.doctored("<!-- changed: src/mill.txt -->", ""))
        self.assert_wrong(r"line 3\d: .*not marked", self.doctored("<!-- shown: src/mill.txt -->", "As follows:"))
        self.assert_wrong("not marked", self.doctored("<!-- shown:", "<!-- shwon:"))
        self.assert_wrong("fenced block", self.doctored("# A tutorial\n", "# A tutorial\n\n    code\n"))
        self.assert_wrong("no end", RIGHT + "\n```sh\ntrue\n")

    def test_files(self) -> None:
        self.assert_wrong("does not hold these", self.doctored("```toml\nb = 3", "```toml\nb = 4"))
        self.assert_wrong("stands 0 times", self.doctored("-b = 2", "-b = 5"))
        self.assert_wrong("File exists", self.doctored("<!-- file: src/mill.txt -->", "<!-- file: quern.toml -->"))

    def test_comments_in_commands(self) -> None:
        self.assert_wrong("neither a command nor", self.doctored("# → first", "# first"))
        self.assert_wrong("output without a command", "```sh\n# → text\n```\n")

    def test_no_command_at_all(self) -> None:
        self.assert_wrong("no command", "Nothing to do.\n")

    def test_a_process_that_is_left(self) -> None:
        self.assert_wrong("left at its end: .*sleep 300", RIGHT + "\n```sh\nsleep 300 &\n```\n")


if __name__ == "__main__":
    unittest.main()
