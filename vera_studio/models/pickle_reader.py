"""Reads the pickles in files of torch's without ever calling what they name.

A pickle is a program: it names functions and says what to call them with. Here nothing that a
file names is looked up, let alone called: what torch writes for a tensor becomes a `Stored`,
tables and lists become those, and all else an `Opaque` that only has a name. So files that
hold more than weights open too, and none can do anything.

The instructions: https://github.com/python/cpython/blob/main/Lib/pickletools.py. What torch
writes: torch/_utils.py (the functions _rebuild_...), torch/serialization.py.
"""

import itertools
import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from vera_studio.errors import Cancelled, ModelError, ShouldStop
from vera_studio.models.stored import Storage, Stored, sizes

MAX_STEPS = 500_000  # a checkpoint of 1,000 layers with its optimizer has some 200,000
DAMAGED = "it was cut off or changed on its way"
_ASK_EVERY = 10_000  # steps
_MAX_NAME = 1000  # characters
_MAX_WRAPPED = 100  # calls that name another to be made; of torch's own there is one
_STORAGE_KINDS = {
    **{"FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16"},
    **{"BFloat16Storage": "bfloat16", "LongStorage": "int64", "IntStorage": "int32"},
    **{"ShortStorage": "int16", "CharStorage": "int8", "ByteStorage": "uint8"},
    **{"BoolStorage": "bool", "UntypedStorage": "uint8", "ComplexFloatStorage": "complex64"},
}
_WRAPPER = "torch._tensor._rebuild_from_type_v2"  # of a subclass; names what makes the tensor
_TABLES = ("collections.OrderedDict", "builtins.dict", "collections.defaultdict")
_CONSTANTS = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE"),
    *("BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}
_VALUES: dict[str, Callable[[], Any]] = {
    **{"NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False},
    **{"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple},
    "EMPTY_SET": lambda: Opaque("set"),
}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_BROKEN = (
    *(ValueError, IndexError, KeyError, TypeError, AttributeError),
    *(OverflowError, RecursionError),
)
# torch gives a storage's key, kind, number of elements and, in old files, the part of another.
FindStorage = Callable[[str, str, int, object], Storage]


@dataclass(frozen=True, eq=False)
class Name:
    """A class or function that a pickle names."""

    full_name: str


@dataclass(frozen=True, eq=False)
class Opaque:
    """A thing that is no table, list, text, number or tensor."""

    kind: str  # the full name of its class, or what it is in a word


@dataclass(frozen=True, eq=False)
class _TypedStorage:
    kind: str
    storage: Storage


def read(file: BinaryIO, find_storage: FindStorage, should_stop: ShouldStop) -> Any:
    """What one pickle holds, from where `file` is to behind its end.

    Raises:
        ModelError: it is damaged, or without end.
        Cancelled: `should_stop` said so.
    """
    machine = _Machine(find_storage)
    try:
        for step, (opcode, argument, _) in enumerate(pickletools.genops(file)):
            if step >= MAX_STEPS:
                raise ModelError("it has more parts than any file of weights")
            if step % _ASK_EVERY == 0 and should_stop():
                raise Cancelled
            machine.do(opcode.name, argument)
        return machine.stack.pop()
    except _BROKEN as error:
        raise ModelError(DAMAGED) from error


class _Machine:
    """A pickle's stack, and what its instructions do to it."""

    def __init__(self, find_storage: FindStorage) -> None:
        self.stack: list[Any] = []
        self._marks: list[list[Any]] = []  # the stacks below each mark
        self._memo: dict[int, Any] = {}
        self._find_storage = find_storage

    def do(self, name: str, argument: Any) -> None:
        """Do one instruction."""
        stack = self.stack
        if name in _CONSTANTS:
            stack.append(argument)
        elif name in _VALUES:
            stack.append(_VALUES[name]())
        elif name in ("GLOBAL", "INST"):
            stack.append(Name(str(argument).replace(" ", ".", 1)))
            if name == "INST":
                self._pop_mark()
        elif name == "STACK_GLOBAL":
            last, module = stack.pop(), stack.pop()
            if len(module) + len(last) > _MAX_NAME:  # a long text may be taken again and again
                raise ValueError
            stack.append(Name(module + "." + last))
        elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
            self._memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(self._memo[argument])
        elif name == "MARK":
            self._marks.append(stack)
            self.stack = []
        elif name in _TUPLES:
            count = _TUPLES[name]
            if len(stack) < count:
                raise IndexError
            stack[-count:] = [tuple(stack[-count:])]
        else:
            self._do_rarer(name, argument)

    def _do_rarer(self, name: str, argument: Any) -> None:
        stack = self.stack
        if name in _COLLECTIONS:
            items = self._pop_mark()
            self.stack.append(_COLLECTIONS[name](items))
        elif name in ("SETITEM", "APPEND"):
            count = 2 if name == "SETITEM" else 1
            items = [stack.pop() for _ in range(count)][::-1]
            _add(self.stack[-1], items)
        elif name in ("SETITEMS", "APPENDS", "ADDITEMS"):
            items = self._pop_mark()
            _add(self.stack[-1], items)
        elif name in ("REDUCE", "NEWOBJ"):
            arguments = stack.pop()
            stack[-1] = _made(stack[-1], arguments)
        elif name == "NEWOBJ_EX":
            del stack[-2:]
            stack[-1] = _made(stack[-1], ())
        elif name == "BUILD":
            stack.pop()  # attributes: none of a state dict's own is of interest
        elif name in ("BINPERSID", "PERSID"):
            stack.append(self._storage(argument if name == "PERSID" else stack.pop()))
        elif name == "OBJ":
            items = self._pop_mark()
            self.stack.append(_made(items[0], tuple(items[1:])))
        elif name == "POP":
            stack.pop()
        elif name == "POP_MARK":
            self._pop_mark()
        elif name == "DUP":
            stack.append(stack[-1])
        elif name not in ("PROTO", "FRAME", "STOP"):
            raise ValueError(name)

    def _pop_mark(self) -> list[Any]:
        items, self.stack = self.stack, self._marks.pop()
        return items

    def _storage(self, key: Any) -> Any:
        """The storage that torch names so: ("storage", class, key, device, elements[, part])."""
        if not isinstance(key, tuple) or len(key) < 5 or key[0] != "storage":
            return Opaque("reference")
        _, kind, name, _, elements, *part = key
        ending = kind.full_name.rpartition(".")[2] if isinstance(kind, Name) else ""
        kind = _STORAGE_KINDS.get(ending, ending or "unknown")
        if not isinstance(name, str) or type(elements) is not int or not 0 <= elements < 2**48:
            raise ValueError
        return _TypedStorage(kind, self._find_storage(name, kind, elements, (*part, None)[0]))


def _made(function: Any, arguments: Any) -> Any:
    """What calling `function` would have made, as far as it is of interest."""
    for _ in range(_MAX_WRAPPED):
        if not isinstance(function, Name) or function.full_name != _WRAPPER:
            break
        function, arguments = arguments[0], arguments[2]
    else:
        raise ValueError("calls lie too deep in each other")
    if not isinstance(function, Name) or not isinstance(arguments, tuple):
        return Opaque("object")
    name = function.full_name
    if name in _TABLES:
        pairs = arguments[0] if arguments and isinstance(arguments[0], list) else []
        if not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs):
            raise ValueError
        return _table(list(itertools.chain.from_iterable(pairs)))
    if name in ("torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state"):
        return arguments[0]
    if name == "torch.nn.parameter.Parameter" and arguments:
        return arguments[0]
    if name == "torch.Size":
        return arguments[0]
    return _tensor(name.removeprefix("torch._utils._rebuild_"), arguments) or Opaque(name)


def _tensor(how: str, arguments: tuple[Any, ...]) -> Stored | None:
    """The tensor that torch's function _rebuild_`how` makes; None where that makes none."""
    if how in ("sparse_tensor", "sparse_csr_tensor", "nested_tensor", "qtensor"):
        kind = {"qtensor": "quantized", "nested_tensor": "nested"}.get(how, "sparse")
        return Stored(kind, (), (), 0, None)
    if how == "meta_tensor_no_storage":
        dtype, shape, stride = arguments[:3]
        return Stored(_dtype(dtype), _sizes(shape), _sizes(stride), 0, None)
    if how not in ("tensor", "tensor_v2", "tensor_v3"):
        return None
    typed, offset, shape, stride = arguments[:4]
    if not isinstance(typed, _TypedStorage) or type(offset) is not int:
        raise ValueError
    kind = _dtype(arguments[6]) if how == "tensor_v3" else typed.kind
    return Stored(kind, _sizes(shape), _sizes(stride), offset, typed.storage)


def _dtype(name: Any) -> str:
    return name.full_name.removeprefix("torch.") if isinstance(name, Name) else "unknown"


def _sizes(value: object) -> tuple[int, ...]:
    found = sizes(value)
    if found is None:
        raise ValueError
    return found


def _add(target: Any, items: list[Any]) -> None:
    if isinstance(target, dict):
        target.update(_table(items))
    elif isinstance(target, list):
        target.extend(items)


def _table(items: list[Any]) -> dict[str, Any]:
    """Key, value, key, value ... as a table; keys that are no texts are left out.

    The hash of anything else may never come to an end: of tuples of tuples, for instance.
    """
    pairs = zip(items[::2], items[1::2], strict=True)
    return {key: value for key, value in pairs if isinstance(key, str)}


_COLLECTIONS: dict[str, Callable[[list[Any]], Any]] = {
    **{"TUPLE": tuple, "LIST": list, "DICT": _table},
    "FROZENSET": lambda items: Opaque("set"),
}
