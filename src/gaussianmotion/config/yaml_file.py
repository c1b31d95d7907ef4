"""YAML files of the user's: read strictly, with mistakes named by file and line."""

from pathlib import Path
from typing import Any

import yaml

from gaussianmotion.runtime.errors import UserError

_MERGE = "tag:yaml.org,2002:merge"


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses what YAML allows and nobody means.

    A key written twice, of which YAML would keep the last; and a key that is no text, such as
    ``on``, which YAML reads as true.
    """

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        # Made depth first, a mapping that holds itself (`a: &x {b: *x}`) is an error, no endless
        # structure.
        return super().construct_object(node, deep=True)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:  # `<<: *base`, whose keys may be replaced
                continue
            key = self.construct_object(key_node)
            if not isinstance(key, str) or key in seen:
                wrong = "is written twice" if isinstance(key, str) else "is no text; quote it"
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {_written(key_node)} {wrong}", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _written(node: yaml.Node) -> str:
    return repr(node.value) if isinstance(node, yaml.ScalarNode) else "in brackets"


def parse_yaml(text: str) -> Any:
    """The value of one YAML document.

    Raises:
        yaml.YAMLError: it is not YAML, holds objects of Python's, a key twice or one that is no
            text.
    """
    return yaml.load(text, Loader=_StrictLoader)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read one YAML file that holds a mapping (an empty file is an empty mapping).

    Raises:
        UserError: no such file, not UTF-8, not YAML (see :func:`parse_yaml`), or no mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; name an existing YAML file") from None
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{path}: cannot be read ({reason}); give a YAML file") from error
    except UnicodeDecodeError:
        raise UserError(f"{path}: is not text in UTF-8; save it so") from None
    try:
        data = parse_yaml(text)
    except yaml.MarkedYAMLError as error:
        line = _line(text, error.problem_mark.index if error.problem_mark else 0)
        raise UserError(f"{path}, line {line}: {_problem(error)}") from error
    except yaml.reader.ReaderError as error:
        line = _line(text, error.position)
        raise UserError(
            f"{path}, line {line}: holds the character {chr(int(error.character))!r}; remove it"
        ) from error
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not valid YAML ({error})") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UserError(f"{path}: a mapping is needed, as in `key: value`")
    return data


def _line(text: str, index: int) -> int:
    """The line of a character as editors count; YAML also breaks lines at rarer characters."""
    return text.count("\n", 0, index) + 1


def _problem(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "not valid YAML"
    if "'\\t'" in problem:
        return f"{problem}; indent with spaces"
    # "expected the node content" alone does not say of what.
    return f"{error.context}: {problem}" if error.context else problem
