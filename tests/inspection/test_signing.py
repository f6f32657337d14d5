import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection.signing import (
    CHAIN_START,
    HASH_BYTES,
    PRIVATE_KEY_BYTES,
    PUBLIC_KEY_BYTES,
    SIGNATURE_BYTES,
    SignatureError,
    SigningKey,
    TreeHead,
    digest,
    public_key_from_hex,
    verify,
)

KEY = SigningKey(bytes([1]) * PRIVATE_KEY_BYTES)
OTHER = SigningKey(bytes([2]) * PRIVATE_KEY_BYTES)

# RFC 8032 §7.1, tests 1 to 3: private key, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
            "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da0"
            "85ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac1"
            "8ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]

# The leaves and the root of their tree that the certificate transparency logs test RFC 6962 hashing with.
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def naive_root(leaves: list[bytes]) -> bytes:
    """Merkle tree hash by the recursion of RFC 6962 §2.1, written from its text."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def grown(leaves: list[bytes]) -> TreeHead:
    tree = TreeHead()
    for leaf in leaves:
        tree.add(leaf)
    return tree


def test_a_digest_is_sha_256() -> None:
    assert digest(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert CHAIN_START == b"\0" * HASH_BYTES


@pytest.mark.parametrize(("private", "public", "message", "signature"), RFC_8032)
def test_keys_and_signatures_are_those_of_rfc_8032(private: str, public: str, message: str, signature: str) -> None:
    key = SigningKey.from_hex(private)
    assert key.public.hex() == public
    assert key._key.sign(bytes.fromhex(message)).hex() == signature


@given(st.binary(max_size=200), st.sampled_from(["batch", "receipt", "directive", "sticker", "seal"]))
def test_what_is_signed_is_the_purpose_a_zero_byte_and_the_data(data: bytes, purpose: str) -> None:
    signature = KEY.sign(purpose, data)
    assert len(signature) == SIGNATURE_BYTES
    signed = b"passlane/" + purpose.encode() + b"\0" + data
    Ed25519PublicKey.from_public_bytes(KEY.public).verify(signature, signed)
    verify(KEY.public, purpose, data, signature)


def test_the_same_key_signs_the_same_data_with_the_same_bytes() -> None:
    assert KEY.sign("batch", b"data") == KEY.sign("batch", b"data")


@pytest.mark.parametrize(
    ("public", "purpose", "data", "signature"),
    [
        (OTHER.public, "batch", b"data", KEY.sign("batch", b"data")),
        (KEY.public, "receipt", b"data", KEY.sign("batch", b"data")),
        (KEY.public, "batch", b"date", KEY.sign("batch", b"data")),
        (KEY.public, "batch", b"data", b""),
        (KEY.public, "batch", b"data", KEY.sign("batch", b"data")[:-1]),
        (KEY.public, "batch", b"data", KEY.sign("batch", b"data") + b"\0"),
        (KEY.public[:-1], "batch", b"data", KEY.sign("batch", b"data")),
        (b"", "batch", b"data", KEY.sign("batch", b"data")),
        (b"\xff" * PUBLIC_KEY_BYTES, "batch", b"data", KEY.sign("batch", b"data")),
    ],
)
def test_another_key_purpose_or_text_and_a_cut_signature_do_not_hold(
    public: bytes, purpose: str, data: bytes, signature: bytes
) -> None:
    with pytest.raises(SignatureError, match="signature does not hold"):
        verify(public, purpose, data, signature)


def test_a_signature_with_any_one_bit_changed_does_not_hold() -> None:
    signature = KEY.sign("batch", b"data")
    for bit in range(8 * SIGNATURE_BYTES):
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SignatureError):
            verify(KEY.public, "batch", b"data", bytes(changed))


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_private_key_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(SignatureError, match=f"a private key has 32 bytes, not {size}"):
        SigningKey(bytes(size))
    with pytest.raises(SignatureError, match=f"a public key has 32 bytes, not {size}"):
        public_key_from_hex("00" * size)


@pytest.mark.parametrize("text", ["xyz", "0", "0x" + "00" * 31, "零" * 64])
def test_a_key_that_is_not_hexadecimal_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(SignatureError, match=r"^a private key is written in hexadecimal$"):
        SigningKey.from_hex(text)
    with pytest.raises(SignatureError, match=r"^a public key is written in hexadecimal$"):
        public_key_from_hex(text)


def test_a_key_file_may_end_with_a_line_break() -> None:
    assert SigningKey.from_hex("01" * 32 + "\n").public == KEY.public
    assert public_key_from_hex(KEY.public.hex() + "\n") == KEY.public


def test_the_root_is_the_one_that_certificate_transparency_publishes() -> None:
    assert grown([bytes.fromhex(leaf) for leaf in CT_LEAVES]).root().hex() == CT_ROOT
    assert TreeHead().root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_root_is_that_of_the_recursion_in_rfc_6962_for_0_to_70_leaves() -> None:
    leaves = [bytes([number]) * (number % 5) for number in range(71)]
    for size in range(71):
        tree = grown(leaves[:size])
        assert (tree.size, tree.root()) == (size, naive_root(leaves[:size]))


@given(st.lists(st.binary(max_size=40), max_size=70))
@settings(max_examples=40)
def test_the_root_is_that_of_the_recursion_for_any_leaves(leaves: list[bytes]) -> None:
    assert grown(leaves).root() == naive_root(leaves)


@given(st.lists(st.binary(max_size=8), max_size=40), st.lists(st.binary(max_size=8), max_size=40))
@settings(max_examples=40)
def test_a_tree_that_is_resumed_from_its_peaks_grows_on_as_if_never_stopped(a: list[bytes], b: list[bytes]) -> None:
    stopped = grown(a)
    resumed = TreeHead(stopped.size, stopped.peaks)
    for leaf in b:
        resumed.add(leaf)
    assert resumed.peaks == grown(a + b).peaks
    assert (resumed.size, resumed.root()) == (len(a + b), naive_root(a + b))


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=40), st.data())
def test_a_leaf_that_was_changed_taken_out_or_put_in_changes_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(leaves) - 1))
    for other in (
        [*leaves[:at], leaves[at] + b"\0", *leaves[at + 1 :]],
        leaves[:at] + leaves[at + 1 :],
        [*leaves[:at], b"more", *leaves[at:]],
    ):
        assert grown(other).root() != grown(leaves).root()


@pytest.mark.parametrize(("size", "peaks"), [(0, 1), (1, 0), (3, 1), (4, 2), (7, 4)])
def test_a_tree_with_the_wrong_number_of_peaks_is_refused(size: int, peaks: int) -> None:
    with pytest.raises(SignatureError, match=f"a tree of {size} leaves has"):
        TreeHead(size, (bytes(HASH_BYTES),) * peaks)
