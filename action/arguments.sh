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

# A path that the workflow names is read wherever it leads, so a pull request must not make a link of it.
for path in "${paths[@]}"; do
  above="$(dirname -- "$path/.")" # without slashes at the end, which would follow a link
  while [ "$above" != . ] && [ "$above" != / ]; do
    if [ -L "$above" ]; then
      echo "error: a part of the input paths is a symbolic link; name the folder that it leads to" >&2
      exit 2
    fi
    above="$(dirname -- "$above")"
  done
done
