"""Events and responses as JSON, by the C scanner and encoder of `_json` alone: the `json` package would load `re`."""

import sys

import _json


class _Scanning:
    """What the C scanner asks of its decoder: json.JSONDecoder()'s defaults."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = {"-Infinity": float("-inf"), "Infinity": float("inf"), "NaN": float("nan")}.__getitem__
    memo = {}


_scan = _json.make_scanner(_Scanning)


def _refuse(value):
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


# awslambdaric leaves non-ASCII characters as they are from python3.12 on.
if sys.version_info >= (3, 12):
    _quote = _json.encode_basestring
else:
    _quote = _json.encode_basestring_ascii


_SPACE = " \t\n\r"


def parse(text):
    """The event. What the fast way cannot read is left to `json`, for the words of its complaint."""
    if type(text) is not str:
        text = str(text, "utf-8")
    try:
        start = len(text) - len(text.lstrip(_SPACE)) if text[:1] in _SPACE else 0
        value, end = _scan(text, start)
        if end == len(text) or not text[end:].strip(_SPACE):
            return value
    except (StopIteration, ValueError, SystemError):
        pass  # SystemError: the scanner of 3.8 to 3.11, when it wants an exception type of a `json` not loaded
    import json

    return json.loads(text)


_tuple_types = 0
_named_tuples = False


def _has_named_tuples():
    """Whether anyone made a named tuple: it is to become an object, and the C encoder would write an array."""
    global _tuple_types, _named_tuples
    types = tuple.__subclasses__()
    if len(types) != _tuple_types:
        _tuple_types = len(types)
        _named_tuples = any(hasattr(kind, "_asdict") for kind in types)
    return _named_tuples


def _has_tuple(value):
    """Whether a list or dict has a tuple in it, or a list or dict of a class of its own."""
    seen = set()
    found = [value]
    while found:
        container = found.pop()
        if id(container) in seen:
            continue
        seen.add(id(container))
        for item in container.values() if type(container) is dict else container:
            kind = type(item)
            if kind is dict or kind is list:
                found.append(item)
            elif isinstance(item, (tuple, dict, list)):
                return True
    return False


def render(value):
    """JSON text as awslambdaric's simplejson writes it."""
    kind = type(value)
    if kind is str:
        return _quote(value)
    if value is None:
        return "null"
    if (kind is dict or kind is list) and not (_has_named_tuples() and _has_tuple(value)):
        try:
            return "".join(_json.make_encoder({}, _refuse, _quote, None, ": ", ", ", False, False, True)(value, 0))
        except (TypeError, AttributeError):
            pass  # a Decimal, bytes, a key that is neither: the careful way knows
    from . import marshal

    return marshal.render(value, _quote, _refuse)
