#!/bin/sh
# Installs what the tests need beyond Python, where this machine allows it: Chromium and PostgreSQL.
# Where it does not, says in a sentence what will be left out.

find_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
find_postgresql() { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null; }

missing=""
find_chromium >/dev/null || missing="chromium"
find_postgresql >/dev/null || missing="$missing postgresql"
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing for the tests: $missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086  # the list is to be split into its words
    apt-get update -qq && apt-get install -qq -y --no-install-recommends $missing >/dev/null
fi
find_chromium >/dev/null || echo "Chromium is not installed: the browser tests are left out; install the package 'chromium' to run them."
find_postgresql >/dev/null || echo "PostgreSQL is not installed: the tests run on SQLite alone; install the package 'postgresql' to run them on both."
exit 0
