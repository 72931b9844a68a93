#!/usr/bin/env bash
# Everything that needs an NVIDIA GPU, in one go that ends by itself.
#
#   tests/gpu/run_all.sh --minutes 25              all steps
#   tests/gpu/run_all.sh --minutes 9 train         some of them
#   tests/gpu/run_all.sh --minutes 1 --dry-run     the same at toy size, on the CPU
#
# Steps: tests network search peers train. What a step found is a file in OUT, and a step whose
# file is there is not run again; training goes on for whatever time is left, where it left off.
# OUT (runs/gpu): tests.txt network.jsonl search.jsonl peers.jsonl final.safetensors final.json
# metrics.jsonl log.txt. WORK (runs/gpu-work): the training run itself. START: the checkpoint that
# training begins with, or "none". PYTHON: the interpreter.
# Exit: 0; 1 where a step failed; 2 wrong usage; 3 no GPU.
set -u
cd "$(dirname "$0")/../.." || exit 2
usage() { sed -n '4,6s/^# *//p' "$0" >&2; exit 2; }

minutes="" dry="" steps=()
while [ $# -gt 0 ]; do
    case "$1" in
        --minutes) minutes="${2:-}"; shift ;;
        --dry-run) dry=1 ;;
        tests|network|search|peers|train) steps+=("$1") ;;
        *) usage ;;
    esac
    shift
done
[[ "$minutes" =~ ^[0-9]+(\.[0-9]+)?$ ]] || usage
[ ${#steps[@]} -gt 0 ] || steps=(tests network search peers train)

default_python=python3
[ -x .venv/bin/python ] && default_python=.venv/bin/python
python="${PYTHON:-$default_python}"
if [ -n "$dry" ]; then
    device=cpu
elif "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
    device=cuda
else
    echo "there is no CUDA GPU here that $python's torch can use; --dry-run tries the script" >&2
    exit 3
fi

out="${OUT:-runs/gpu}" work="${WORK:-runs/gpu-work}" total="$(awk -v m="$minutes" 'BEGIN { print int(60 * m) }')"
mkdir -p "$out" "$work"
out="$(cd "$out" && pwd)" work="$(cd "$work" && pwd)"
log="$out/log.txt" table="$work/table.txt"
: >"$table"
deadline=$((SECONDS + total - 10))  # for the table and the files
left() { echo $((deadline - SECONDS)); }
row() { printf '%-8s %-14s %5ss  %s\n' "$1" "$2" "$3" "$4" >>"$table"; }

# limited SECONDS COMMAND...: TERM when the time is up, KILL five seconds later.
limited() { timeout -k 5 "$1" "${@:2}"; }

# A step may take its share of the time that is left for it and those after it.
declare -A share=([tests]=30 [network]=25 [search]=15 [peers]=20 [train]=30)
share_of() {
    local sum=0 name seen=""
    for name in "${steps[@]}"; do
        [ "$name" != "$1" ] || seen=1
        [ -z "$seen" ] || sum=$((sum + share[$name]))
    done
    echo $(($(left) * share[$1] / sum))
}

# step NAME FILE COMMAND...: its output becomes FILE once it has ended well.
failed=0
step() {
    local name=$1 file=$2 limit began=$SECONDS rc
    limit="$(share_of "$name")"
    if [ -s "$out/$file" ]; then row "$name" "done before" 0 "$file"; return; fi
    if [ "$limit" -lt 5 ]; then row "$name" "no time left" 0 ""; return; fi
    echo "== $name" >>"$log"
    limited "$limit" "${@:3}" >"$work/$file" 2>>"$log"
    rc=$?
    if [ $rc -eq 0 ]; then
        mv "$work/$file" "$out/$file"
        row "$name" "done" $((SECONDS - began)) "$(headline "$name" "$out/$file")"
    else
        failed=1
        cat "$work/$file" >>"$log"
        row "$name" "$([ $rc -ge 124 ] && echo 'out of time' || echo "failed ($rc)")" \
            $((SECONDS - began)) "see log.txt"
    fi
}

headline() {
    if [ "$1" = tests ]; then tail -n 1 "$2"; return; fi
    "$python" - "$2" <<'PYTHON'
import json, sys

rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
best = max(rows, key=lambda row: row["value"])
text = f"{best['value']:,.0f} {best['unit']}"
if best["task"] == "evaluations":
    text += f", {best['blocks']}×{best['channels']}, batch {best['batch']}, {best['mode']}"
else:
    text += f", {best['network']}, network {100 * best['network_share']:.0f} % of the time"
    text += "".join(f"; {p['ratio']}× {p['name']}" for p in best["peers"])
print(text, end="")
PYTHON
}

bench() { "$python" -m gokit bench "$@" --device "$device" --json; }
network() {
    if [ -n "$dry" ]; then
        bench network --size 5 --blocks 1 --channels 4 --batch 4 --seconds 0.2 --modes default
        return
    fi
    local shape
    for shape in "6 64" "6 96" "8 128"; do
        bench network --blocks "${shape% *}" --channels "${shape#* }" \
            --batch 1 64 256 1024 4096 --modes default fp32 --seconds 2 || return
    done
    # Compiling takes long, for each batch anew.
    bench network --blocks 6 --channels 64 --batch 256 1024 --modes compiled --seconds 2
}
search() {
    if [ -n "$dry" ]; then
        bench search --size 5 --games 4 --simulations 4 --blocks 1 --channels 4 --seconds 0.2 "$@"
    else
        bench search --games 1024 --simulations 32 --blocks 6 --channels 128 --seconds 10 "$@"
    fi
}
export -f bench network search
export python device dry

# Train for the time left, and bring the network and the curve home whatever happened.
train() {
    local began=$SECONDS run="$work/train" rc options newest seconds
    seconds=$(($(left) - 20))
    if [ -n "$dry" ]; then seconds=3; fi
    if [ "$seconds" -lt 3 ]; then row train "no time left" 0 ""; return; fi
    options=(--run "$run" --device "$device" --no-match --minutes)
    if [ -s "$run/metrics.jsonl" ]; then
        options+=("$(minutes_in_all "$run" "$seconds")" --resume)
    else
        local size=9 start
        [ -z "$dry" ] || size=5
        start="${START:-data/checkpoints/${size}x$size.safetensors}"
        echo '{"games": 512, "simulations": 32, "positions": 16000, "batch_size": 512}' \
            >"$work/train.json"
        [ -z "$dry" ] || echo '{"games": 8, "simulations": 2, "positions": 40, "batch_size": 16}' \
            >"$work/train.json"
        rm -rf "$run"  # one that was stopped before its first iteration ended
        options+=("$(minutes_of "$seconds")" --size "$size" --config "$work/train.json")
        [ "$start" = none ] || options+=(--start-from "$start")
    fi
    echo "== train" >>"$log"
    limited "$(left)" "$python" -m gokit train "${options[@]}" >>"$log" 2>&1
    rc=$?
    newest="$(find "$run/checkpoints" -name '*.safetensors' -printf '%T@ %p\n' 2>/dev/null |
        sort -n | tail -n 1 | cut -d' ' -f2-)"
    if [ -n "$newest" ]; then
        cp "$newest" "$out/final.safetensors"
        cp "${newest%.safetensors}.json" "$out/final.json"
    fi
    [ ! -s "$run/metrics.jsonl" ] || cp "$run/metrics.jsonl" "$out/metrics.jsonl"
    if [ $rc -eq 0 ]; then
        row train "done" $((SECONDS - began)) \
            "$(wc -l <"$out/metrics.jsonl") iterations in all, final.safetensors"
    else
        failed=1
        row train "failed ($rc)" $((SECONDS - began)) "see log.txt"
    fi
}
minutes_of() { awk -v s="$1" 'BEGIN { print s / 60 }'; }
minutes_in_all() {
    "$python" - "$@" <<'PYTHON'
import json, sys

with open(f"{sys.argv[1]}/metrics.jsonl", encoding="utf-8") as lines:
    spent = [json.loads(line)["seconds"] for line in lines][-1]
print((spent + float(sys.argv[2])) / 60)
PYTHON
}

for name in "${steps[@]}"; do
    case "$name" in
        # Without the project's pytest options, which name a plugin that may not be there.
        tests) step tests tests.txt "$python" -m pytest -q -o addopts= -m gpu tests/gpu \
            --deselect tests/gpu/test_run_all.py ;;
        network) step network network.jsonl bash -c network ;;
        search) step search search.jsonl bash -c 'search --no-peers' ;;
        peers)
            if "$python" -c 'import importlib.util as u, sys
sys.exit(not all(map(u.find_spec, ("jax", "pgx", "mctx", "haiku"))))'; then
                step peers peers.jsonl bash -c search
            else
                row peers "not installed" 0 "pgx, mctx, jax and dm-haiku"
            fi ;;
        train) train ;;
    esac
done
{ echo "$device, $minutes minutes, results in $out"; cat "$table"; } | tee -a "$log"
exit $failed
