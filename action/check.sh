#!/usr/bin/env bash
# Checks the paths: annotations, step summary and SARIF. The last step decides by the exit code.
set -euo pipefail

# shellcheck source=action/arguments.sh
source "$GITHUB_ACTION_PATH/action/arguments.sh"
sarif="$RUNNER_TEMP/checker.sarif"
severity=()
if [ "$INPUT_FAIL_ON" != never ]; then severity=(--fail-on "$INPUT_FAIL_ON"); fi
code=0
checker check --format github --format "sarif=$sarif" ${severity[@]+"${severity[@]}"} \
  ${instances[@]+"${instances[@]}"} -- "${paths[@]}" || code=$?
echo "code=$code" >> "$GITHUB_OUTPUT"
if [ -f "$sarif" ]; then echo "sarif=$sarif" >> "$GITHUB_OUTPUT"; fi
