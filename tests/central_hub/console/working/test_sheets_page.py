from tests.central_hub.console.conftest import Browser, Hub, SignIn


async def test_a_certificate_is_shown_and_nothing_is_written(
    hub: Hub, auditor: Browser, person: SignIn, case: str
) -> None:
    await auditor.decide(case, decision="pass")
    lead = await person("li", "lead_auditor")
    await lead.get(f"/cases/{case}")
    assert 'action="/sheets/PL00000001.pdf"' in lead.text
    answer = await lead.get("/sheets/PL00000001.pdf")
    assert (answer.status, answer.content_type) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == 'inline; filename="PL00000001-certificate.pdf"'
    assert hub.reading.case(case).prints == ()


async def test_a_printed_label_is_written_down_and_a_second_one_has_to_be_allowed(
    hub: Hub, auditor: Browser, person: SignIn, case: str
) -> None:
    await auditor.decide(case, decision="pass")
    lead = await person("li", "lead_auditor")
    answer = await lead.post("/sheets/PL00000001.pdf")
    assert (answer.status, answer.content_type) == (200, "application/pdf")
    assert [(one.copy, one.by, one.printer) for one in hub.reading.case(case).prints] == [(1, "li", "console")]
    assert (await lead.post("/sheets/PL00000001.pdf")).status == 409
    assert "补打须先经批准" in lead.text
    assert await lead.step(case, "reprint", cause="破损") == 303
    assert (await lead.post("/sheets/PL00000001.pdf")).status == 200


async def test_only_who_may_print_gets_papers_and_a_station_only_its_own(
    auditor: Browser, person: SignIn, case: str
) -> None:
    assert (await auditor.get("/sheets/PL00000001.pdf")).status == 403
    own = await person("zhou", "station_staff", station="ST01")
    other = await person("feng", "station_staff", station="ST02")
    assert (await own.get("/sheets/PL00000001.pdf")).status == 200
    for number in ("PL00000001", "PL00000099", "x"):
        assert (await other.get(f"/sheets/{number}.pdf")).status == 404
        assert (await other.post(f"/sheets/{number}.pdf")).status == 404
