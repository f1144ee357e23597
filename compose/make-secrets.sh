#!/bin/sh
# Makes the secrets that compose.yaml names, once: random, readable by their owner and the containers' user.
set -eu
cd "$(dirname "$0")/secrets"
[ ! -e store.env ] || { echo "make-secrets.sh: secrets are there already: remove secrets/store.env for new ones" >&2; exit 2; }
random() { head -c 30 /dev/urandom | base64 | tr -d '+/=\n'; }
key=$(random) secret=$(random)
umask 077
printf 'AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n' "$key" "$secret" > store.env
printf '{"identities":[{"name":"patchline","credentials":[{"accessKey":"%s","secretKey":"%s"}],"actions":["Admin"]}]}\n' \
    "$key" "$secret" > s3.json
random > grafana.txt
# Compose mounts these two as they are, into containers whose users are not ours.
chmod 644 s3.json grafana.txt
echo "secrets/store.env, secrets/s3.json and secrets/grafana.txt are made."
