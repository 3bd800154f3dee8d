"""The classifier from means: the textbook discriminant, shrunk and scaled by what is held out."""

import pytest
import torch
import torch.nn.functional as F

from vera_studio.training.class_means import _discriminants, _fitting, classifier_of


def clouds(count, width, classes=3, apart=2.0, seed=0, spread=None):
    """Features (count, width) around a point a class, with labels (count,)."""
    generator = torch.Generator().manual_seed(seed)
    middles = apart * torch.randn(classes, width, generator=torch.Generator().manual_seed(9))
    labels = torch.arange(count) % classes
    noise = torch.randn(count, width, generator=generator)
    if spread is not None:
        noise = noise @ spread
    return middles[labels] + noise, labels


def right(classifier, features, labels):
    return float((F.linear(features, *classifier).argmax(1) == labels).float().mean())


@pytest.mark.parametrize("count", [12, 60])  # fewer images than features, and more
@pytest.mark.parametrize("shrinkage", [1.0, 0.5])
def test_it_is_the_shrunk_discriminant(count, shrinkage):
    features, labels = clouds(count, 20)
    ((weight, bias),) = _discriminants(features, labels, 3, [shrinkage])
    x = features.double()
    means = torch.stack([x[labels == label].mean(0) for label in range(3)])
    residuals = x - means[labels]
    covariance = residuals.T @ residuals / count
    variances = covariance.diagonal()
    alone = torch.diag(variances + variances.mean())
    inverse = torch.linalg.inv((1 - shrinkage) * covariance + shrinkage * alone)
    distances = torch.stack([((x - mean) @ inverse * (x - mean)).sum(1) for mean in means], 1)
    logits = F.linear(features, weight, bias)
    # Half of what is nearer, but for what all classes have in common.
    expected = -0.5 * (distances - distances.mean(1, keepdim=True))
    torch.testing.assert_close(
        logits - logits.mean(1, keepdim=True), expected.float(), rtol=1e-3, atol=1e-3
    )


def test_features_that_vary_together_are_seen_through():
    spread = torch.eye(6) + 3 * torch.outer(torch.ones(6), torch.ones(6))
    features, labels = clouds(300, 6, apart=1.2, spread=spread)
    unseen = clouds(300, 6, apart=1.2, seed=1, spread=spread)
    nearest = _discriminants(features, labels, 3, [1.0])[0]
    chosen = classifier_of(features, labels, 3)
    assert right(chosen, *unseen) > right(nearest, *unseen) + 0.1


@pytest.mark.parametrize("count", [30, 300])
def test_of_equals_the_simplest_is_taken(count):
    shrinkage, _ = _fitting(*clouds(count, 5, apart=1.0), 3)
    assert shrinkage == 1.0  # features that vary each by itself: the nearest mean


def test_its_loss_is_a_sane_one():
    for apart in (0.1, 0.5, 3.0):
        features, labels = clouds(150, 50, apart=apart)
        unseen, truth = clouds(150, 50, apart=apart, seed=1)
        weight, bias = classifier_of(features * 100, labels, 3)  # whatever the features' size
        logits = F.linear(unseen * 100, weight, bias)
        assert F.cross_entropy(logits, truth) < 1.2  # guessing: 1.1


def test_a_class_without_images_is_never_chosen():
    features, labels = clouds(60, 10)
    classifier = classifier_of(features, labels, 5)
    assert F.linear(features, *classifier).argmax(1).max() < 3
    assert right(classifier, features, labels) > 0.9


@pytest.mark.parametrize("same", [True, False])
def test_one_image_a_class_is_enough(same):
    features = torch.eye(4) if not same else torch.ones(4, 4)
    weight, bias = classifier_of(features, torch.arange(4), 4)
    assert bool(weight.isfinite().all())
    assert bool(bias.isfinite().all())
    if not same:
        assert right((weight, bias), features, torch.arange(4)) == 1


def test_of_two_classes_one_may_have_a_single_image():
    features, labels = clouds(21, 5, classes=2)
    keep = (labels == 0) | (torch.arange(21) == 1)
    classifier = classifier_of(features[keep], labels[keep], 2)
    assert right(classifier, features, labels) > 0.8
