"""People by HTTP: who one is, wrong words, and what administrators are refused."""

import pytest

from tests.central_hub.doors.openapi.served_hub import PASSWORD, Person, ServedHub


def test_who_is_signed_in_is_told_what_they_may_do(served: ServedHub) -> None:
    me = served.person("desk-1").done("GET", "/me")
    assert (me["account"], me["station"], me["stage"], me["roles"]) == ("desk-1", "ST01", "whole", ["station_staff"])
    assert "sticker.print" in me["rights"]
    assert me["title"] == "desk-1 的称呼"


def test_a_name_that_nobody_has_is_refused_like_a_wrong_password(served: ServedHub) -> None:
    stranger = served.stranger()
    nobody = stranger.post("/sign-in", {"name": "nobody", "password": PASSWORD})
    wrong = stranger.post("/sign-in", {"name": "lead-1", "password": "a wrong password"})
    assert nobody.said == wrong.said
    assert nobody.status == 401


def test_no_answer_carries_a_password_or_its_hash(served: ServedHub) -> None:
    came = served.person("admin-1").get("/accounts")
    assert b"argon2" not in came.data
    assert b"password" not in came.data


@pytest.mark.parametrize(
    ("changes", "code", "status"),
    [
        ({"name": "lead-1"}, "account.exists", 409),
        ({"roles": ["nobody"]}, "roles.unknown", 409),
        ({"roles": []}, "roles.none", 409),
        ({"roles": ["inspector"]}, "roles.station", 409),
        ({"roles": ["inspector", "auditor"], "station": "ST01"}, "roles.exclusive", 409),
        ({"password": "short"}, "account.password", 400),
        ({"person": "admin-1"}, "account.own", 409),
        ({"extra": 1}, "request.garbled", 400),
    ],
)
def test_an_account_that_cannot_be_is_refused(
    served: ServedHub, changes: dict[str, object], code: str, status: int
) -> None:
    asked = {"name": "new-1", "title": "新", "person": "new-1", "roles": ["auditor"], "password": PASSWORD, **changes}
    came = served.person("admin-1").post("/accounts", asked)
    assert (came.status, came.code) == (status, code)


def test_what_is_done_about_accounts_that_do_not_exist_or_stand_so_already(served: ServedHub) -> None:
    admin = served.person("admin-1")
    assert admin.post("/accounts/nobody/lock").status == 404
    assert admin.post("/accounts/lead-1/unlock").code == "account.open"
    admin.done("POST", "/accounts/lead-1/lock")
    assert admin.post("/accounts/lead-1/lock").code == "account.locked"


def test_a_locked_account_is_thrown_out(served: ServedHub) -> None:
    lead, admin = served.person("lead-1"), served.person("admin-1")
    admin.done("POST", "/accounts/lead-1/lock")
    assert lead.get("/me").status == 401


def test_a_second_factor_is_enrolled_only_once_begun_and_with_a_right_code(served: ServedHub) -> None:
    lead = served.person("lead-1")
    assert lead.post("/me/second-factor/code", {"code": "123456"}).code == "sign_in.ended"
    uri = lead.done("POST", "/me/second-factor")["uri"]
    assert uri.startswith("otpauth://totp/")
    assert lead.post("/me/second-factor/code", {"code": "000000"}).code == "sign_in.code_wrong"


def test_a_code_without_a_sign_in_that_waits_for_it_is_refused(served: ServedHub) -> None:
    assert served.person("lead-1").post("/sign-in/code", {"code": "123456"}).status == 401
    assert Person(served.port).post("/sign-in/code", {"code": "123456"}).code == "sign_in.needed"


def test_ones_own_password_takes_the_old_one_and_one_long_enough(served: ServedHub) -> None:
    lead = served.person("lead-1")
    wrong = lead.post("/me/password", {"old": "a wrong password", "new": "a quieter evening"})
    assert wrong.code == "sign_in.wrong"
    assert lead.post("/me/password", {"old": PASSWORD, "new": "short"}).code == "account.password"
