from __future__ import annotations

import random
import string

import pytest

from sealtape.drift.noise import is_opaque_key
from sealtape.renaming import Likeness, Renaming, is_jumbled, masked

WORDS = (
    "ListObjectsV2", "SHA256withRSA", "CRC64NVME", "HmacSHA256", "Ec2SecurityGroup", "Route53Resolver",
    "nodejs18", "provided2023", "ElasticLoadBalancingV2", "TLSv12", "python312", "v20260123", "OpenSearch",
    "AES256", "OAuth2TokenExchange", "Base64EncodedString", "internationalization", "x86", "arm64",
    "utf8mb4", "IntelligentTiering", "ECDSAP256SHA256",
)  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_a_person_chose_is_not_jumbled(word: str) -> None:
    assert not is_jumbled(word)


@pytest.mark.parametrize(
    ("alphabet", "length"),
    [
        (string.hexdigits[:16], 12),
        (string.hexdigits[:16], 17),
        (string.ascii_letters + string.digits, 16),
        (string.ascii_letters + string.digits, 22),
        (string.ascii_uppercase + "234567", 20),
        (string.ascii_lowercase, 64),
    ],
)
def test_nearly_every_random_word_is_opaque_beside_another_one(alphabet: str, length: int) -> None:
    drawn = random.Random(7)
    words = ["".join(drawn.choice(alphabet) for _ in range(length)) for _ in range(400)]
    pairs = list(zip(words[::2], words[1::2], strict=True))
    renamed = sum(Renaming().compare(old, new) is Likeness.RENAMED for old, new in pairs)
    assert renamed >= 0.99 * len(pairs)


@pytest.mark.parametrize(
    "name",
    [
        "LastUpdateToPayPerRequestDateTime",
        "ApproximateNumberOfMessagesToMove",
        "CopyTagsToDataRepositoryAssociations",
        "CertificateAuthorityExpiryInMilliseconds",
    ],
)
def test_a_name_of_many_words_is_no_drawn_key_however_long(name: str) -> None:
    assert masked(name) != name
    assert not is_opaque_key(name)


def test_a_long_row_of_letters_is_a_drawn_key() -> None:
    drawn = random.Random(7)
    keys = ["".join(drawn.choice(string.ascii_letters) for _ in range(40)) for _ in range(400)]
    assert sum(map(is_opaque_key, keys)) >= 0.97 * len(keys)


def test_an_opaque_value_stands_for_one_other_value_only() -> None:
    renaming = Renaming()
    assert renaming.compare("i-0abc1234def567890", "i-0fed9876cba543210") is Likeness.RENAMED
    assert renaming.compare("arn:x/0abc1234def567890", "arn:x/0fed9876cba543210") is Likeness.RENAMED
    assert renaming.compare("i-0abc1234def567890", "i-01234567890abcdef") is Likeness.CONFLICT
    assert renaming.compare("i-0999999999999999a", "i-0fed9876cba543210") is Likeness.CONFLICT


def test_what_stays_the_same_cannot_have_been_renamed() -> None:
    renaming = Renaming()
    assert renaming.compare("0abc1234def567890", "0fed9876cba543210") is Likeness.RENAMED
    assert renaming.compare("0abc1234def567890", "0abc1234def567890") is Likeness.CONFLICT


def test_digests_follow_their_content_and_may_part() -> None:
    one, two, three = ("0a1b2c3d" * 4, "1b2c3d4e" * 4, "2c3d4e5f" * 4)
    renaming = Renaming()
    assert renaming.compare(one, two) is Likeness.RENAMED
    assert renaming.compare(one, three) is Likeness.RENAMED


def test_values_known_to_be_opaque_need_no_form() -> None:
    assert Renaming().compare("anna", "bertha") is Likeness.DIFFERENT
    assert Renaming({"anna"}, {"bertha"}).compare("made by anna", "made by bertha") is Likeness.RENAMED


def test_a_word_in_doubt_is_opaque_if_no_caller_chose_it() -> None:
    def compared(*chosen: str) -> Likeness:
        return Renaming(chosen=lambda word: word in chosen).compare("r-kvz2", "r-abc1", identifying=True)

    assert compared() is Likeness.RENAMED
    assert compared("kvz2") is Likeness.DIFFERENT


def test_what_is_hung_onto_a_name_of_the_callers_choice_is_opaque_even_if_it_can_be_spoken() -> None:
    def compared(*chosen: str, name: str = "arn:x:mail-key-{}") -> Likeness:
        renaming = Renaming(chosen=lambda word: word in chosen)
        return renaming.compare(name.format("Ggedag"), name.format("Leqzlo"), identifying=True)

    assert compared("mail", "key") is Likeness.RENAMED
    assert compared() is Likeness.DIFFERENT
    assert compared("key", name="arn:x:key:{}") is Likeness.DIFFERENT


def test_names_that_were_first_said_in_the_same_place_are_the_same_where_an_identifier_stands() -> None:
    renaming = Renaming(
        chosen=lambda word: False, same=lambda old, new: (old, new) == ("kemubcrd", "oryooqsg")
    )
    assert renaming.compare("kemubcrd", "oryooqsg") is Likeness.DIFFERENT
    assert renaming.compare("kemubcrd", "oryooqsg", identifying=True) is Likeness.RENAMED
    assert renaming.compare("kemubcrd", "anotherone", identifying=True) is Likeness.DIFFERENT


def test_names_that_are_known_survive_masking_and_the_others_do_not() -> None:
    renaming = Renaming()
    renaming.compare("i-0abc1234def567890", "i-0fed9876cba543210")
    one, other = "vol-0999999999999999a", "vol-0888888888888888b"
    assert renaming.old_masked("of i-0abc1234def567890") == renaming.new_masked("of i-0fed9876cba543210")
    assert renaming.old_masked("of i-0abc1234def567890") != renaming.new_masked("of i-01234567890abcdef")
    assert renaming.old_masked(one) == renaming.new_masked(other)
    assert renaming.renamed("arn:x/0abc1234def567890") == "arn:x/0fed9876cba543210"


def test_admitting_binds_nothing() -> None:
    renaming = Renaming()
    assert renaming.admits("0abc1234def567890", "0fed9876cba543210")
    assert renaming.admits("0abc1234def567890", "01234567890abcdef")


def test_masked_texts_are_equal_for_values_that_differ_by_chance() -> None:
    one = masked("i-0abc1234def567890 at 2026-01-31T00:00:00Z from 198.51.100.7 in eu-west-1a")
    other = masked("i-0fed9876cba543210 at 2026-02-01T10:00:00Z from 203.0.113.9 in eu-west-1b")
    assert one == other
    assert masked("worker-1 of 3") == "worker-1 of 3"
