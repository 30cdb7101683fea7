"""Names that more than one distribution takes, in words."""

from __future__ import annotations

from collections.abc import Collection

from spectra.registry import OWN_DISTRIBUTION, Plugin, registry


def rivals(plugin: Plugin, reserved: Collection[str]) -> list[str]:
    """The other distributions that take the name of a plugin; ``reserved`` are the commands built into Spectra."""
    if not plugin.admitted:
        return []
    others = [it.distribution for it in registry(plugin.group).plugins if it.name == plugin.name and it != plugin]
    built_in = plugin.group == "commands" and plugin.name in reserved
    return [OWN_DISTRIBUTION, *others] if built_in else others


def clash(plugin: Plugin, reserved: Collection[str]) -> str | None:
    """What a clash means for one plugin: who else takes the name, whom it means, and how to tell them apart."""
    others = rivals(plugin, reserved)
    if not others:
        return None
    if plugin.own:
        return f"the name is also taken by {', '.join(others)}; {plugin.name!r} alone means this one"
    meaning = f"means that of {OWN_DISTRIBUTION}" if OWN_DISTRIBUTION in others else "is refused"
    return (
        f"the name is also taken by {', '.join(others)}; {plugin.name!r} alone {meaning}: "
        f"write {plugin.full_name!r} for this one"
    )
