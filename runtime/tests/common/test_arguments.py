"""What command lines have in common."""

import pytest
from small import NETWORKS, PACKAGE, Autoencoder

from litevae_runtime.common.arguments import command_parser
from litevae_runtime.training import command


def test_an_option_with_one_value_is_refused_twice(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(Autoencoder, NETWORKS, PACKAGE, ["--data", "a", "--output", "run", "--data=b"])
    assert ended.value.code == 2
    assert "error: --data is given twice" in capsys.readouterr().err


def test_options_with_several_values_add_up() -> None:
    parser = command_parser("package", "command", "", "")
    parser.add_argument("--set", nargs="+", action="extend", default=[])
    parser.add_argument("--one", default="1")
    options = parser.parse_args(["--set", "a", "b", "--set", "c"])
    assert (options.set, options.one) == (["a", "b", "c"], "1")


@pytest.mark.parametrize("given", [["--size", "128"], ["--size=128"]])
def test_an_option_is_known_by_its_whole_name_alone(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    parser = command_parser("package", "command", "", "")
    parser.add_argument("--sizes")
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(given)
    assert ended.value.code == 2
    assert f"error: unrecognized arguments: {' '.join(given)}" in capsys.readouterr().err
