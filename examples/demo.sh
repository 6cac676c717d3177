#!/bin/sh
# The story in three acts: a set-up through which nothing arrives, the same set-up mended, and a topic
# that works for everybody. Every step says the exit code it is expected to have, and stops if it has not.
set -eu
cd "$(dirname "$0")"
INSTANCE=arn:aws:connect:us-east-1:111122223333:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d

step() {
    expected=$1
    shift
    printf '\n$ %s\n' "$*"
    code=0
    "$@" || code=$?
    if [ "$code" -ne "$expected" ]; then
        printf 'the demo expected exit code %s and got %s\n' "$expected" "$code" >&2
        exit 1
    fi
}

echo '== 1. Nothing arrives: the default topic policy, a key for the wrong service, one topic too many'
step 1 checker check broken
step 1 checker explain broken/topic.json --instance-arn "$INSTANCE" --key broken/key.json --key-policy broken/key-policy.json

echo
echo '== 2. Mended: one statement more in each policy, one topic less'
step 0 checker check mended
step 0 checker explain mended/topic.json --instance-arn "$INSTANCE" --key mended/key.json --key-policy mended/key-policy.json

echo
echo '== 3. The policy that people paste to make it work lets in every AWS customer'
step 1 checker check open-deputy.json
step 0 checker simulate --policy open-deputy.json --service connect.amazonaws.com --action sns:Publish \
    --resource arn:aws:sns:us-east-1:111122223333:connect-chat-stream \
    --context aws:SourceAccount=999999999999
