"""Comments of Terraform files: found outside strings, and nowhere else."""

from __future__ import annotations

import pytest

from checker.inputs.comments import hcl_comments
from checker.policy.source import Source

IGNORE = 'checker:ignore=fifo-topic reason="x"'


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"# {IGNORE}\na = 1\n", [2]),
        (f"// {IGNORE}\na = 1\n", [2]),
        (f"a = 1 # {IGNORE}\n", [1]),
        (f"# {IGNORE}\n\n// more\n# and more\na = 1\n", [5]),
        (f'a = "# {IGNORE}"\n', []),
        (f'a = "${{b("}}", "# {IGNORE}")}} # {IGNORE}"\n', []),
        (f'a = "x" # {IGNORE}\n', [1]),
        (f'a = "${{b("y")}}" # {IGNORE}\n', [1]),
        (f'a = "\\"" # {IGNORE}\n', [1]),
        (f'a = "$${{" # {IGNORE}\n', [1]),
        (f"a = <<EOT\n # {IGNORE}\nEOT\n# {IGNORE}\nb = 1\n", [5]),
        (f"a = <<-EOT\n # {IGNORE}\n  EOT\nb = 1 # {IGNORE}\n", [4]),
        (f'# a quote " in a comment\na = 1 # {IGNORE}\n', [2]),
        (f'/* a quote " */ a = 1 # {IGNORE}\n', [1]),
        (f'a = "unterminated # {IGNORE}\nb = 1 # {IGNORE}\n', [2]),
        (f'a = "${{ {{ x = "}}" }} }}" # {IGNORE}\n', [1]),
    ],
)
def test_a_comment_is_found_outside_strings_alone(text: str, lines: list[int]) -> None:
    assert [one.line for one in hcl_comments(Source("main.tf", text))] == lines
