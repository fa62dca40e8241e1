#!/usr/bin/env bash
# Fetch the chat page's vendored packages again, as its VENDOR.md lists them. Needs npm.
# Every file must have the hash that the table gives; otherwise nothing is replaced.
set -euo pipefail
vendor="$(cd "$(dirname "$0")/../functions/chat/chat_app/site/vendor" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

rows() { grep -E '^\| .* \| [0-9a-f]{64} \|$' "$vendor/VENDOR.md" | tr -d ' ' | cut -d '|' -f 2-; }

rows | cut -d '|' -f 1,2 | sort -u | while IFS='|' read -r package version; do
  mkdir -p "$work/$package"
  archive="$(cd "$work" && npm pack --silent "$package@$version" 2>/dev/null)"
  tar -xzf "$work/$archive" -C "$work/$package" --strip-components 1
done

wrong=0
while IFS='|' read -r package version file here _licence sha256 _; do
  mkdir -p "$(dirname "$work/new/$here")"
  cp "$work/$package/$file" "$work/new/$here"
  if ! echo "$sha256  $work/new/$here" | sha256sum --check --quiet --status; then
    echo "$package@$version $file is not what VENDOR.md says: $(sha256sum <"$work/new/$here" | cut -d ' ' -f 1)" >&2
    wrong=1
  fi
done < <(rows)
[ "$wrong" = 0 ] || exit 1

cp -R "$work/new/." "$vendor/"
echo "$(rows | wc -l) files in $vendor, as VENDOR.md lists them."
