"""The careful JSON encoder, for responses with what the C encoder does not know.

What comes out is what simplejson writes for awslambdaric: Decimals as numbers, digit for digit; bytes as text; named
tuples as objects.
"""

import sys

import _json


class _Raw(str):
    """JSON text that stands for itself."""


def _number(value):
    decimal = sys.modules.get("decimal")
    if decimal is None or not isinstance(value, decimal.Decimal):
        return None
    return float("nan") if value.is_nan() else _Raw(value)


def _plain(value, path, refuse):
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8")
    named = getattr(value, "_asdict", None) if isinstance(value, tuple) else None
    if isinstance(value, (dict, list, tuple)):
        if id(value) in path:
            raise ValueError("Circular reference detected")
        path.add(id(value))
        if named is not None:
            value, entered = named(), id(value)
        else:
            entered = id(value)
        if isinstance(value, dict):
            result = {}
            for key, item in value.items():
                if isinstance(key, bytes):
                    key = key.decode("utf-8")
                elif not (key is None or isinstance(key, (str, int, float))):
                    raise TypeError(
                        "keys must be str, int, float, bool or None, not " + type(key).__name__
                    )
                result[key] = _plain(item, path, refuse)
        else:
            result = [_plain(item, path, refuse) for item in value]
        path.discard(entered)
        return result
    number = _number(value)
    return refuse(value) if number is None else number


def render(value, quote, refuse):
    def text(string):
        return str.__str__(string) if type(string) is _Raw else quote(string)

    plain = _plain(value, set(), refuse)
    if type(plain) is _Raw:
        return str.__str__(plain)
    return "".join(_json.make_encoder({}, refuse, text, None, ": ", ", ", False, False, True)([plain], 0))[1:-1]
