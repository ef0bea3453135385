"""Themes that have a new name: what is counted under the old ones is counted under the new one. Pure."""

from collections.abc import Sequence

import msgspec

from schemas.ids import series_partition


class Rename(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table ``[[ingest.counting.renamed]]``.

    Attributes:
        old: names that the theme had before, in the file ``from``. The first one's series goes on under the new name,
            with its open signals and with what is usual for it; those of the others end.
        new: its name now, in the file ``to``.
    """

    old: tuple[str, ...] = msgspec.field(name="from")
    new: str = msgspec.field(name="to")


class Names:
    """What themes are called now, and where their series are.

    >>> names = Names([Rename(old=("signin", "log-in"), new="login")])
    >>> names.now("log-in"), names.now("fees"), names.first("login"), names.first("fees")
    ('login', 'fees', 'signin', 'fees')
    """

    __slots__ = ("_first", "changed")

    def __init__(self, given: Sequence[Rename]) -> None:
        """Read what was renamed.

        Raises:
            ValueError: naming the table, if a name is given twice, or a new name has been renamed itself.
        """
        self.changed: dict[str, str] = {}
        self._first: dict[str, str] = {}
        for index, each in enumerate(given):
            where = f"renamed[{index}]"
            if not each.old or not all((*each.old, each.new)):
                raise ValueError(f"{where}: expected a name or more in `from`, and one in `to`")
            if each.new in self._first:
                raise ValueError(f'{where}.to: "{each.new}" is named above; list all old names in one table')
            for old in each.old:
                if old in self.changed or old == each.new:
                    raise ValueError(f'{where}.from: "{old}" cannot have two new names, nor be its own')
                self.changed[old] = each.new
            self._first[each.new] = each.old[0]
        for new in self._first:
            if new in self.changed:
                later = self.changed[new]
                raise ValueError(f'renamed: "{new}" is now "{later}"; list its old names in the table of "{later}"')

    def now(self, theme: str) -> str:
        """What a theme is called now."""
        return self.changed.get(theme, theme)

    def first(self, theme: str) -> str:
        """The name whose series goes on under the name that a theme has now."""
        return self._first.get(theme, theme)

    def partition(self, tenant: str, theme: str, partitions: int) -> int:
        """Where a theme's series is: it stays where it was under its first name."""
        return series_partition(tenant, self.first(theme), partitions)


NO_NEW_NAMES = Names(())
