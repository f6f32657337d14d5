"""Draws the demo photos of vehicles and papers: simple, but a person sees at once what each one is.

It knows the views that an inspection asks for and how a number plate (号牌) is coloured. The characters are drawn in
`lettering`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.random import Generator, default_rng

from models.drawing.lettering import Colour, RenderingError, jpeg, narrowed, spaced, tint, write, written
from models.photo import Pixels

View = Literal["left_front", "right_rear", "cabin", "signature", "document", "other"]

_WIDTH_PIXELS, _HEIGHT_PIXELS = 1280, 960
# A new-energy plate (新能源号牌) has one character more than the others.
_NEW_ENERGY_CHARACTERS = 8

COLOURS: dict[str, Colour] = {
    "white": (235, 235, 235),
    "black": (38, 36, 36),
    "grey": (120, 120, 118),
    "silver": (190, 190, 188),
    "red": (40, 36, 180),
    "blue": (170, 90, 30),
    "green": (70, 120, 40),
    "yellow": (40, 190, 235),
    "brown": (45, 70, 110),
}


@dataclass(frozen=True, kw_only=True)
class _Subject:
    """What is to be seen: the plate's text, the paint as (B, G, R), and the source of chances."""

    plate_text: str
    paint: Colour
    chances: Generator


def vehicle_photo(view: View, plate_text: str, colour: str, seed: int) -> bytes:
    """Return a drawn photo (JPEG, 1280 x 960 pixels) of a vehicle with its plate, or of a paper that belongs to it.

    colour: one of COLOURS. Raises RenderingError for an unknown view or colour, or an empty plate.
    """
    if view not in VIEWS:
        raise RenderingError(f"no view {view!r}; there are {', '.join(VIEWS)}")
    if colour not in COLOURS:
        raise RenderingError(f"no colour {colour!r}; there are {', '.join(COLOURS)}")
    if not plate_text.strip():
        raise RenderingError("a vehicle is drawn with its plate, and the plate's text is empty")
    chances = default_rng(seed)
    image = VIEWS[view](_Subject(plate_text=plate_text, paint=COLOURS[colour], chances=chances))
    grain = chances.normal(0, 3, image.shape)
    return jpeg(np.clip(image + grain, 0, 255).astype(np.uint8))


def plate_picture(text: str, width_pixels: int) -> Pixels:
    """Return a number plate as a BGR picture: blue, or green-white for a new-energy vehicle; 440 to 140 in shape."""
    height = round(width_pixels * 140 / 440)
    green = len(text) >= _NEW_ENERGY_CHARACTERS
    if green:
        fade = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
        ground = (np.array((235, 245, 235)) * (1 - fade) + np.array((120, 200, 90)) * fade).astype(np.uint8)
        plate = np.repeat(ground, width_pixels, axis=1)
    else:
        plate = np.full((height, width_pixels, 3), (160, 70, 20), dtype=np.uint8)
    colour = (20, 20, 20) if green else (245, 245, 245)
    cv2.rectangle(plate, (3, 3), (width_pixels - 4, height - 4), colour, max(1, height // 40))
    pitch = round(width_pixels / (len(text) + 1))
    letters = [narrowed(written(character, round(height * 0.62)), round(pitch * 0.86)) for character in text]
    row = spaced(letters, pitch)[:, :width_pixels]
    ink = np.zeros((height, width_pixels), dtype=np.float32)
    top = (height - row.shape[0]) // 2
    ink[top : top + row.shape[0], : row.shape[1]] = row
    tint(plate, ink, colour=colour)
    return plate


def _yard(chances: Generator) -> Pixels:
    """Draw an inspection hall's wall and floor."""
    image = np.empty((_HEIGHT_PIXELS, _WIDTH_PIXELS, 3), dtype=np.uint8)
    horizon = round(_HEIGHT_PIXELS * 0.55)
    image[:horizon] = (205, 208, 203)
    image[horizon:] = (112, 114, 116)
    for left in range(int(chances.integers(0, 120)), _WIDTH_PIXELS, 160):
        cv2.line(image, (left, 0), (left, horizon), (188, 190, 186), 3)
    cv2.line(image, (0, _HEIGHT_PIXELS - 60), (_WIDTH_PIXELS, _HEIGHT_PIXELS - 110), (60, 200, 230), 14)
    return image


def _polygon(image: Pixels, corners: list[tuple[int, int]], *, colour: Colour) -> None:
    cv2.fillPoly(image, [np.array(corners, dtype=np.int32)], colour, cv2.LINE_AA)


def _darker(colour: Colour, share: float) -> Colour:
    return tuple(round(part * share) for part in colour)  # type: ignore[return-value]


def _wheel(image: Pixels, centre: tuple[int, int], *, radius: int) -> None:
    cv2.ellipse(image, centre, (round(radius * 0.8), radius), 0, 0, 360, (28, 28, 28), -1, cv2.LINE_AA)
    cv2.ellipse(image, centre, (radius // 2, round(radius * 0.62)), 0, 0, 360, (175, 175, 178), -1, cv2.LINE_AA)


def _body(subject: _Subject) -> Pixels:
    """Draw a car seen from a corner: its end on the left, its flank to the right."""
    image, paint = _yard(subject.chances), subject.paint
    cv2.ellipse(image, (660, 790), (520, 60), 0, 0, 360, (70, 72, 74), -1)
    _polygon(
        image, [(560, 480), (690, 300), (1010, 300), (1140, 470), (1150, 700), (560, 740)], colour=_darker(paint, 0.85)
    )
    _polygon(image, [(180, 520), (330, 310), (690, 300), (560, 500), (560, 760), (190, 740)], colour=paint)
    _polygon(image, [(245, 480), (355, 335), (660, 328), (560, 478)], colour=(92, 80, 70))
    _polygon(image, [(610, 478), (705, 330), (850, 328), (850, 472)], colour=(80, 70, 62))
    _polygon(image, [(870, 472), (870, 328), (995, 330), (1085, 468)], colour=(80, 70, 62))
    cv2.line(image, (860, 320), (860, 710), _darker(paint, 0.6), 4)
    cv2.line(image, (190, 500), (1140, 485), _darker(paint, 0.7), 4)
    _wheel(image, (665, 720), radius=85)
    _wheel(image, (1060, 690), radius=78)
    _wheel(image, (225, 735), radius=50)
    return image


def _put_plate(image: Pixels, text: str, *, corners: list[tuple[int, int]]) -> None:
    plate = plate_picture(text, 440)
    height, width = plate.shape[:2]
    source = np.array([(0, 0), (width, 0), (width, height), (0, height)], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(source, np.array(corners, dtype=np.float32))
    size = (image.shape[1], image.shape[0])
    mask = cv2.warpPerspective(np.ones((height, width), dtype=np.float32), matrix, size)
    image[:] = np.where(mask[:, :, None] > 0, cv2.warpPerspective(plate, matrix, size), image)


def _left_front(subject: _Subject) -> Pixels:
    """左前方45度: the front with lamps, grille and plate, and the left flank."""
    image = _body(subject)
    for lamp in ((240, 560), (510, 565)):
        cv2.ellipse(image, lamp, (46, 26), 0, 0, 360, (225, 245, 250), -1, cv2.LINE_AA)
    _polygon(image, [(300, 545), (450, 547), (445, 600), (305, 598)], colour=(40, 40, 40))
    _put_plate(image, subject.plate_text, corners=[(262, 630), (488, 634), (488, 706), (262, 702)])
    return image


def _right_rear(subject: _Subject) -> Pixels:
    """右后方45度: the tail with red lamps, boot and plate, and the right flank."""
    image = _body(subject)
    for lamp in ([(192, 530), (252, 530), (252, 610), (192, 605)], [(500, 532), (556, 532), (556, 612), (500, 610)]):
        _polygon(image, lamp, colour=(35, 30, 200))
    cv2.line(image, (262, 560), (490, 562), _darker(subject.paint, 0.6), 4)
    _put_plate(image, subject.plate_text, corners=[(262, 600), (488, 604), (488, 676), (262, 672)])
    cv2.ellipse(image, (480, 752), (24, 10), 0, 0, 360, (60, 60, 60), -1)
    return image


def _cabin(subject: _Subject) -> Pixels:
    """车厢内部: seats in two rows, seen from the front, with their belts."""
    image = np.full((_HEIGHT_PIXELS, _WIDTH_PIXELS, 3), (84, 86, 90), dtype=np.uint8)
    _polygon(image, [(120, 60), (1160, 60), (1080, 330), (200, 330)], colour=(205, 200, 190))
    for row, (top, high) in enumerate(((330, 300), (470, 440))):
        wide = 250 + 110 * row
        for left in range(140 - 60 * row, _WIDTH_PIXELS - wide, wide + 60):
            cv2.rectangle(image, (left, top), (left + wide, top + high), (52 - 10 * row,) * 3, -1)
            cv2.rectangle(image, (left + wide // 3, top - 60), (left + 2 * wide // 3, top), (45,) * 3, -1)
            cv2.line(image, (left + 20, top), (left + wide - 20, top + high), (30, 30, 32), 14)
    write(image, subject.plate_text, place=(40, 30), height_pixels=26, colour=(240, 240, 240))
    return image


def _paper(title: str) -> Pixels:
    image = np.full((_HEIGHT_PIXELS, _WIDTH_PIXELS, 3), (96, 110, 124), dtype=np.uint8)
    cv2.rectangle(image, (90, 50), (1190, 910), (240, 243, 244), -1)
    write(image, title, place=(330, 90), height_pixels=44, colour=(30, 30, 30))
    return image


def _signature(subject: _Subject) -> Pixels:
    """签字: a line to sign on and a flourish over it."""
    image = _paper("机动车查验记录表 查验员签字")
    write(image, f"号牌号码 {subject.plate_text}", place=(160, 220), height_pixels=36, colour=(40, 40, 40))
    cv2.line(image, (200, 700), (1080, 700), (60, 60, 60), 3)
    steps = np.linspace(0, 1, 220)
    phases = subject.chances.uniform(0, 6, 3)
    heights = sum(np.sin(steps * (9 + 7 * number) + phase) for number, phase in enumerate(phases))
    points = np.stack([260 + 700 * steps, 590 + 45 * heights * (1 - steps / 2)], axis=1).astype(np.int32)
    cv2.polylines(image, [points], isClosed=False, color=(120, 40, 20), thickness=6, lineType=cv2.LINE_AA)
    return image


def _document(subject: _Subject) -> Pixels:
    """行驶证 as a form: titles, the plate's text and rows; every entry is invented."""
    image = _paper("中华人民共和国机动车行驶证 样本")
    rows = (
        f"号牌号码  {subject.plate_text}",
        "车辆类型  小型轿车",
        "所有人  样本",
        "使用性质  非营运",
        "注册日期  2024-05-01",
    )
    for place, text in enumerate(rows):
        top = 210 + 130 * place
        write(image, text, place=(150, top), height_pixels=38, colour=(40, 40, 40))
        cv2.line(image, (140, top + 70), (1140, top + 70), (150, 150, 150), 2)
    return image


def _other(subject: _Subject) -> Pixels:
    """Equipment that is photographed by itself: a warning triangle and an extinguisher beside the plate."""
    image = _yard(subject.chances)
    _polygon(image, [(330, 330), (520, 690), (140, 690)], colour=(40, 40, 210))
    _polygon(image, [(330, 430), (435, 640), (225, 640)], colour=(205, 208, 203))
    cv2.rectangle(image, (760, 400), (900, 760), (40, 40, 200), -1)
    cv2.rectangle(image, (795, 340), (865, 400), (40, 40, 40), -1)
    _put_plate(image, subject.plate_text, corners=[(560, 800), (860, 800), (860, 895), (560, 895)])
    return image


VIEWS: dict[str, Callable[[_Subject], Pixels]] = {
    "left_front": _left_front,
    "right_rear": _right_rear,
    "cabin": _cabin,
    "signature": _signature,
    "document": _document,
    "other": _other,
}
