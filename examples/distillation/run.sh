#!/bin/sh
# From a teacher to an encoder of its latents, on a processor: minutes. What is trained, measured and compiled lies in out/distillation.
# STEPS, where it is given, is how many steps each phase takes.
set -eu
cd "$(dirname "$0")/../.."
out=${OUT:-out/distillation}
litevae=${LITEVAE:-"npx litevae"}
python=${PYTHON:-python}
photos=examples/photos
steps() { for i in $1; do echo "phases.$i.steps=${STEPS:-200}"; done; }

# The teacher: a KL autoencoder, trained on photographs. RUN/diffusers is what diffusers' AutoencoderKL opens.
$litevae compile examples/distillation/teacher.ts -o "$out/packages/teacher" --target torch --recipe examples/distillation/teach.ts
$litevae compile examples/distillation/student.ts -o "$out/packages/student" --target torch --recipe examples/distillation/distil.ts
export PYTHONPATH="$out/packages/teacher:$out/packages/student"
$python -m litevae_teacher.train --cpu --data $photos --output "$out/teacher" --set $(steps 0)

# The student: its encoder learns the teacher's latents, then its decoder to decode them. It is measured before and after.
taught="--data $photos --teacher $out/teacher/diffusers --sizes 64 --metrics psnr"
$python -m litevae_student.evaluate $taught --weights "$out/packages/student" --output "$out/before.json"
$python -m litevae_student.train --cpu --data $photos --output "$out/student" \
  --set teacher.folder="$out/teacher/diffusers" $(steps "0 1")
$python -m litevae_student.evaluate $taught --weights "$out/student" --output "$out/after.json"
