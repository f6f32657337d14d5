from datetime import date
from pathlib import Path

import pytest

from edge_agent.orders import Footage, OrderText, VehicleOnPaper, load_order, order_folders
from inspection.checklist import required_for
from models.photo import PhotoError, PhotoLimits, open_photo
from passlane import UsageError
from passlane.demo.folders import RealPhoto, find_photos, write_order, write_real, write_vehicle
from passlane.demo.vehicles import DemoVehicle, demo_vehicles
from tests.edge_agent.stand_ins.fakes import jpeg

VEHICLES = {vehicle.name: vehicle for vehicle in demo_vehicles()}
CUT_OFF = VEHICLES["06-cut-off-photo"]
NEW_CAR = VEHICLES["09-new-car"]
VIN = "LZZZ5ABC2RA000017"


@pytest.mark.parametrize("vehicle", VEHICLES.values(), ids=VEHICLES)
def test_an_order_that_was_written_is_read_back_as_it_was(tmp_path: Path, vehicle: DemoVehicle) -> None:
    write_order(tmp_path / "01", vehicle.order)
    assert load_order(tmp_path / "01").text == vehicle.order


def test_what_an_order_leaves_open_is_left_out_of_its_file(tmp_path: Path) -> None:
    order = OrderText(regime="jianyan", serial="S", inspector="i", vehicle=VehicleOnPaper(vin=VIN))
    write_order(tmp_path / "01", order)
    assert "insured_until" not in (tmp_path / "01" / "order.toml").read_text(encoding="utf-8")
    assert load_order(tmp_path / "01").text == order


def test_odd_characters_come_back_from_an_orders_file(tmp_path: Path) -> None:
    order = OrderText(
        regime="jianyan",
        serial='a "quoted" \\ 序号',
        inspector="i\ttab",
        vehicle=VehicleOnPaper(vin=VIN, registered_on=date(2020, 2, 29)),
        video=Footage(recorder="r", channel="c", missing="停电\n"),
    )
    write_order(tmp_path / "01", order)
    assert load_order(tmp_path / "01").text == order


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("orders")
    for vehicle in (CUT_OFF, NEW_CAR):
        write_vehicle(folder, vehicle, seed=6)
    return folder


def test_a_vehicles_folder_holds_every_photo_that_its_form_asks_for(drawn: Path) -> None:
    for order in [load_order(path) for path in order_folders(drawn)]:
        opened = order.case_opened(station="ST01", profile="p")
        for photo in required_for(opened).photos:
            data = order.photo(photo.code, 2)
            assert data is not None
            assert open_photo(data, PhotoLimits()).ref().width == 1280


def test_a_spoilt_first_photo_is_refused_and_the_second_one_is_good(drawn: Path) -> None:
    order = load_order(drawn / CUT_OFF.name)
    first, second = order.photo("0113", 1), order.photo("0113", 2)
    assert first is not None
    assert second is not None
    with pytest.raises(PhotoError):
        open_photo(first, PhotoLimits()).pixels(64)
    assert open_photo(second, PhotoLimits()).pixels(64) is not None


def labelled(folder: Path, text: bytes | str) -> Path:
    (folder / "labels.tsv").write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / "a.jpg").write_bytes(jpeg(1))
    (folder / "b.PNG").write_bytes(jpeg(2))
    return folder


def test_photos_get_the_vins_of_their_labels_and_those_without_one_have_none(tmp_path: Path) -> None:
    folder = labelled(tmp_path, f"number\tfile\tvin\n1\ta.jpg\t{VIN}\n2\tgone.jpg\tx\n")
    assert find_photos(folder) == [
        RealPhoto(path=folder / "a.jpg", vin=VIN),
        RealPhoto(path=folder / "b.PNG", vin=""),
    ]


def test_without_a_label_file_photos_are_taken_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "x.jpeg").write_bytes(jpeg(1))
    (tmp_path / "notes.txt").write_text("no photo")
    (tmp_path / "folder.jpg").mkdir()
    assert find_photos(tmp_path) == [RealPhoto(path=tmp_path / "x.jpeg", vin="")]


def test_a_row_that_is_cut_short_has_no_vin(tmp_path: Path) -> None:
    assert [photo.vin for photo in find_photos(labelled(tmp_path, "file\tvin\na.jpg\n"))] == ["", ""]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,vin\na.jpg,x\n", "needs the columns file and vin, separated by tabs"),
        ("file\tnumber\n", "needs the columns"),
        ("", "needs the columns"),
        (b"file\tvin\n\xff\xfe\tx\n", "cannot be read"),
        ("file\tvin\n" + "x" * 200_000 + "\ty\n", "cannot be read"),
    ],
)
def test_a_label_file_that_is_none_is_said(tmp_path: Path, text: bytes | str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        find_photos(labelled(tmp_path, text))


def test_a_folder_without_photos_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no photo"):
        find_photos(tmp_path)
    with pytest.raises(UsageError, match="cannot be read"):
        find_photos(tmp_path / "not there")


@pytest.mark.parametrize(("vin", "registered"), [(VIN, VIN), ("", "unknown"), ("no VIN", "no VIN")])
def test_a_persons_own_photo_becomes_an_order_around_it(tmp_path: Path, vin: str, registered: str) -> None:
    path = tmp_path / "my photo.jpg"
    path.write_bytes(jpeg(3))
    write_real(tmp_path / "orders", RealPhoto(path=path, vin=vin), demo_vehicles()[0], number=7)
    [order] = [load_order(path) for path in order_folders(tmp_path / "orders")]
    assert order.name == "0007-my photo"
    assert (order.text.vehicle.vin, order.text.vehicle.plate, order.text.person_confirms_vin) == (registered, "", "")
    assert order.photo("0113", 1) == jpeg(3)
    assert not order.has_attempt("0113", 2)
    for photo in required_for(order.case_opened(station="s", profile="p")).photos:
        assert order.has_attempt(photo.code, 1)
