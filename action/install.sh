#!/usr/bin/env bash
# Installs checker from this action into an environment of its own, and puts it on the path of the next steps.
# Isolated (-I): Python must not import modules of the checkout, which a pull request may have changed. The versions of
# all packages are those of constraints.txt, also of the packages that build it.
set -euo pipefail

environment="$RUNNER_TEMP/checker-environment"
if [ ! -x "$environment/bin/checker" ]; then
  if ! python3 -I -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "::error::checker needs Python 3.11 or newer; add a step with actions/setup-python"
    exit 2
  fi
  python3 -I -m venv "$environment"
  constraints="$GITHUB_ACTION_PATH/constraints.txt"
  PIP_CONSTRAINT="$constraints" PIP_BUILD_CONSTRAINT="$constraints" \
    "$environment/bin/python" -I -m pip install --quiet --disable-pip-version-check "$GITHUB_ACTION_PATH"
fi
echo "$environment/bin" >> "$GITHUB_PATH"
