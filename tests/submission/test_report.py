import pytest

from birdscope.core.errors import SubmissionError
from birdscope.core.types import Problem
from birdscope.submission.report import (
    Finding,
    SubmissionReport,
    findings_of,
    read_report,
    report_path,
    write_report,
)


def test_without_problems_every_check_passed():
    assert [one.mark for one in findings_of(())] == ["ok"] * 4


def test_a_problem_takes_the_place_of_its_check():
    problems = (
        Problem("missing-row", "a_5", "1 row (a_5) missing"),
        Problem("row-order", "a_5", "another order", severity="note"),
    )
    found = findings_of(problems)
    assert [one.mark for one in found] == ["ok", "error", "note", "ok", "ok"]
    assert found[1].text == "1 row (a_5) missing"


def test_what_could_not_be_read_is_not_said_to_be_right():
    found = findings_of((Problem("unreadable", "x", "the file can't be read"),))
    assert found == (Finding("the file can't be read", "error"),)


def test_a_report_is_read_back_as_written(tmp_path):
    report = SubmissionReport(
        tmp_path / "s.csv", True, 8, 3, findings_of(()), ("a remark",), "tiny",
        "test_soundscapes", "blend", "mine", 2, {"ok": 2}, 1, 3.5, 1000.0,
    )  # fmt: skip
    path = write_report(report)
    assert path == report_path(report.path) and path.name == "s.csv.report.json"
    assert read_report(path) == report


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"path": "x", "findings": [1], "remarks": []}'])
def test_a_damaged_report_is_said(tmp_path, text):
    path = tmp_path / "s.csv.report.json"
    path.write_text(text)
    with pytest.raises(SubmissionError, match="can't be read"):
        read_report(path)
    with pytest.raises(SubmissionError, match="no report"):
        read_report(tmp_path / "other")
