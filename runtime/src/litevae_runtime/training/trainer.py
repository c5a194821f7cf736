"""The loop of a run: phases, steps, what is seen of them, checkpoints, and the end."""

from collections.abc import Collection, Generator, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import replace
from enum import Enum
from pathlib import Path

import torch
from accelerate import Accelerator

from ..common.device import peak_memory_gb
from ..common.errors import InputError
from ..common.run_folder import DIVERGED
from ..common.signals import StopSignals
from ..common.text import first_line
from ..data.corrupt import CorruptLog, has_unread
from ..data.sets import Batch, Split
from ..losses.reconstruction import ReconstructionLosses
from ..nn.builders import Builders
from ..nn.image_autoencoder import ImageAutoencoder
from ..nn.stored import WEIGHTS
from ..recipe.fields import Recipe
from ..recipe.rules import check_rules
from ..running.together import together
from .build import build, compiler_errors, declare
from .checkpoint import Checkpoints
from .discriminator_health import DiscriminatorHealth
from .loading import Loading
from .monitor import Monitor
from .networks import build_perceptual, check_terms
from .opening import open_folder
from .pace import Pace
from .result import write_result
from .saving import Saving, anywhere
from .schedule import At, Due, Schedule
from .sizes import check_sizes
from .snapshot import State, read_snapshot, read_state
from .starts import record_end, record_start
from .step import StepResult, TrainingStep
from .teaching import teaching_of
from .validation import Validation


class Outcome(Enum):
    FINISHED = "finished"
    # By a signal; a checkpoint is written.
    STOPPED = "stopped"
    # By a signal, and the checkpoint could not be written.
    UNSAVED = "stopped without a checkpoint"
    # By too many steps in a row that were not finite; the newest checkpoint is from before them.
    DIVERGED = "diverged"


class Trainer:
    """A run of a recipe over images. Building one costs memory and touches no file.

    `resumed_keys` are those of a checkpoint's weights, which replace the weights to start from.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        recipe: Recipe,
        split: Split,
        run: Path,
        model: type[ImageAutoencoder],
        networks: Builders,
        compiled: bool = False,
        resumed_keys: Collection[str] | None = None,
    ) -> None:
        self.accelerator = accelerator
        self.recipe = recipe
        self.run_folder = run
        self.schedule = Schedule(recipe)
        self.checkpoints = Checkpoints(run, recipe.checkpoints.keep)
        self.loading = Loading(accelerator, recipe, split)
        for phase in recipe.phases:
            self.loading.micro_batch(phase.batch)
        check_rules(recipe)
        notes = check_terms(recipe, model)
        teaching = teaching_of(accelerator, recipe, model)
        check_sizes(recipe, model, networks)
        torch.set_float32_matmul_precision("high" if recipe.train.tf32 else "highest")
        torch.backends.cudnn.allow_tf32 = recipe.train.tf32
        self.perceptual = build_perceptual(networks, recipe, model.image_channels)
        if self.perceptual is not None:
            self.perceptual.to(accelerator.device)
        self.networks, self.optimizers, self.notes = build(
            accelerator, recipe, model, networks, teaching, compiled, resumed_keys
        )
        self.notes += notes
        losses = ReconstructionLosses(recipe, self.perceptual)
        self.step = TrainingStep(accelerator, recipe, self.networks, self.optimizers, losses)
        self.validation = Validation(
            accelerator, recipe, self.loading, self.networks, self.perceptual, self.checkpoints
        )
        self.saving = Saving(accelerator, self.checkpoints, self.networks, self.optimizers)
        # Whether a checkpoint was written that no finite step has followed yet.
        self._unpruned = True
        self.state = State(step=0, model=self.networks.autoencoder.name, teacher=teaching.sha256)
        # Dropout differs between processes.
        torch.manual_seed(recipe.seed + 1 + accelerator.process_index)

    def resume(self, folder: Path) -> None:
        """Takes everything from a checkpoint: the run goes on as if nothing had happened."""
        with together(self.accelerator):
            state = read_state(
                folder, self.networks.autoencoder.name, self.schedule.steps, self.state.teacher
            )
            self.notes += read_snapshot(folder, state, self.accelerator, self.networks, self.optimizers)
            for each in (self.networks.autoencoder, self.networks.average):
                if each is not None:
                    declare(each, self.recipe, self.networks.teaching)
            # A run that ended for too many skipped steps in a row gets as many again.
            self.state = replace(state, skipped_in_a_row=0)
        self.notes.append(f"resumed from {folder}: step {self.state.step} of {self.schedule.steps}")

    def train(self) -> Outcome:
        """Runs to the end of the recipe, or until a signal or numbers that are not finite stop it."""
        with together(self.accelerator):
            if self.accelerator.is_main_process:
                self.notes += open_folder(self.run_folder, self.checkpoints, self.recipe, self.state.step)
        self.notes += record_start(self.accelerator, self.run_folder, self.state.step, self.loading.split)
        corrupt = CorruptLog(
            self.run_folder,
            self.recipe.data.corrupt_share,
            self.accelerator.process_index,
            epoch=len(self.loading.split.training),
        )
        monitor = Monitor(self.accelerator, self.run_folder, self.schedule.steps, self.state.step)
        try:
            for note in self.notes:
                monitor.say(note)
            with together(self.accelerator):
                monitor.start_trackers(self.recipe)
            with StopSignals() as signals, compiler_errors():
                outcome = self._loop(monitor, corrupt, signals)
            if outcome is Outcome.FINISHED:
                self._finish(monitor)
            self.accelerator.end_training()
            ended = outcome.value
            return outcome
        except BaseException as error:
            ended = f"{type(error).__name__}: {first_line(error)}"
            raise
        finally:
            monitor.close()
            with suppress(OSError):
                record_end(self.accelerator, self.run_folder, self.state.step, ended)

    def _loop(self, monitor: Monitor, corrupt: CorruptLog, signals: StopSignals) -> Outcome:
        health = DiscriminatorHealth(self.recipe.adversarial.loss)
        pace = Pace()
        # Loading processes end with their generator, however the loop is left.
        with closing(self._steps()) as steps:
            for at, loaded in steps:
                # What could not be loaded for want of time is nothing to learn of the images, nor a step to leave out.
                cut_short = signals.received is not None and any(
                    has_unread(each["corrupt"]) for each in loaded
                )
                if cut_short and self.accelerator.num_processes == 1:
                    return self._stopped(monitor, signals, self.saving.save(monitor, self.state, None))
                refusal = None if cut_short else self._note_corrupt(corrupt, loaded)
                due = self.schedule.due(at)
                result = self.step(loaded, at, due.log)
                self._count(result, corrupt.count)
                pace.add(at.phase.batch)
                monitor.advance()
                self._tell(monitor, health, at, result, due, pace)
                diverges = self.state.skipped_in_a_row >= self.recipe.train.nonfinite_limit
                stops, refused = anywhere(self.accelerator, signals.received is not None, refusal is not None)
                with pace.apart():
                    best = None if diverges or refused else self.validation(monitor, corrupt, at, due)
                    saved = True
                    if due.checkpoint or best is not None or stops or diverges or refused:
                        saved = self._unpruned = self.saving.save(monitor, self.state, best)
                with together(self.accelerator) if refused else nullcontext():
                    if refusal is not None:
                        raise refusal
                if stops:
                    return self._stopped(monitor, signals, saved)
                if diverges:
                    return self._diverged()
        if self.state.skipped_in_a_row > 0 and not self.validation.finite:
            return self._diverged()
        self._prune()
        return Outcome.FINISHED

    def _stopped(self, monitor: Monitor, signals: StopSignals, saved: bool) -> Outcome:
        monitor.say(f"stopped by {signals.received or 'a signal to another process'}")
        return Outcome.STOPPED if saved else Outcome.UNSAVED

    def _note_corrupt(self, corrupt: CorruptLog, loaded: Sequence[Batch]) -> InputError | None:
        """Why the images of this step are too bad to go on with; the run ends after the step, with a checkpoint."""
        refusal = None
        for each in loaded:
            try:
                corrupt.add(each["corrupt"], seen=len(each["image"]))
            except InputError as error:
                refusal = error
        return refusal

    def _prune(self) -> None:
        self._unpruned = False
        if self.accelerator.is_main_process:
            self.checkpoints.prune()

    def _diverged(self) -> Outcome:
        """Puts aside the checkpoints whose weights have given no finite numbers, so that the newest is good."""
        if self.accelerator.is_main_process:
            self.checkpoints.put_aside_after(self.state.last_good, DIVERGED)
        self.accelerator.wait_for_everyone()
        return Outcome.DIVERGED

    def _steps(self) -> Generator[tuple[At, list[Batch]]]:
        """From where the run is to its end, phase by phase."""
        while self.state.step < self.schedule.steps:
            begin = self.schedule.at(self.state.step)
            passes = self.loading.steps(begin, self.schedule)
            yield from zip(self.schedule.from_step(begin.step), passes, strict=False)

    def _count(self, result: StepResult, corrupt: int) -> None:
        trouble = result.skipped and not result.scaling
        if self._unpruned and not result.skipped:
            # The weights of the newest checkpoint have given finite numbers: older ones may go.
            self._prune()
        self.state = replace(
            self.state,
            last_good=self.state.last_good if result.skipped else self.state.step,
            step=self.state.step + 1,
            skipped=self.state.skipped + result.skipped,
            skipped_in_a_row=self.state.skipped_in_a_row + 1 if trouble else 0,
            corrupt=corrupt,
        )

    def _tell(
        self,
        monitor: Monitor,
        health: DiscriminatorHealth,
        at: At,
        result: StepResult,
        due: Due,
        pace: Pace,
    ) -> None:
        done = self.state.step
        if result.skipped and not result.scaling:
            monitor.say(
                f"warning: step {done} is skipped, its loss or a gradient is not finite: "
                f"{self.state.skipped_in_a_row} in a row, {self.state.skipped} in all"
            )
        if not due.log:
            return
        more = {
            "learning_rate": at.learning_rate,
            "images": at.position + at.phase.batch,
            "images_per_second": pace.take(),
            "memory_gb": peak_memory_gb(self.accelerator.device),
            "skipped": self.state.skipped,
            "corrupt": self.state.corrupt,
        }
        monitor.log(done, at.phase.name, result.metrics | more)
        if "discriminator" in result.metrics:
            names = ("real_logit", "fake_logit", "discriminator")
            warning = health.update(*(result.metrics[name] for name in names))
            if warning is not None:
                monitor.say(f"warning: step {done}: {warning}")

    def _finish(self, monitor: Monitor) -> None:
        with together(self.accelerator):
            if self.accelerator.is_main_process:
                self.saving.require_held()
                latents = write_result(
                    self.accelerator, self.networks, self.loading, self.recipe, self.run_folder
                )
                monitor.say(
                    f"wrote {self.run_folder / WEIGHTS}; latents: scaling_factor {latents.scaling_factor:.5f}, "
                    f"shift_factor {latents.shift_factor:.5f}"
                )
