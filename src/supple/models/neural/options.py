"""TrainingOptions: how a network is trained. Every network has these settings, whatever its architecture."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

OptimiserName = Literal["soap", "adamw"]
Schedule = Literal["cosine", "plateau"]
CompileChoice = Literal["auto", "always", "never"]


class TrainingOptions(BaseModel):
    """Steps, optimiser, loss, and the rules by which training stops."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: PositiveInt = Field(
        100_000, description="Maximum number of optimisation steps, regardless of the number of frames."
    )
    batch_size: PositiveInt = Field(10, description="Batch size: frames per step.")
    optimiser: OptimiserName = Field(
        "soap", description="SOAP (Adam in the eigenbases of each weight matrix) or plain AdamW."
    )
    learning_rate: PositiveFloat = Field(3e-3, description="Peak learning rate.")
    schedule: Schedule = Field(
        "cosine",
        description="Learning-rate schedule: a cosine decay, or halving at every plateau of the validation error.",
    )
    plateau: PositiveInt = Field(10, description="Validations without improvement that count as a plateau.")
    warmup: NonNegativeInt = Field(200, description="Steps over which the learning rate rises to its peak.")
    weight_decay: NonNegativeFloat = Field(0.01, description="Weight decay, decoupled as in AdamW.")
    ema_decay: float = Field(
        0.995, ge=0, lt=1, description="Decay of the exponential moving average (EMA) of the weights."
    )
    energy_weight: NonNegativeFloat = Field(0.01, description="Weight of the squared energy error in the loss.")
    force_weight: NonNegativeFloat = Field(0.99, description="Weight of the squared force error in the loss.")
    clip: PositiveFloat = Field(10.0, description="Maximum norm of the gradient; larger gradients are scaled down.")
    validate_every: PositiveInt = Field(1000, description="Steps between validations.")
    patience: PositiveInt = Field(40, description="Validations without improvement after which training stops.")
    max_time: PositiveFloat | None = Field(
        None, description="Maximum training time in minutes; the cosine decay is shortened to end with it."
    )
    compile: CompileChoice = Field(
        "auto", description="Whether to compile the training step: always, never, or auto (when it pays off)."
    )
    tensorboard: bool = Field(
        False, description="Also write the metrics for TensorBoard (needs the extra 'tensorboard')."
    )
    start: str | None = Field(
        None,
        description="File of an earlier force field, from whose weights training starts; `supple train --extend` sets it, with fewer steps and a lower rate.",
    )
    device: str = Field("auto", description="Where to train: 'cpu', 'cuda', or 'auto' for a GPU if there is one.")
