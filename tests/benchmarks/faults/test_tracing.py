from benchmarks.faults.tracing import Fsyncs, count_fsyncs

LINES = [
    "12 100.5 fdatasync(7</home/journal.db-wal>) = 0",
    "13 101.5 fdatasync(7</home/journal.db-wal> <unfinished ...>",
    "13 101.6 <... fdatasync resumed>)       = 0",
    "101.7 fsync(8</home/journal.db>) = 0",
    "12 101.8 fsync(9</home/vault/ab>) = 0",
    "12 200.0 fdatasync(7</home/journal.db-wal>) = 0",
]


def test_the_fsyncs_of_one_database_within_the_interval_are_counted() -> None:
    assert count_fsyncs(LINES, "journal.db", began=100.0, ended=150.0) == 3
    assert count_fsyncs(LINES, "journal.db", began=101.0, ended=150.0) == 2
    assert count_fsyncs(LINES, "ledger.db", began=0.0, ended=1_000.0) == 0


def test_a_commit_without_an_fsync_of_its_own_is_too_few() -> None:
    assert Fsyncs(facts=3, journal_fsyncs=3, batches=2, ledger_fsyncs=2).enough
    assert not Fsyncs(facts=3, journal_fsyncs=2, batches=2, ledger_fsyncs=2).enough
    assert not Fsyncs(facts=3, journal_fsyncs=3, batches=2, ledger_fsyncs=1).enough
    assert not Fsyncs(facts=0, journal_fsyncs=3, batches=2, ledger_fsyncs=2).enough
