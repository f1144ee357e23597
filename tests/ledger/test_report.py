"""Laws of the report."""

from service.ledger.report import LedgerReport, TroubleKind

WELL = {name: 0 for name, field in LedgerReport.model_fields.items() if field.annotation is int}


def test_every_kind_of_trouble_has_a_count_and_breaks_the_ledger() -> None:
    assert LedgerReport(**WELL).clean
    for kind in TroubleKind:
        assert not LedgerReport(**{**WELL, kind.field: 1}).clean


def test_nothing_else_breaks_it() -> None:
    well = set(WELL) - {kind.field for kind in TroubleKind}
    assert well == {
        "accepted",
        "scored",
        "dead_lettered",
        "dropped",
        "in_flight",
        "superseded",
        "alerts",
        "alerts_repeated",
    }
    assert LedgerReport(**{**WELL, **dict.fromkeys(well, 3)}).clean


def test_the_verdict_on_the_ledger_is_in_its_json() -> None:
    assert '"clean":true' in LedgerReport(**WELL).model_dump_json()
