"""Machine pre-audit (机器预审): sorts cases into green, yellow and red before a person looks, and decides nothing.

What it says puts a case further ahead in the queue, and is kept beside the person's decision, so that its misses can be
published. Decides only: a folded case in, a light out. Its weights are provisional: no text gives any.
"""

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from inspection.case import Case

Light = Literal["green", "yellow", "red"]
RISK_MAX = 100

SIGNS: dict[str, tuple[str, str]] = {
    "suspicion": ("规则提示疑点", "a rule raised a suspicion"),
    "vin.unread": ("未识读到车辆识别代号", "no VIN was read on any photo"),
    "vin.doubtful": ("车辆识别代号识读存疑", "the reading of the VIN is doubtful, and nobody confirmed it"),
    "vin.corrected": ("车辆识别代号由人工更正", "the inspector read the VIN otherwise than the machine"),
    "vin.differs": ("识读结果与登记不一致", "the VIN that was read is not the registered one"),
    "vin.barcode": ("条码与字符不一致", "the barcode on the photo says another VIN"),
    "photo.missing": ("照片尚未到达中心", "a photo that was announced is not at the centre"),
    "photo.refused": ("多次拍摄不合格", "several shots gave no usable picture"),
    "photo.retaken": ("曾被退回补拍", "the case was sent back to take or check something again"),
    "video.missing": ("视频缺失", "footage is missing"),
    "bread_van": ("标为面包车", "the vehicle is marked as a bread van"),
}
"""What the machine looks at, Chinese and English."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """How many points of risk each sign brings, and from how many on a case is yellow or red. Provisional."""

    points: MappingProxyType[str, int] = field(
        default_factory=lambda: MappingProxyType(
            {
                "suspicion": 20,
                "vin.unread": 40,
                "vin.doubtful": 25,
                "vin.corrected": 20,
                "vin.differs": 60,
                "vin.barcode": 40,
                "photo.missing": 30,
                "photo.refused": 5,
                "photo.retaken": 10,
                "video.missing": 15,
                "bread_van": 20,
            }
        )
    )
    yellow_points_min: int = 20
    red_points_min: int = 60
    refused_photos_min: int = 3


PROVISIONAL = Weights()


@dataclass(frozen=True, kw_only=True, slots=True)
class PreAudit:
    """What the machine thinks: the light, the risk (0 to 100), and the codes of the signs that it rests on (SIGNS)."""

    light: Light
    risk: int
    signs: tuple[str, ...]


def preaudit(case: Case, weights: Weights = PROVISIONAL) -> PreAudit:
    """Sort a folded case. A suspicion counts as often as its rule weighs."""
    signs = (*_of_vin(case), *_of_pictures(case, weights))
    if case.vehicle is not None and case.vehicle.bread_van:
        signs += ("bread_van",)
    points = sum(weights.points[sign] for sign in signs)
    points += weights.points["suspicion"] * sum(raised.weight for raised in case.suspicions)
    if case.suspicions:
        signs = ("suspicion", *signs)
    light: Light = "green"
    if points >= weights.yellow_points_min:
        light = "red" if points >= weights.red_points_min else "yellow"
    return PreAudit(light=light, risk=min(RISK_MAX, points), signs=signs)


def _of_vin(case: Case) -> tuple[str, ...]:
    photo = case.vin_photo
    if photo is None or photo.vin is None or not photo.vin.vin:
        # A person may have typed it in; but there is no machine's word to compare that with.
        return ("vin.unread",)
    found, registered = photo.vin, case.vehicle.vin if case.vehicle else ""
    seen = {
        "vin.doubtful": not found.accepted and not case.vin_seen_by_person,
        "vin.corrected": case.vin != found.vin,
        "vin.differs": case.vin != registered,
        "vin.barcode": bool(found.barcode) and found.barcode != found.vin,
    }
    return tuple(sign for sign, shown in seen.items() if shown)


def _of_pictures(case: Case, weights: Weights) -> tuple[str, ...]:
    seen = {
        "photo.missing": bool(case.missing_bytes),
        "photo.refused": len(case.refused_photos) >= weights.refused_photos_min,
        "photo.retaken": bool(case.retakes),
        "video.missing": any(video.missing for video in case.videos),
    }
    return tuple(sign for sign, shown in seen.items() if shown)
