# Reads the inputs that the check and the comparison share: `paths` and `instances` become arrays.

paths=()
instances=()
while IFS= read -r line; do
  if [ -n "${line//[[:space:]]/}" ]; then paths+=("$line"); fi
done <<< "${INPUT_PATHS:-.}"
while IFS= read -r line; do
  if [ -n "${line//[[:space:]]/}" ]; then instances+=(--instance-arn "$line"); fi
done <<< "${INPUT_INSTANCES:-}"
