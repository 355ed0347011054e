#!/bin/bash
# Paints a folder of label maps as an array of eight tasks, each an eighth of it:
#   sbatch slurm-array.sh CHECKPOINT LABELS OUT [more options of generate, such as --instances DIR]
# A task that was stopped is put into the queue again and goes on with the pictures that are not there yet.
#SBATCH --job-name=pix2pixhd-generate
#SBATCH --array=0-7
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=4
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --output=generate-%A-%a.log
set -euo pipefail

if [ $# -lt 3 ]; then
  echo "usage: sbatch slurm-array.sh CHECKPOINT LABELS OUT [options of generate]" >&2
  exit 2
fi
checkpoint=$1 labels=$2 out=$3
shift 3

# Slurm numbers the tasks of an array from SLURM_ARRAY_TASK_MIN; shards are numbered from 0.
shard=$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN))

# A checkout is used by PIX2PIXHD="node /path/to/dist/cli/main.js".
exec ${PIX2PIXHD:-pix2pixhd} generate --checkpoint "$checkpoint" --labels "$labels" --out "$out" \
  --shard "$shard/$SLURM_ARRAY_TASK_COUNT" --skip-existing "$@"
