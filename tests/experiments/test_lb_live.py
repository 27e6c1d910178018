from netlab.experiments.loadbalancing.live import Samples


def test_the_newest_line_of_each_backend_counts() -> None:
    samples = Samples()
    samples.take(b'["open", 1.0, "b1", 3, 5]\n["got", 1.1, "b1", 7, "GET"]\n')
    samples.take(b'["open", 1.2, "b2", 1, 1]\n["open", 1.3, "b1", 4, 5]\n')
    assert samples.now() == {"b1": (4, 5), "b2": (1, 1)}
    samples.take(b'["open", 1.4, "b2", 0, 1]\n')
    assert samples.now() == {"b1": (4, 5), "b2": (0, 1)}


def test_a_line_in_pieces_is_left_out() -> None:
    samples = Samples()
    samples.take(b'["open", 1.0, "b1", 3, 5]\n["open", 1.1, "b1", 9')
    assert samples.now() == {"b1": (3, 5)}
    samples.take(b', 9]\n["open"]\n["open", 1.2, "b1"]\n')
    assert samples.now() == {"b1": (3, 5)}
