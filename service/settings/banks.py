"""How banks change, who may change them, and what is kept."""

from pathlib import Path

from pydantic import Field

from service.settings.part import Part


class RebuilderSettings(Part):
    """The worker that grows banks, and the gates that a bank must pass before it is put in force."""

    group: str = Field(
        default="patchline-rebuilder", description="the consumer group that carries out commands"
    )
    canary_margin_loss: float = Field(
        default=0.2, ge=0, lt=1, description="share of its margin that a canary may lose to one build"
    )
    canary_part_cost: float = Field(
        default=0.01,
        ge=0,
        lt=1,
        description="share of a canary's score that an approved part may take; more needs a second person",
    )
    canary_usual_cost: float = Field(
        default=0.1, ge=0, lt=1, description="the same for a usual part: what such a one costs is chance"
    )
    usual_p: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="a part is usual when more of the known good parts score as high, and at least five do",
    )
    suspicious_multiple: float = Field(
        default=1.5,
        gt=0,
        description="of the defect threshold; an approved part that scores above it needs a second person",
    )
    shadow_frames: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="newest stored frames that a bank must judge before it is put in force; 0 demands none",
    )
    shadow_flips: float = Field(
        default=0.02, ge=0, le=1, description="share of these whose verdict may change; more is refused"
    )
    budget_factor: float = Field(
        default=1.5,
        ge=1,
        description="a bank that grows past so many times its recipe's max_vectors is selected again from "
        "all its parts",
    )
    budget_bytes: int = Field(
        default=2**30,
        ge=1,
        description="of a bank's vectors; one that grows past it is selected again too, down to what leaves "
        "room to grow",
    )


class SigningSettings(Part):
    """Keys (docs/signing.md). Once public keys are set, what is unsigned is refused."""

    public_keys: Path | None = Field(
        default=None,
        description="a folder of public keys, NAME.USE.pub: whom to trust for banks, commands, retention",
    )
    banks_key: Path | None = Field(
        default=None, description="the private key of those who put banks in force: rebuilder and train"
    )
    commands_key: Path | None = Field(default=None, description="the private key of the page's service")
    retention_key: Path | None = Field(default=None, description="the private key of the retention worker")


class RetentionSettings(Part):
    """How long the retention worker leaves frames and heatmaps, by verdict. Parts, canaries and banks are
    copies that it never touches."""

    ok_days: float = Field(default=14.0, gt=0, description="frames and heatmaps of `ok` parts")
    review_days: float = Field(default=90.0, gt=0, description="of parts to be reviewed")
    defect_days: float = Field(default=365.0, gt=0, description="of defects")
    fault_days: float = Field(default=30.0, gt=0, description="of frames that could not be judged")
    upload_days: float = Field(default=7.0, gt=0, description="pictures that were uploaded to teach a line")
    dead_letter_days: float = Field(default=30.0, gt=0, description="bytes too many for their message")
    max_bytes: int = Field(
        default=0,
        ge=0,
        description="of frames and heatmaps; past it the oldest go, ok first, then fault, review and "
        "defect; 0 is no bound",
    )
    every_seconds: float = Field(default=3600.0, gt=0, description="from the end of a sweep to the next")
    price_per_gb_month: float = Field(
        default=0.0, ge=0, description="of the object store, for the page to show what frames cost"
    )
