from netlab.views.sheet import Sheet
from netlab.views.style import plain
from netlab.views.tables import MOST_ROWS, table
from netlab.views.text import cells

HEAD = ("Zone", "Server", "Time")
ROWS = (("com", "a.gtld-servers.net", "12.0 ms"), ("한국", "한국 이름 서버 하나 둘 셋 넷", ""))


def drawn(width: int, **options: object) -> list[str]:
    return [plain(line) for line in table(HEAD, ROWS, Sheet(width), **options)]  # type: ignore[arg-type]


def test_columns_are_aligned_by_cells() -> None:
    lines = drawn(100)
    places = [cells(line[: line.index(word)]) for line, word in
              zip(lines, ("Server", "a.gtld", "한국 이름"), strict=True)]  # fmt: skip
    assert len(set(places)) == 1


def test_a_narrow_page_gets_a_list() -> None:
    assert drawn(60) == [
        "    · Zone    com",
        "      Server  a.gtld-servers.net",
        "      Time    12.0 ms",
        "    · Zone    한국",
        "      Server  한국 이름 서버 하나 둘 셋 넷",
    ]


def test_wide_cells_fold_and_lose_nothing() -> None:
    rows = [("가나다라마바사아자차카타파하" * 9, "x" * 300, "end")]
    lines = [plain(line) for line in table(HEAD, rows, Sheet(80))]
    assert all(cells(line) <= 80 for line in lines)
    text = "".join(lines)
    assert text.count("x") == 300
    assert text.count("하") == 9


def test_many_rows_are_counted() -> None:
    rows = [(str(number), "x", "y") for number in range(MOST_ROWS + 5)]
    short = [plain(line) for line in table(HEAD, rows, Sheet(80))]
    assert short[-1].strip() == "5 more rows; --deep shows all."
    assert len(table(HEAD, rows, Sheet(80, "deep"))) == len(rows) + 1
