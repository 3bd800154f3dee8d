"""Weights of a network out of files as training scripts leave them, believing nothing in them."""

import functools
import itertools
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from vera_studio.errors import Cancelled, ModelError, ShouldStop, never_stop
from vera_studio.models.pickle_reader import Opaque
from vera_studio.models.stored import DTYPES, Stored
from vera_studio.models.weights_file import opened
from vera_studio.wording import first_of, shortened

_MOST_LISTED = 5
_DEEPEST = 3  # tables in each other that a state dict is looked for in
_MOST_TABLES = 100  # that are tried
MOST_CLASSES = 100_000  # that a last layer is made for
_MOST_PREFIXES = 8  # in front of a name, such as "_orig_mod.module."
# Under these a state dict is usually saved; of several that fit, the first of these is taken.
_KEYS = (
    *("state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights"),
    *("params", "module", "state_dict_ema", "ema_state_dict", "model_ema", "params_ema", "ema"),
)


def nothing_unused() -> Collection[str]:
    """For networks that use all of their parameters."""
    return ()


def as_it_is(name: str) -> str | None:
    """For networks whose files have the names that they have."""
    return name


def load_weights(
    network: nn.Module,
    path: Path,
    unused: Callable[[], Collection[str]] = nothing_unused,
    should_stop: ShouldStop = never_stop,
    own_name: Callable[[str], str | None] = as_it_is,
) -> tuple[str, ...]:
    """Copy the weights in `path` into `network`; on an error `network` stays as it was.

    Takes safetensors files and what torch.save wrote, by their content: a state dict, bare or
    somewhere in what a training script saved with it, from any device, with or without a prefix
    that all names have, such as DataParallel's "module.".

    Args:
        network: to be filled, on the CPU.
        path: the file.
        unused: gives the names of parameters that play no part in what the network computes;
            the file may lack these, and they become zeros.
        should_stop: asked again and again.
        own_name: what a tensor of the file is called in the network; None for no part of it.

    Returns:
        What the user should know of how the file was taken, a sentence each, without its name.

    Raises:
        ModelError: says what the file is instead, or which layers and shapes differ.
        Cancelled: `should_stop` said so.
    """
    with opened(path, should_stop) as content:
        found = _candidates(content, network, unused, own_name)
        if not found:
            raise ModelError(_no_state_dict(path.name, content))
        fitting = [one for one in found if not one.problems]
        if not fitting:
            closest = min(found, key=lambda one: one.distance)
            lines = "\n".join(f"- {line}" for line in closest.problems)
            where = f", under {closest.key}," if closest.key else ""
            raise ModelError(f"{path.name}{where} does not fit this network:\n{lines}")
        state = _read(fitting[0], network, path.name, should_stop)
    whole = network.state_dict()  # knows of the versions of layers, which MNASNet asks for
    whole.update(state)
    network.load_state_dict(whole)
    return tuple(_notes(fitting, network))


def stored_classes(
    path: Path,
    network: nn.Module,
    head: str,
    should_stop: ShouldStop = never_stop,
    own_name: Callable[[str], str | None] = as_it_is,
) -> int | None:
    """How many outputs the last layer has in a file of weights.

    Args:
        path: the file.
        network: the one that it is for, whose last layer may be of another size.
        head: full name of that layer.
        should_stop, own_name: as for `load_weights`.

    Returns:
        Its outputs, or None where the file has no such layer, or one that cannot be right.

    Raises:
        ModelError: the file is none of weights.
        Cancelled: `should_stop` said so.
    """
    with opened(path, should_stop) as content:
        found = _candidates(content, network, nothing_unused, own_name)
    name = f"{head}.weight"
    if not found:
        return None
    stored = min(found, key=lambda one: one.distance).tensors.get(name)
    expected = network.get_parameter(name).shape
    if stored is None or stored.shape[1:] != tuple(expected[1:]):
        return None
    return stored.shape[0] if 1 <= stored.shape[0] <= MOST_CLASSES else None


@dataclass(frozen=True)
class _Candidate:
    """One state dict in the file, as it would be taken."""

    key: str  # where in the file; empty for the whole
    prefix: str  # that was taken off all names
    tensors: dict[str, Stored]  # of the network
    lacking: tuple[str, ...]  # names that play no part
    passed_over: tuple[str, ...]  # counters that the network has not
    problems: tuple[str, ...]
    distance: int  # how many names there are problems with


def _candidates(
    content: Any,
    network: nn.Module,
    unused: Callable[[], Collection[str]],
    own_name: Callable[[str], str | None],
) -> list[_Candidate]:
    """The state dicts in the file; of several, the likelier first."""
    expected, unused = network.state_dict(), functools.cache(unused)
    tables = itertools.islice(_tables(content, (), set()), _MOST_TABLES)
    found = [_candidate(key, tensors, expected, unused, own_name) for key, tensors in tables]

    def likelihood(one: _Candidate) -> tuple[int, int]:
        last = one.key.rpartition(".")[2]
        return (_KEYS.index(last) if last in _KEYS else len(_KEYS), one.key.count("."))

    return sorted(found, key=likelihood)


def _tables(
    content: Any, keys: tuple[str, ...], seen: set[int]
) -> Iterator[tuple[str, dict[str, Stored]]]:
    """Every table of tensors in what a file holds, once, with the keys that lead to it."""
    if not isinstance(content, dict) or id(content) in seen:
        return
    seen.add(id(content))
    tensors = {name: value for name, value in content.items() if isinstance(value, Stored)}
    if tensors:
        yield ".".join(keys), tensors
    if len(keys) < _DEEPEST:
        for name, value in content.items():
            yield from _tables(value, (*keys, shortened(name)), seen)


def _candidate(
    key: str,
    stored: Mapping[str, Stored],
    expected: Mapping[str, torch.Tensor],
    unused: Callable[[], Collection[str]],
    own_name: Callable[[str], str | None],
) -> _Candidate:
    prefix, named = _without_prefix(stored, expected)
    named = {own: one for name, one in named.items() if (own := own_name(name)) is not None}
    unknown = [name for name in named if name not in expected]
    passed_over = [name for name in unknown if _counts(named[name])]
    missing = [name for name in expected if name not in named]
    idle = unused() if missing and len(missing) < len(expected) else ()
    lacking = [name for name in missing if name in idle]
    shared = {name: named[name] for name in expected if name in named}
    lines = [
        ("missing: ", [name for name in missing if name not in lacking]),
        ("not part of the network: ", [name for name in unknown if name not in passed_over]),
        ("", [text for name in shared if (text := _mismatch(name, shared[name], expected[name]))]),
    ]
    return _Candidate(
        key,
        prefix,
        shared,
        tuple(lacking),
        tuple(passed_over),
        tuple(text + first_of(names, _MOST_LISTED) for text, names in lines if names),
        sum(len(names) for _, names in lines),
    )


def _without_prefix(
    stored: Mapping[str, Stored], expected: Mapping[str, torch.Tensor]
) -> tuple[str, dict[str, Stored]]:
    """The tensors without the prefix that all names have, where more are the network's then.

    Counters, which averaging adds outside of the network, need not have it.
    """
    weights = [name for name, tensor in stored.items() if not _counts(tensor)]
    best, most, prefix = "", sum(name in expected for name in weights), ""
    for _ in range(_MOST_PREFIXES):
        heads = {name[len(prefix) :].partition(".")[:2] for name in weights}
        if len(heads) != 1 or "" in (head := heads.pop()):
            break
        prefix += "".join(head)
        known = sum(name[len(prefix) :] in expected for name in weights)
        if known > most:
            best, most = prefix, known
    return best, {name.removeprefix(best): tensor for name, tensor in stored.items()}


def _counts(tensor: Stored) -> bool:
    """Whether a tensor is of whole numbers: bookkeeping, not weights."""
    return tensor.kind in DTYPES and not DTYPES[tensor.kind].is_floating_point


def _mismatch(name: str, stored: Stored, expected: torch.Tensor) -> str:
    """Why a tensor cannot be taken for the network's; empty where it can."""
    whole = not expected.is_floating_point()
    wanted = str(expected.dtype).removeprefix("torch.")
    known = stored.kind in DTYPES and stored.storage is not None
    if known and stored.shape != tuple(expected.shape):
        return f"{name} has shape {stored.shape}, expected {tuple(expected.shape)}"
    if known and (_counts(stored) != whole or (whole and stored.kind != wanted)):
        return f"{name} holds {stored.kind} numbers, expected {wanted}"
    problem = stored.problem()
    return f"{name} {problem}" if problem else ""


def _read(
    chosen: _Candidate, network: nn.Module, name: str, should_stop: ShouldStop
) -> dict[str, torch.Tensor]:
    """The chosen tensors as the network has them."""
    state, not_finite = {}, []
    for key, expected in network.state_dict().items():
        if should_stop():
            raise Cancelled
        if key in chosen.lacking:
            state[key] = torch.zeros_like(expected)
            continue
        try:
            state[key] = chosen.tensors[key].read().to(expected.dtype)
        except ModelError as error:
            raise ModelError(f"{name} cannot be opened: {error}") from error
        if not bool(state[key].isfinite().all()):  # now, for a larger type holds larger numbers
            not_finite.append(key)
    if not_finite:
        raise ModelError(
            f"{name} does not fit this network:\n- not made of finite numbers: "
            f"{first_of(not_finite, _MOST_LISTED)}"
        )
    return state


def _notes(fitting: list[_Candidate], network: nn.Module) -> Iterator[str]:
    """Short ones, for they stand behind the name of the file in one line."""
    taken = fitting[0]
    if len(fitting) > 1:
        first, *others = [one.key or "the file itself" for one in fitting]
        yield f"Of several that fit, {first} was taken; there are also {first_of(others)}."
    if taken.prefix:
        yield f"The prefix {taken.prefix} of all names was taken off."
    if taken.lacking:
        layers = dict.fromkeys(name.rpartition(".")[0] or name for name in taken.lacking)
        yield f"It lacks {first_of(list(layers), _MOST_LISTED)}, which the network does not use."
    if taken.passed_over:
        listed = first_of(taken.passed_over, _MOST_LISTED)
        yield f"Passed over: {listed}, which the network does not have and which only counts."
    own = {str(p.dtype).removeprefix("torch.") for p in network.parameters()}
    kinds = sorted({t.kind for t in taken.tensors.values() if not _counts(t)} - own)
    if kinds:
        yield f"Its {', '.join(kinds)} numbers became {', '.join(sorted(own))}."


def _no_state_dict(name: str, content: Any) -> str:
    if isinstance(content, Opaque):
        what = shortened(content.kind.rpartition(".")[2])
        return (
            f"{name} holds more than tensors: a whole {what}, which would need its program, so it "
            "was not opened. Save the weights alone: torch.save(model.state_dict(), path)."
        )
    kind = {dict: "a table", list: "a list", tuple: "a list", Stored: "one tensor"}
    keys = f" with {first_of(list(content), 8)}" if isinstance(content, dict) and content else ""
    return (
        f"{name} holds {kind.get(type(content), 'a value')}{keys}, not a state dict of named "
        "tensors."
    )
