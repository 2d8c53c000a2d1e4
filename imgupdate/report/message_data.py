"""What a commit message's template is given: Flux's data (spec/flux.md 5.8), and what older versions had (appendix C).

The types have the names that they have in Flux, since `%T`, `typeOf` and error messages show them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from imgupdate.report.message_images import IMAGE, Images
from imgupdate.report.message_types import NAMESPACED_NAME, fields, method, namespaced_name
from imgupdate.results import Change, ObjectIdentifier, ObjectKey
from imgupdate.templates import well_formed
from imgupdate.templates.values import STRING, STRING_MAP, Map, Slice, Struct, StructField, StructType, sort_key

DOCUMENTATION = "https://fluxcd.io/flux/components/image/imageupdateautomations/#message-template"
NO_UPDATED = (
    "template uses removed '.Updated' field (RemovedTemplateField)",
    "use '.Changed' instead, for example {{range .Changed.Changes}}{{.OldValue}} -> {{println .NewValue}}{{end}}: see "
    + DOCUMENTATION,
)
NO_IMAGE_RESULT = (
    "template uses removed '.Changed.ImageResult' field (RemovedTemplateField)",
    "use '.Changed.FileChanges' or '.Changed.Objects' instead: see " + DOCUMENTATION,
)
IDENTIFIER_NAME = "update.ObjectIdentifier"
CHANGE = StructType(name="update.Change", fields=fields(("OldValue", STRING), ("NewValue", STRING), ("Setter", STRING)))


def embedding(name: str, *parts: StructType) -> StructType:
    """A struct type that embeds others, and has nothing of its own."""
    return StructType(
        name=name, fields=tuple(StructField(part.name.rpartition(".")[2], part.name, embedded=True) for part in parts)
    )


def tagged(name: str, **names: str) -> StructType:
    """A struct type of strings whose fields have names of their own in JSON."""
    return StructType(name=name, fields=tuple(StructField(field, STRING, json=tag) for field, tag in names.items()))


TYPE_META = tagged("yaml.TypeMeta", APIVersion="apiVersion", Kind="kind")
NAME_META = tagged("yaml.NameMeta", Name="name", Namespace="namespace")
RESOURCE_IDENTIFIER = embedding("yaml.ResourceIdentifier", TYPE_META, NAME_META)
OBJECT_IDENTIFIER = embedding(IDENTIFIER_NAME, RESOURCE_IDENTIFIER)


@dataclass(frozen=True, slots=True)
class Derived:
    """What the methods of a result give: its items each once, and those of each object."""

    items: Slice
    objects: Map


def _items(result: Struct) -> object:
    return result.inner.items if isinstance(result.inner, Derived) else None


def _objects(result: Struct) -> object:
    return result.inner.objects if isinstance(result.inner, Derived) else None


def by_object(item: StructType) -> str:
    """The type of a map from objects to slices."""
    return f"map[{IDENTIFIER_NAME}][]{item.name}"


FILE_RESULT = StructType(name="update.FileResult", fields=fields(("Objects", by_object(IMAGE))))
IMAGE_RESULT = StructType(
    name="update.Result",
    fields=fields(("Files", "map[string]update.FileResult")),
    methods={**method("Images", _items), **method("Objects", _objects)},
)
_FILE_CHANGES = ("FileChanges", f"map[string]{by_object(CHANGE)}")
_CHANGE_METHODS = {**method("Changes", _items), **method("Objects", _objects)}
RESULT = StructType(
    name="update.Result",
    fields=fields(_FILE_CHANGES),
    methods=_CHANGE_METHODS,
    removed={"ImageResult": NO_IMAGE_RESULT},
)
OLD_RESULT = StructType(
    name="update.ResultV2",
    fields=fields(("ImageResult", IMAGE_RESULT.name), _FILE_CHANGES),
    methods=_CHANGE_METHODS,
)
_NAME_AND_VALUES = (("AutomationObject", NAMESPACED_NAME.name), ("Values", STRING_MAP))
DATA = StructType(
    name="source.TemplateData",
    fields=fields(_NAME_AND_VALUES[0], ("Changed", RESULT.name), _NAME_AND_VALUES[1]),
    removed={"Updated": NO_UPDATED},
)
OLD_DATA = StructType(
    name="controller.TemplateData",
    fields=fields(
        _NAME_AND_VALUES[0], ("Updated", IMAGE_RESULT.name), ("Changed", OLD_RESULT.name), _NAME_AND_VALUES[1]
    ),
)


Grouped = Mapping[str, Mapping[Struct, Sequence[Struct]]]
"""Items by file and object, in document order."""


def template_data(
    key: ObjectKey,
    changes: Sequence[Change],
    *,
    under: str = "",
    values: Mapping[str, str],
    legacy: bool,
    images: Mapping[ObjectKey, str],
) -> Struct:
    """The data for the changes of one commit; files are named relative to the directory `under`."""
    automation = namespaced_name(key)
    given = Map(STRING, STRING, {well_formed(name): well_formed(text) for name, text in values.items()})
    found = _grouped(changes, under, _change)
    files = Map(STRING, by_object(CHANGE), {file: _objects_map(made, CHANGE) for file, made in found.items()})
    derived = _derived(found, CHANGE)
    if not legacy:
        return Struct(DATA, (automation, Struct(RESULT, (files,), derived), given))
    updated = _updated(_grouped(changes, under, Images(changes, images).of))
    return Struct(OLD_DATA, (automation, updated, Struct(OLD_RESULT, (updated, files), derived), given))


def _updated(found: Grouped) -> Struct:
    """What `.Updated` was: each object's images, each once."""
    once = {file: {key: tuple(dict.fromkeys(made)) for key, made in inner.items()} for file, inner in found.items()}
    results = {file: Struct(FILE_RESULT, (_objects_map(inner, IMAGE),)) for file, inner in once.items()}
    return Struct(IMAGE_RESULT, (Map(STRING, FILE_RESULT.name, dict(results)),), _derived(once, IMAGE))


def _change(change: Change) -> Struct:
    return Struct(CHANGE, tuple(map(well_formed, (change.old, change.new, change.marker.setter))))


def _identifier(found: ObjectIdentifier) -> Struct:
    type_meta = Struct(TYPE_META, (well_formed(found.api_version), well_formed(found.kind)))
    name_meta = Struct(NAME_META, (well_formed(found.name), well_formed(found.namespace)))
    return Struct(OBJECT_IDENTIFIER, (Struct(RESOURCE_IDENTIFIER, (type_meta, name_meta)),))


def relative(path: str, under: str) -> str:
    """A file's name as seen from a directory above it; as it is where that is not above it."""
    return path.removeprefix(f"{under}/") if under else path


def _grouped(changes: Iterable[Change], under: str, make: Callable[[Change], Struct]) -> Grouped:
    """The items that stand for changes."""
    found: dict[str, dict[Struct, list[Struct]]] = {}
    for change in changes:
        marker = change.marker
        file = well_formed(relative(marker.location.path, under))
        found.setdefault(file, {}).setdefault(_identifier(marker.object), []).append(make(change))
    return found


def _objects_map(found: Mapping[Struct, Iterable[Struct]], item: StructType) -> Map:
    return Map(IDENTIFIER_NAME, f"[]{item.name}", {key: Slice.of(made, item.name) for key, made in found.items()})


def _derived(found: Grouped, item: StructType) -> Derived:
    """What Flux's methods give in the order of its maps, here that of files, objects and documents."""
    objects: dict[Struct, list[Struct]] = {}
    items: list[Struct] = []
    for file in sorted(found, key=sort_key):
        for key in sorted(found[file], key=sort_key):
            items += found[file][key]
            objects.setdefault(key, []).extend(found[file][key])
    every = Slice(item.name, tuple(dict.fromkeys(items)), nil=not items)
    return Derived(every, _objects_map(objects, item))
