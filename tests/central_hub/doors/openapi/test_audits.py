"""The audit by HTTP: what is given to whom, and what is not said."""

from tests.central_hub.doors.openapi.served_hub import Person, ServedHub


def test_nothing_waits_where_nothing_came(served: ServedHub) -> None:
    assert served.person("auditor-1").done("POST", "/audits/next") == {"lease": None}


def test_one_case_is_never_held_by_two_and_comes_back_to_who_holds_it(served: ServedHub) -> None:
    served.inspected(served.device())
    first, second = served.person("auditor-1"), served.person("auditor-2")
    lease = first.done("POST", "/audits/next")["lease"]
    assert first.done("POST", "/audits/next")["lease"]["token"] == lease["token"]
    assert second.done("POST", "/audits/next") == {"lease": None}
    first.done("POST", f"/audits/leases/{lease['token']}/release", {})
    assert second.done("POST", "/audits/next")["lease"]["case"] == lease["case"]


def test_a_known_answer_looks_like_any_other_case(served: ServedHub) -> None:
    device = served.device()
    case = served.inspected(device)
    lead = served.person("lead-1")
    for person in (served.person("auditor-1"), served.person("auditor-2")):
        if lead.done("GET", f"/cases/{case}")["stage"] != "archived":
            passed(person, case)
    lead.done("PUT", f"/audits/probes/{case}")
    held = "INSERT INTO audit_leases VALUES (77, ?, 'lead-2', 1, 1, ?, ?, ?)"
    served.do(lambda: served.db.execute(held, (case, served.now, served.now, served.now + 60_000)))
    probed = served.person("lead-2")
    shown = probed.done("GET", "/audits/leases/77")
    assert shown["stage"] in {"audit_pending", "audit_overdue"}
    assert probed.done("GET", f"/cases/{case}") == shown
    (line,) = probed.done("GET", "/cases")["cases"]
    assert (line["stage"], line["audit_due"]) == ("audit_pending", shown["audit_due"]) == ("audit_pending", served.now)


def passed(person: Person, case: str) -> None:
    token = person.done("POST", f"/audits/cases/{case}")["token"]
    seen = person.done("GET", f"/audits/leases/{token}")["seen"]
    taken = person.done("POST", f"/audits/leases/{token}/opinion", {"decision": "pass", "seen": seen})
    assert taken == {"case": case, "decision": "pass"}


def test_only_who_leads_the_audit_plans_it(served: ServedHub) -> None:
    auditor = served.person("auditor-1")
    shift = {"person": "auditor-1", "start": 1, "end": 2}
    assert auditor.put("/audits/shifts", shift).code == "right.missing"
    for path in ("/audits/forecast", "/audits/probes", "/audits/corrections", "/audits/figures?since=1&until=2"):
        assert auditor.get(path).code == "right.missing"
    assert served.person("lead-1").put("/audits/shifts", {**shift, "end": 0}).code == "audit.shift"


def test_figures_of_no_work_are_empty(served: ServedHub) -> None:
    figures = served.person("lead-1").done("GET", "/audits/figures?since=1&until=2")
    assert figures["auditors"] == []
    assert figures["preaudit"]["misses"] == {"count": 0, "of": 0, "value": 0.0, "low": 0.0, "high": 1.0}
