#!/usr/bin/env bash
# the demo command as README.md gives it
command=$(.ci/readme-block 1)
[[ $command == *demo* ]] || {
    echo "README.md's first block is no demo command: $command" >&2
    exit 1
}
echo "\$ $command"
bash -euo pipefail -c "$command"
mails=$(find demo -name '*.eml' | wc -l)
echo "$mails mails"
((mails > 100)) || exit 1
[[ -s demo/pages/index.html ]]
