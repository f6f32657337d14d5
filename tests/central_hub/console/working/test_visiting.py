import re
from pathlib import Path

import central_hub.desks
from central_hub.console.texts import texts_in
from central_hub.console.working.visiting import refusal
from central_hub.deciding.conflicts import StepError
from central_hub.deciding.numbering import NumberingError
from central_hub.desks import ActError
from central_hub.people import PeopleError

ZH, EN = texts_in("zh"), texts_in("en")
SHOWN = ("audit", "act", "sticker", "print", "case")
ELSEWHERE = {
    "audit.no_probe",
    "audit.shift",
    "act.confirm",
    "sticker.reprint",
    "sticker.range_low",
    "print.other_sticker",
}


def test_a_refusal_is_said_in_the_words_of_the_page() -> None:
    held = ActError("audit.held", "somebody else holds case pda-1.1")
    assert refusal(held, ZH) == "本案正由他人审核。"
    assert refusal(held, EN) == "Somebody else is auditing this case."
    assert refusal(PeopleError("act.same_person", "x"), EN).startswith("It takes a second person")
    assert refusal(NumberingError("print.again", "x"), EN) == "Another copy has to be allowed first."


def test_what_has_no_words_here_comes_in_those_of_the_one_who_refused() -> None:
    step = StepError("undo.own_case", "nobody decides about their own inspection", "不得处理本人检验的案件")
    assert refusal(step, ZH) == "不得处理本人检验的案件"
    assert refusal(step, EN) == "nobody decides about their own inspection"
    assert refusal(ActError("of.tomorrow", "not today"), ZH) == "not today"


def test_a_blind_page_does_not_say_where_the_case_stands() -> None:
    illegal = StepError("life.illegal", "case pda-1.1 is suspected", "案件处于「存疑」阶段")
    assert refusal(illegal, ZH) == "案件处于「存疑」阶段"
    assert refusal(illegal, ZH, blind=True) == "本案目前不能办理此事。"


def test_every_code_that_a_desk_refuses_an_auditor_or_a_printer_with_has_words() -> None:
    hub = Path(central_hub.desks.__file__).parent.parent
    files = [*(hub / "desks").glob("*.py"), *(hub / "deciding").glob("*.py"), hub / "people" / "two_person.py"]
    code = re.compile(rf'"((?:{"|".join(SHOWN)})\.[a-z_]+)"')
    found = {one for file in files for one in code.findall(file.read_text(encoding="utf-8"))}
    wanted = found - ELSEWHERE - {"sticker.withdraw", "sticker.print", "sticker.ranges"}
    wanted = {one for one in wanted if one not in {"audit.third", "audit.decide", "case.undo", "case.view"}}
    assert len(wanted) > 20
    assert {one for one in wanted if ZH.coded("refused", one) == one} == set()
