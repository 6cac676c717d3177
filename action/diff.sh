#!/usr/bin/env bash
# Compares the checkout with its base: annotations, step summary, and Markdown for the comment.
set -euo pipefail

# shellcheck source=action/arguments.sh
source "$GITHUB_ACTION_PATH/action/arguments.sh"
base="${INPUT_BASE:-}"
if [ -z "$base" ] && [ -n "${GITHUB_BASE_REF:-}" ]; then
  base="refs/remotes/origin/$GITHUB_BASE_REF" # a tag of a pull request may be named origin/main
fi
if [ -z "$base" ]; then
  echo "there is no base to compare with: not a pull request, and the input base is empty"
  exit 0
fi
if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
  git fetch --quiet --no-tags --unshallow origin ||
    echo "::warning::the history is incomplete; check out with fetch-depth: 0"
fi
if [ -n "${GITHUB_BASE_REF:-}" ] && ! git rev-parse --verify --quiet "$base^{commit}" > /dev/null; then
  git fetch --quiet --no-tags origin "+refs/heads/$GITHUB_BASE_REF:refs/remotes/origin/$GITHUB_BASE_REF" ||
    echo "::warning::cannot fetch the target branch; check out with fetch-depth: 0"
fi
markdown="$RUNNER_TEMP/checker-diff.md"
json="$RUNNER_TEMP/checker-diff.json"
rm -f "$markdown" "$json"
changes="$INPUT_FAIL_ON_CHANGE"
if [ "$changes" = never ]; then changes=any; fi
code=0
checker diff "--base=$base" --fail-on "$changes" --format github --format "markdown=$markdown" \
  --format "json=$json" ${instances[@]+"${instances[@]}"} -- "${paths[@]}" || code=$?
echo "code=$code" >> "$GITHUB_OUTPUT"
case "$code" in
  0 | 1 | 3)
    echo "markdown=$markdown" >> "$GITHUB_OUTPUT"
    echo "json=$json" >> "$GITHUB_OUTPUT"
    ;;
esac
