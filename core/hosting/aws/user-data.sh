#!/usr/bin/env bash
# Sets a rented GPU machine up for SLaM. cloud-init runs it once, as root, at the first start.
# What it does stands in /var/lib/slam/steps.log, what it found in /var/lib/slam/record.json.
set -euo pipefail
# @settings@

# The dead man comes first: whatever fails below, the machine ends (and, by the way it was launched,
# is removed) when its time is over.
shutdown -h "+$((HOURS * 60))"

# A folder to take for /, so that the script can be tried without a machine.
ROOT=${SLAM_SETUP_ROOT:-}
STATE=$ROOT/var/lib/slam
UNITS=$ROOT/etc/systemd/system
OLLAMA=http://127.0.0.1:11434
# cloud-init sets no HOME, and Ollama's command will not start without one.
export HOME=${HOME:-/root}
mkdir -p "$STATE" "$UNITS" "$ROOT/etc/slam" "$ROOT/usr/local/bin"

CURRENT_STEP=start
step() {
    CURRENT_STEP=$1
    printf '%s %s\n' "$(date --utc +%FT%TZ)" "$1" | tee -a "$STATE/steps.log"
}

# The watch leaves the machine alone while this file is there. Without it, a machine whose set-up
# failed counts as idle: there is time to look, and then it ends.
touch "$STATE/setting-up"
ended() {
    local status=$?
    rm -f "$STATE/setting-up"
    touch "$STATE/busy"
    if ((status != 0)); then
        printf '%s failed: %s\n' "$(date --utc +%FT%TZ)" "$CURRENT_STEP" | tee -a "$STATE/steps.log"
    fi
}
trap ended EXIT

step "watch for expiry and idleness"
{
    printf 'EXPIRES_AT_S=%q\n' "$EXPIRES_AT_S"
    printf 'IDLE_MINUTES=%q\n' "$IDLE_MINUTES"
    printf 'STATE=%q\n' "$STATE"
    printf 'REGION=%q\n' "$REGION"
    printf 'DATABASE_URL_PARAMETER=%q\n' "$DATABASE_URL_PARAMETER"
} >"$ROOT/etc/slam/host.env"
cat >"$ROOT/usr/local/bin/slam-watch" <<'WATCH'
#!/usr/bin/env bash
# Run every minute. Ends the machine when its time is over, which a restart makes the dead man
# forget, or when nobody has used it for IDLE_MINUTES.
set -euo pipefail
# shellcheck source=/dev/null
. "${SLAM_SETUP_ROOT:-}/etc/slam/host.env"
now=$(date +%s)
if ((now >= EXPIRES_AT_S)); then
    shutdown -h now
    exit
fi
is_busy() {
    [[ -e $STATE/setting-up ]] && return 0
    local used
    used=$(nvidia-smi --query-gpu=utilization.gpu --format=csv,noheader,nounits | sort -n | tail -n 1)
    ((${used:-0} > 0)) && return 0
    # Ollama logs a request when it ends; looking at lists and versions (GET) is no use of it.
    journalctl --unit ollama --since "-2min" --output cat | grep -F POST >/dev/null
}
if is_busy || [[ ! -e $STATE/busy ]]; then
    touch "$STATE/busy"
elif ((now - $(stat -c %Y "$STATE/busy") >= IDLE_MINUTES * 60)); then
    shutdown -h now
fi
WATCH
chmod 755 "$ROOT/usr/local/bin/slam-watch"
cat >"$UNITS/slam-watch.service" <<'UNIT'
[Unit]
Description=End this machine when its time is over or nobody uses it
[Service]
Type=oneshot
ExecStart=/usr/local/bin/slam-watch
UNIT
cat >"$UNITS/slam-watch.timer" <<'UNIT'
[Unit]
Description=Look every minute whether this machine is still needed
[Timer]
OnBootSec=1min
OnUnitActiveSec=1min
[Install]
WantedBy=timers.target
UNIT
systemctl daemon-reload
systemctl enable --now slam-watch.timer

step "look at the GPU"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader >"$STATE/gpu.csv"

step "install Ollama $OLLAMA_PINNED"
curl -fsSL https://ollama.com/install.sh | OLLAMA_VERSION="$OLLAMA_PINNED" sh

step "configure Ollama"
models_folder=/usr/share/ollama/.ollama/models
if mountpoint -q "$ROOT/opt/dlami/nvme"; then
    # The instance store loads models faster; it is empty after a stop, and so is this machine.
    models_folder=/opt/dlami/nvme/ollama
fi
mkdir -p "$ROOT$models_folder" "$UNITS/ollama.service.d"
chown -R ollama:ollama "$ROOT$models_folder"
cat >"$UNITS/ollama.service.d/slam.conf" <<UNIT
[Service]
Environment="OLLAMA_HOST=127.0.0.1:11434"
Environment="OLLAMA_KEEP_ALIVE=-1"
Environment="OLLAMA_NUM_PARALLEL=$NUM_PARALLEL"
Environment="OLLAMA_CONTEXT_LENGTH=$CONTEXT_LENGTH"
Environment="OLLAMA_MODELS=$models_folder"
UNIT
systemctl daemon-reload
systemctl restart ollama

step "wait for Ollama"
for _ in {1..60}; do
    curl -fsS "$OLLAMA/api/version" >"$STATE/version.json" && break
    sleep 2
done
python3 - "$STATE/version.json" "$OLLAMA_PINNED" <<'PYTHON'
import json, sys
found = json.load(open(sys.argv[1]))["version"]
sys.exit(found != sys.argv[2] and f"Ollama {found} answers, not {sys.argv[2]}")
PYTHON

: >"$STATE/models.jsonl"
for model in "${MODELS[@]}"; do
    step "pull $model"
    ollama pull "$model"
    step "load $model"
    curl -fsS "$OLLAMA/api/generate" -d "{\"model\": \"$model\"}" >/dev/null
    curl -fsS "$OLLAMA/api/ps" >"$STATE/loaded.json"
    # A model that is partly in the machine's own memory answers many times slower.
    python3 - "$model" "$STATE/loaded.json" >>"$STATE/models.jsonl" <<'PYTHON'
import json, sys
loaded = json.load(open(sys.argv[2]))["models"]
found = next((one for one in loaded if one["digest"] and sys.argv[1] in (one["name"], one["name"].removesuffix(":latest"))), None)
if found is None:
    sys.exit(f"{sys.argv[1]} was not loaded")
if found["size_vram"] != found["size"]:
    sys.exit(f"{sys.argv[1]} needs {found['size']} bytes, of which {found['size_vram']} fit on the GPU")
print(json.dumps({key: found[key] for key in ("name", "digest", "size", "size_vram")}))
PYTHON
    # While it is loaded: clocks at rest say nothing.
    nvidia-smi -q -d CLOCK,PERFORMANCE >"$STATE/clocks.txt"
    ollama stop "$model"
done

step "write the record"
python3 - "$STATE" <<'PYTHON'
import json, pathlib, sys
state = pathlib.Path(sys.argv[1])
clocks = state / "clocks.txt"
record = {
    "ollama_version": json.loads((state / "version.json").read_text())["version"],
    "models": [json.loads(line) for line in (state / "models.jsonl").read_text().splitlines()],
    "gpus": (state / "gpu.csv").read_text().splitlines(),
    "clocks_and_throttling": clocks.read_text() if clocks.exists() else None,
}
(state / "record.json").write_text(json.dumps(record, indent=2) + "\n")
PYTHON

if [[ -n $DAEMON_SOURCE ]]; then
    step "install SLaM's daemon"
    curl -fsSL https://astral.sh/uv/0.9.5/install.sh |
        UV_INSTALL_DIR="$ROOT/usr/local/bin" UV_NO_MODIFY_PATH=1 sh
    UV_PYTHON_INSTALL_DIR=$ROOT/opt/python uv venv --python 3.12 "$ROOT/opt/slam"
    uv pip install --python "$ROOT/opt/slam/bin/python" "slam-eval[postgres] @ $DAEMON_SOURCE"
    id slam >/dev/null 2>&1 || useradd --system --create-home --home-dir /var/lib/slam-daemon slam
    cat >"$ROOT/usr/local/bin/slam-daemon" <<'DAEMON'
#!/usr/bin/env bash
# Starts SLaM's daemon. The database's address is a secret: it is fetched at each start and lives in
# this process alone.
set -euo pipefail
# shellcheck source=/dev/null
. "${SLAM_SETUP_ROOT:-}/etc/slam/host.env"
DATABASE_URL=$(aws ssm get-parameter --region "$REGION" --name "$DATABASE_URL_PARAMETER" \
    --with-decryption --query Parameter.Value --output text)
export DATABASE_URL
exec "${SLAM_SETUP_ROOT:-}/opt/slam/bin/python" -m daemon
DAEMON
    chmod 755 "$ROOT/usr/local/bin/slam-daemon"
    cat >"$UNITS/slam-daemon.service" <<UNIT
[Unit]
Description=SLaM's daemon
After=network-online.target ollama.service
Wants=network-online.target
[Service]
User=slam
WorkingDirectory=/var/lib/slam-daemon
Environment="SLAM_HOME=/var/lib/slam-daemon"
Environment="SLAM_DAEMON_NAME=$HOST_NAME"
Environment="OLLAMA_HOST=$OLLAMA"
ExecStart=/usr/local/bin/slam-daemon
Restart=always
RestartSec=10
[Install]
WantedBy=multi-user.target
UNIT
    systemctl daemon-reload
    systemctl enable --now slam-daemon
fi
step "ready"
