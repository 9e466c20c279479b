"""Every way in which a service fails, with the limits of the product (`make faults`): what it becomes, and its cost."""

from tests.asking import asking
from tests.integration.test_sources_faults import FAULTS, MEGABYTES, port

WHOLE_S = 10
"""The longest call; a page does not wait for it, and a lookup waits two seconds."""
BUSY_MACHINE_S = 2
FIELDS = ("missing-fields", "wrong-types", "null")
REDIRECTS = {
    "redirect inside": "http://127.0.0.1:{port}/tmdb/3/secret",
    "redirect to link-local": "http://169.254.169.254/latest/meta-data/",
    "redirect to file:": "file:///etc/passwd",
    "redirect elsewhere": "https://elsewhere.example/",
}


def test_each_fault_is_told_in_time_and_costs_little(stand_in, capsys):
    """A table: kind, exception, seconds, megabytes, requests, connections elsewhere."""
    base = f"{stand_in.address}/tmdb/3"
    rows = []
    with asking() as asker:

        def measure(kind, expected, *, to=base, url=None, **more):
            told = asker.ask(url or f"{to}/movie/603?api_key=secret-key", **{"written": to, **more})
            allowed = {("127.0.0.1", port(to)), ("::1", port(to))}
            elsewhere = [place for place in told["connections"] if tuple(place) not in allowed]
            asked = len(stand_in.journal("/tmdb"))
            rows.append((kind, expected, told, asked, elsewhere))
            stand_in.clear()

        for kind, (expected, _) in FAULTS.items():
            stand_in.fault("/tmdb", kind)
            measure(kind, expected)
        for kind in FIELDS:
            stand_in.fault("/tmdb", kind)
            measure(kind, "SourceNonsense", how="film")
        for kind, to in REDIRECTS.items():
            stand_in.fault("/tmdb", "redirect", to=to.format(port=port(stand_in.address)))
            measure(kind, "SourceNonsense")
        for name, address in stand_in.addresses.items():
            measure(name, "SourceUnavailable", to=f"{address}/tmdb/3")
        for number in ("127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::a00:1"):
            url = "https://one.example/tmdb/3/movie/603?api_key=secret-key"
            measure(f"name at {number}", "SourceNonsense", to="", url=url, numbers=[[number, 443]])
        if "tls" in stand_in.addresses:
            inside = [["127.0.0.1", port(stand_in.addresses["tls"])]]
            stand_in.fault("/tmdb", "redirect", to="https://one.example/tmdb/3/movie/603?api_key=k")
            told = {"numbers": inside, "any_number": True, "trust": stand_in.certificates["tls"]}
            url = "https://one.example/tmdb/3/movie/603?api_key=secret-key"
            measure("redirect in circles", "SourceNonsense", to=stand_in.addresses["tls"], url=url, **told)
        log = asker.log.read_text()
    with capsys.disabled():
        print(_table(rows), flush=True)  # noqa: T201  # what `make faults` is for
    for kind, expected, told, _, elsewhere in rows:
        assert told["error"] == expected, kind
        assert told["seconds"] <= WHOLE_S + BUSY_MACHINE_S, kind
        assert told["mb"] <= MEGABYTES, kind
        assert (told["kept"], elsewhere) == (0, []), kind
    assert "secret-key" not in log


def _table(rows):
    """The figures, a fault a line."""
    head = f"\n{'fault':26} {'becomes':18} {'s':>6} {'MB':>6} {'asked':>6} {'elsewhere':>10}"
    lines = [
        f"{kind:26} {told['error']!s:18} {told['seconds']:6.2f} {told['mb']:6.1f} {asked:6} {len(elsewhere):10}"
        for kind, _, told, asked, elsewhere in rows
    ]
    return "\n".join([head, *lines])
