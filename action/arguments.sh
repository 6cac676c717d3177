# Reads the inputs that the check and the comparison share: `paths` and `instances` become arrays.

paths=()
instances=()
while IFS= read -r line; do
  read -r line <<< "${line%$'\r'}" # without blanks around it
  if [ -n "$line" ]; then paths+=("$line"); fi
done <<< "${INPUT_PATHS:-.}"
while IFS= read -r line; do
  read -r line <<< "${line%$'\r'}"
  if [ -n "$line" ]; then instances+=(--instance-arn "$line"); fi
done <<< "${INPUT_INSTANCES:-}"
if [ "${#paths[@]}" = 0 ]; then paths=(.); fi
