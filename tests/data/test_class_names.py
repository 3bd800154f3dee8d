import pytest

from vera_studio.data.class_names import fits_some, known_classes, match_cifar10, match_classes
from vera_studio.errors import DataError


@pytest.mark.parametrize(
    ("found", "index"),
    [
        ("airplane", 0),
        ("Plane", 0),
        ("aeroplanes", 0),
        ("CAR", 1),
        ("Auto_mobiles", 1),
        ("bird ", 2),
        ("kitten", 3),
        ("puppies", 5),
        ("Horses", 7),
        ("boat", 8),
        ("lorry", 9),
        ("TRUCK-s", 9),
    ],
)
def test_spellings(found, index, class_names):
    assert match_classes([found], class_names) == {found: index}


def test_words_that_end_in_s_stay_themselves():
    assert match_classes(["bus", "glass"], ["glass", "bus", "bu"]) == {"bus": 1, "glass": 0}


def test_a_class_of_the_network_beats_an_alias():
    assert match_classes(["car"], ["automobile", "car"]) == {"car": 1}


def test_an_unknown_class_is_refused_with_both_lists_and_the_aliases(class_names):
    with pytest.raises(DataError) as caught:
        match_classes(["cat", "zebra", "unicorn"], class_names)
    message = str(caught.value)
    assert "zebra, unicorn" in message
    assert "cat, zebra, unicorn" in message
    assert ", ".join(class_names) in message
    assert "car or auto for automobile" in message


def test_two_names_of_one_class_are_refused(class_names):
    with pytest.raises(DataError, match="car and automobile are the same class: automobile"):
        match_classes(["car", "automobile"], class_names)


def test_an_exact_name_comes_first_and_one_that_fits_several_is_refused():
    known = ("Cardigan", "collie", "cardigan", "Collies")  # a dog and a jacket, as in ImageNet
    assert match_classes(["cardigan", "Cardigan"], known) == {"cardigan": 2, "Cardigan": 0}
    assert match_classes(["Collies"], known) == {"Collies": 3}
    with pytest.raises(DataError, match=r"CARDIGAN may be Cardigan or cardigan.*exactly"):
        match_classes(["CARDIGAN"], known)


def test_an_alias_of_two_classes_is_refused():
    with pytest.raises(DataError, match="plane may be airplane or Airplanes"):
        match_classes(["plane"], ["airplane", "Airplanes", "plan"])


def test_with_a_thousand_classes_the_message_stays_readable():
    known = [f"class number {index}" for index in range(1000)]
    with pytest.raises(DataError) as caught:
        match_classes([f"other {index}" for index in range(1000)], known)
    assert len(str(caught.value)) < 1500
    assert str(caught.value).count("and 980 more") == 1  # the unknown ones


def test_of_a_thousand_classes_those_called_alike_are_named():
    from vera_studio.models.registry import find

    known = find("efficientnet_lite0").class_names
    with pytest.raises(DataError) as caught:
        match_classes(["dog", "truck", "goldfisch", "ants"], known)
    assert str(caught.value).splitlines() == [
        "The network does not know the classes dog, truck, goldfisch, but 1,000 others, such as "
        "tench, goldfish, great white shark.",
        "Instead of dog it has Maltese dog, Greater Swiss Mountain dog, Bernese mountain dog and 2 "
        "more.",
        "Instead of truck it has garbage truck, tow truck, trailer truck.",
        "Instead of goldfisch it has goldfish, goldfinch.",
        "Name each folder as a class of the network, or choose another network.",
    ]


def test_a_network_of_imagenets_classes_has_stand_ins(class_names):
    from vera_studio.models.registry import find

    known = find("efficientnet_lite0").class_names
    found = match_cifar10(class_names, known)
    assert len(set(found.values())) == 10
    assert known[found["cat"]] == "tabby"
    assert match_cifar10(class_names, class_names) == match_classes(class_names, class_names)
    with pytest.raises(DataError):
        match_cifar10(class_names, known[:100])


def test_some_of_the_names_are_known(class_names):
    found = ["zebra", "Cats", "lorry", "dog", "puppies"]
    assert known_classes(found, class_names) == {"Cats": 3, "lorry": 9}  # two folders of dogs
    assert fits_some(found, class_names) == ["Cats", "lorry", "dog", "puppies"]
    assert known_classes(["zebra"], class_names) == {}
    assert known_classes(["b-us", "Bus"], ["bus", "b us"]) == {}  # either may be meant


def test_names_of_ones_own_are_themselves():
    own = ("cat", "Cats", "others", "a & b", "数据", "قطة")
    assert known_classes(own, own) == {name: index for index, name in enumerate(own)}
