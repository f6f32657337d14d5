from benchmarks.hub.leading import GivenReader, pictures, stamped
from inspection.signing import digest
from inspection.vin import is_vin
from models.photo import PhotoLimits, open_photo

LIMITS = PhotoLimits(photo_bytes_max=8_000_000, photo_pixels_max=16_000_000)


def test_the_pictures_differ_and_have_the_sizes_of_photos() -> None:
    made = pictures()
    assert len({digest(picture) for picture in made}) == len(made) == 8
    assert all(100_000 <= len(picture) <= 450_000 for picture in made)


def test_a_stamped_picture_is_another_file_and_still_a_photo() -> None:
    picture = pictures()[0]
    one, other = (open_photo(stamped(picture, number), LIMITS) for number in (1, 2))
    assert one.digest != other.digest
    assert (one.width, one.height) == (other.width, other.height)


def test_the_reader_reads_the_vehicle_that_stands_there() -> None:
    reader, photo = GivenReader(), open_photo(pictures()[0], LIMITS)
    reader.number = 12
    assert is_vin(reader.read(photo).vin)
    assert reader.read(photo).accepted
