"""The projections: reference in plain Python, pinned bits, statistics, speed of a large rank."""

import math
import struct
import time

import pytest
import torch

from vera_studio.adapters.projections import digest, make_pair
from vera_studio.recipe import MAX_RANK, MAX_SEED

# A whole, the first row of B, and the digest of make_pair(2, 3, 4, 2024). Never to change:
# adapter files rest on these bits.
GOLDEN_A = [
    "0x1.a2f2080000000p-1",
    "-0x1.58f5640000000p+0",
    "0x1.68738c0000000p-1",
    "0x1.bc833a0000000p-5",
    "-0x1.92aa460000000p-2",
    "-0x1.5ff2860000000p+0",
]
GOLDEN_B_FIRST_ROW = ["0x1.37b2080000000p+0", "0x1.9de51e0000000p+0"]
GOLDEN_DIGEST = "154be6b2c7eef0f3f8cbc6fe50af78c7e7d4f39febd855389007894d8a022f8a"


def philox(seed, counter):
    """Four 64-bit words of Philox 4x64-10 (Salmon et al. 2011), from its definition."""
    key, mask = [seed, 0], 2**64 - 1
    x = list(counter)
    for _ in range(10):
        first, second = 0xD2E7470EE14C6C93 * x[0], 0xCA5A826395121157 * x[2]
        x = [
            second >> 64 ^ x[1] ^ key[0],
            second & mask,
            first >> 64 ^ x[3] ^ key[1],
            first & mask,
        ]
        key = [key[0] + 0x9E3779B97F4A7C15 & mask, key[1] + 0xBB67AE8584CAA73B & mask]
    return x


def reference(matrix, rank, in_features, out_features, seed):
    """The rows of A (matrix 0) or B (matrix 1) as lists of float32 values."""
    rows, columns = ((rank, in_features), (out_features, rank))[matrix]
    words = []
    for block in range(1, math.ceil(rows * columns / 4) + 1):  # NumPy counts before it draws
        words += philox(seed, (block, matrix, rank, in_features * 2**32 + out_features))
    bound = math.sqrt(6 / columns)
    values = [((2 * (word >> 40) + 1) / 2**24 - 1) * bound for word in words]
    values = [struct.unpack("<f", struct.pack("<f", value))[0] for value in values]
    return [values[row * columns : (row + 1) * columns] for row in range(rows)]


@pytest.mark.parametrize(
    ("rank", "in_features", "out_features", "seed"),
    [(1, 1, 1, 0), (3, 5, 4, 7), (2, 7, 1, MAX_SEED), (8, 3, 9, 123_456_789)],
)
def test_equals_the_definition(rank, in_features, out_features, seed):
    pair = make_pair(rank, in_features, out_features, seed)
    assert pair.A.tolist() == reference(0, rank, in_features, out_features, seed)
    assert pair.B.tolist() == reference(1, rank, in_features, out_features, seed)
    assert pair.A.dtype == pair.B.dtype == torch.float32


def test_bits_are_those_of_every_other_machine():
    pair = make_pair(rank=2, fan_in=3, out=4, seed=2024)
    assert [value.hex() for value in pair.A.flatten().tolist()] == GOLDEN_A
    assert [value.hex() for value in pair.B[0].tolist()] == GOLDEN_B_FIRST_ROW
    assert digest([pair]) == GOLDEN_DIGEST


@pytest.mark.parametrize(
    "other", [(2, 3, 4, 1), (3, 3, 4, 0), (2, 4, 4, 0), (2, 3, 5, 0), (2, 4, 3, 0)]
)
def test_every_seed_and_shape_has_its_own_stream(other):
    ours, theirs = make_pair(2, 3, 4, 0), make_pair(*other)
    for mine, its in ((ours.A, theirs.A), (ours.B, theirs.B)):
        scale = math.sqrt(its.shape[1] / mine.shape[1])  # undoes the difference of the bounds
        count = min(mine.numel(), its.numel(), 4)
        unscaled = its.flatten()[:count] * scale
        assert not torch.allclose(mine.flatten()[:count], unscaled)


def test_a_and_b_of_equal_shape_differ():
    pair = make_pair(4, 4, 4, 0)
    assert not torch.allclose(pair.A, pair.B)


def test_is_uniform_within_the_kaiming_bound():
    pair = make_pair(rank=64, fan_in=400, out=300, seed=0)
    for matrix, fan_in in ((pair.A, 400), (pair.B, 64)):
        bound = math.sqrt(6 / fan_in)
        assert 0.99 * bound < matrix.abs().max() <= bound
        assert abs(matrix.mean()) < 0.02 * bound
        # Kaiming's aim: a variance of 2 / fan_in; that of a uniform bound is bound**2 / 3
        assert matrix.var().item() == pytest.approx(2 / fan_in, rel=0.02)


def test_is_not_saved_and_not_trained():
    pair = make_pair(2, 3, 4, 0)
    assert not pair.state_dict()
    assert not list(pair.parameters())


def test_digest_depends_on_every_bit_and_on_the_order():
    first, second = make_pair(2, 3, 4, 0), make_pair(2, 3, 5, 0)
    assert digest([first, second]) != digest([second, first])
    assert digest([first, second, first]) == digest([first, second])
    before = digest([first])
    first.B[3, 1] = torch.nextafter(first.B[3, 1], torch.tensor(9.0))
    assert digest([first]) != before


def test_the_largest_rank_is_made_fast():
    shapes = [(400, 120), (120, 84), (84, 84), (84, 10)]
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        for in_features, out_features in shapes:
            make_pair(MAX_RANK, in_features, out_features, 0)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.1
