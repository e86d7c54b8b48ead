#!/usr/bin/env bash
# the test command as README.md gives it
command=$(.ci/readme-block 2)
[[ $command == *test* ]] || {
    echo "README.md's second block is no test command: $command" >&2
    exit 1
}
echo "\$ $command"
bash -euo pipefail -c "$command"
