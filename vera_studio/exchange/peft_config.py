"""PEFT's adapter_config.json, read without believing anything in it.

Which settings there are, and what each does to a layer's output, is in PEFT's own LoraConfig
and VeraConfig: https://github.com/huggingface/peft, as of version 0.21.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from vera_studio.errors import AdapterError
from vera_studio.exchange.peft_names import CONFIG_FILE
from vera_studio.files import read_regular, reason
from vera_studio.recipe import MAX_RANK

_MOST_TOLD = 10  # reasons
# fmt: off
_READ = {  # by this module
    "peft_type", "r", "target_modules", "modules_to_save", "lora_alpha", "use_rslora", "bias",
    "init_lora_weights", "projection_prng_key", "save_projection", "d_initial",
}
_HARMLESS = {  # say nothing of what an adapted linear layer computes once it is trained
    "task_type", "auto_mapping", "peft_version", "base_model_name_or_path", "revision",
    "inference_mode", "exclude_modules", "layers_to_transform", "layers_pattern",
    "runtime_config", "megatron_config", "megatron_core", "qalora_group_size",
    "ensure_weight_tying", "lora_dropout", "loftq_config", "eva_config", "corda_config",
    "lora_ga_config", "vera_dropout", "init_weights",
}
# fmt: on
# These, and true and false, start A and B somewhere and leave the base weights as they are. The
# others known to PEFT 0.21, pissa, olora, corda, loftq and lora_ga, subtract that from them.
_INIT_LORA_WEIGHTS = ("gaussian", "eva", "orthogonal", "mica")
_REASONS = {
    "use_dora": "it is a DoRA, which also scales each row of the weight",
    "rank_pattern": "its layers have different ranks",
    "alpha_pattern": "its layers have different alphas",
    "lora_bias": "it adds a bias to B",
    "fan_in_fan_out": "its weights are the other way round, as those of Conv1D layers",
    "trainable_token_indices": "it holds trained tokens",
    "target_parameters": "it is on parameters, not on layers",
    "layer_replication": "it is for a network with repeated layers",
}


@dataclass(frozen=True)
class PeftConfig:
    """What is to be known of a PEFT folder, besides its tensors."""

    method: Literal["vera", "lora"]
    rank: int
    alpha: float  # of LoRA: what B A is multiplied by, times the rank
    projection_key: int  # of VeRA: the seed of the projections
    stores_projections: bool  # of VeRA
    d_initial: float  # of VeRA
    targets: tuple[str, ...]  # names or ends of names of the layers; empty where not listed
    saved: tuple[str, ...] = ()  # the same of those that were trained whole


def read_config(folder: Path) -> PeftConfig:
    """Read and check the configuration in a PEFT folder.

    Raises:
        AdapterError: there is none, it is damaged, or it is of an adapter that the studio does
            not have; names every reason.
    """
    values = _json_object(folder)
    kind = values.get("peft_type")
    if kind not in ("VERA", "LORA"):
        raise AdapterError(
            f"{folder.name} cannot be used: expected PEFT's LORA or VERA, found {_shown(kind)}."
        )
    found: list[str] = []
    config = _config(values, found)
    found += [
        _REASONS.get(
            key, f"it has {_shown(key)} set to {_shown(value)}, which the studio does not know"
        )
        for key, value in values.items()
        if key not in _READ | _HARMLESS and value not in (None, False) and value not in ([], {}, "")
    ]
    if found:
        more = [f"and {len(found) - _MOST_TOLD:,} more"] if len(found) > _MOST_TOLD else []
        raise AdapterError(
            f"The PEFT adapter {folder.name} cannot be used:\n- "
            + "\n- ".join(found[:_MOST_TOLD] + more)
        )
    return config


def _json_object(folder: Path) -> Mapping[str, Any]:
    path = folder / CONFIG_FILE
    try:
        values = json.loads(read_regular(path))
    except FileNotFoundError as error:
        raise AdapterError(
            f"{folder.name or folder} is not a PEFT folder: there is no {CONFIG_FILE} in it."
        ) from error
    except OSError as error:
        raise AdapterError(f"{path.name} cannot be read: {reason(error)}.") from error
    except (ValueError, RecursionError) as error:
        raise AdapterError(f"{path.name} is damaged or no JSON.") from error
    if not isinstance(values, dict):
        raise AdapterError(f"{path.name} cannot be used: expected a JSON object.")
    return values


def _config(values: Mapping[str, Any], found: list[str]) -> PeftConfig:
    """The settings; what is wrong with them is added to `found`."""
    method: Literal["vera", "lora"] = "vera" if values["peft_type"] == "VERA" else "lora"
    is_vera = method == "vera"
    rank = _whole(values, "r", 256 if is_vera else 8, found)
    if not 1 <= rank <= MAX_RANK:
        found.append(f"its rank r must be from 1 to {MAX_RANK:,}, not {_shown(rank)}")
        rank = 1
    bias = values.get("bias", "none")
    if bias != "none":
        found.append(f"it changes biases too: 'bias' is {_shown(bias)}, not 'none'")
    alpha = float(rank)
    if not is_vera:
        alpha = _alpha(values, rank, found)
        _check_init(values.get("init_lora_weights", True), found)
    return PeftConfig(
        method=method,
        rank=rank,
        alpha=alpha,
        projection_key=_whole(values, "projection_prng_key", 0, found) if is_vera else 0,
        stores_projections=_flag(values, "save_projection", True, found) if is_vera else False,
        d_initial=_number(values, "d_initial", 0.1, found) if is_vera else 0.1,
        targets=_targets(values, found),
        saved=_saved(values, found),
    )


def _alpha(values: Mapping[str, Any], rank: int, found: list[str]) -> float:
    """The alpha of a plain LoRA, whose scale is alpha / rank.

    That of a rank-stabilised one is alpha / sqrt(rank) (arXiv 2312.03732).
    """
    alpha = _number(values, "lora_alpha", 8.0, found)
    return alpha * math.sqrt(rank) if _flag(values, "use_rslora", False, found) else alpha


def _check_init(value: object, found: list[str]) -> None:
    if not isinstance(value, bool) and value not in _INIT_LORA_WEIGHTS:
        found.append(
            f"it was started with {_shown(value)}, which changes the network's own weights; let "
            "PEFT convert it to a plain LoRA when it saves it "
            "(path_initial_model_for_weight_conversion)"
        )


def _targets(values: Mapping[str, Any], found: list[str]) -> tuple[str, ...]:
    """Names in a plain list of layers.

    A regular expression is not evaluated, for one from elsewhere can take forever; nor does a
    list say all where other settings leave layers out. The tensors tell the layers then.
    """
    targets = values.get("target_modules")
    if isinstance(targets, list) and all(isinstance(target, str) for target in targets):
        narrowed = ("exclude_modules", "layers_to_transform")
        return () if any(values.get(key) for key in narrowed) else tuple(targets)
    if targets is not None and not isinstance(targets, str):
        found.append("'target_modules' must be a text or a list of texts")
    return ()


def _saved(values: Mapping[str, Any], found: list[str]) -> tuple[str, ...]:
    """Names in the list of layers that were trained whole."""
    names = values.get("modules_to_save") or []
    if isinstance(names, list) and all(isinstance(name, str) and name for name in names):
        return tuple(names)
    found.append("'modules_to_save' must be a list of texts")
    return ()


def _whole(values: Mapping[str, Any], key: str, default: int, found: list[str]) -> int:
    value = values.get(key, default)
    if type(value) is not int:
        found.append(f"{key!r} must be a whole number, not {_shown(value)}")
        return default
    return value


def _number(values: Mapping[str, Any], key: str, default: float, found: list[str]) -> float:
    value = values.get(key, default)
    if type(value) not in (int, float) or not abs(value) < 1e6:
        found.append(f"{key!r} must be a number of reasonable size, not {_shown(value)}")
        return default
    return float(value)


def _flag(values: Mapping[str, Any], key: str, default: bool, found: list[str]) -> bool:
    value = values.get(key, default)
    if not isinstance(value, bool):
        found.append(f"{key!r} must be true or false, not {_shown(value)}")
        return default
    return value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"
