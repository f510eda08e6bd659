"""The rules of syntax, schema and names. An id is never given to another rule."""

from __future__ import annotations

from reconciler.model.rulebook import Rule

_CORE_SCHEMA = "https://yaml.org/spec/1.2.2/#103-core-schema"

RULES: tuple[Rule, ...] = (
    Rule(
        "R-SPEC-1",
        "a path cannot be read",
        "Every path on the command line has to be a readable file, or a folder with at least one `*.yaml` or `*.yml` "
        "file below it, the ending in small or big letters. Hidden files and folders inside a folder are left out.",
        "Name a path that exists, or check its permissions.",
    ),
    Rule(
        "R-SPEC-2",
        "text is UTF-8 without control characters",
        "A file that is not UTF-8, or that holds control characters, is not YAML; a value with control characters, "
        "even an escaped one, fits no field.",
        "Save the file as UTF-8 and remove the character.",
        "https://yaml.org/spec/1.2.2/#51-character-set",
    ),
    Rule(
        "R-SPEC-3",
        "the file is not valid YAML",
        "The rest of the file could not be read from this place on. References into the unread part are not reported.",
        "Check quotes, brackets and indentation around the line; indent with spaces.",
        "https://yaml.org/spec/1.2.2/",
    ),
    Rule(
        "R-SPEC-4",
        "a key is given twice in one mapping",
        "Most YAML readers silently keep the last of two equal keys, so half of what was written would be lost.",
        "Keep one of the two.",
        "https://yaml.org/spec/1.2.2/#3211-nodes",
    ),
    Rule(
        "R-SPEC-5",
        "a file is within bounds",
        "A file has at most 4 MiB, values nest at most 64 levels deep, aliases expand to at most a million values and "
        "contain no alias to themselves.",
        "Split the file, or write aliased values out.",
    ),
    Rule(
        "R-SPEC-6",
        "YAML features that are not accepted",
        "Keys are plain text. Tags other than those of the core schema, infinite numbers, empty keys and merging `<<` "
        "of anything but mappings have no meaning here.",
        "Write the value plainly.",
        _CORE_SCHEMA,
    ),
    Rule(
        "R-SPEC-7",
        "an interpolation cannot be resolved",
        "`${ENV:NAME}` takes the value of an environment variable, and nothing else is interpolated. Variables whose "
        "names say that they hold a secret are refused, because values end up in plans and reports.",
        "Set the variable, or write the value.",
    ),
    Rule(
        "R-SPEC-8",
        "something is declared twice",
        "Files and documents are joined by key. Nothing overrides anything, so a key that two of them declare is an "
        "error, whatever the values are.",
        "Keep one of the two declarations.",
    ),
    Rule(
        "R-SPEC-9",
        "every document says its version",
        "Each document starts with `version: 1`, so that each file means the same alone and together with others.",
        "Add `version: 1`.",
    ),
    Rule(
        "R-SPEC-10",
        "a key is not known",
        "A key that nobody reads is a misspelling or belongs elsewhere; ignoring it would ignore a wish.",
        "Correct the key; `reconciler schema spec.v1` prints all of them.",
    ),
    Rule(
        "R-SPEC-11",
        "a key is missing",
        "Some fields have no sensible default, such as the region of an instance.",
        "Add the key.",
    ),
    Rule(
        "R-SPEC-12",
        "a value is of the wrong kind",
        "For example a list where a mapping is meant, or `yes`, which is text in YAML 1.2, where `true` is meant.",
        "Write a value of the kind that is meant.",
        _CORE_SCHEMA,
    ),
    Rule(
        "R-SPEC-13",
        "text that YAML reads as something else",
        "Unquoted, `1.10` is the number 1.1 and `2024` a number too. Where text is meant, such as a tag, guessing how "
        "it was written would pick another tag.",
        'Quote it: `"1.10"`.',
        _CORE_SCHEMA,
    ),
    Rule(
        "R-SPEC-14",
        "a value is not one of the choices",
        "The field takes one of a closed list of values.",
        "Use one of the values that the message names.",
    ),
    Rule(
        "R-SPEC-15",
        "a value is malformed or out of range",
        "The value is of the right kind, but the field has a form or a range that it does not have.",
        "Write the value as the message says.",
    ),
    Rule(
        "R-SPEC-16",
        "a reference points at nothing",
        "`target`, `source`, `targets`, `instance` and `vpc` are keys of what the spec declares under `instances` and "
        "`vpcs`; `rename` names namespaces that its import brings.",
        "Correct the key, or declare what it names.",
    ),
    Rule(
        "R-SPEC-17",
        "something is listed twice",
        "A list of targets, namespaces or CIDR blocks names each once.",
        "Remove one of the two.",
    ),
    Rule(
        "R-SPEC-18",
        "the regex of a replication is not valid",
        "`replications.*.tags` is RE2 syntax and is matched against the whole tag.",
        "Correct the regex as the message says.",
        "https://github.com/google/re2/wiki/Syntax",
    ),
    Rule(
        "R-SPEC-19",
        "two fields exclude one another",
        "An instance is found by `id` or by `name`; `repository` belongs to `level: repository`, `namespace` not to "
        "`level: instance`, and the filters `namespaces` and `repositories` to levels that have something to filter.",
        "Keep one of the two.",
    ),
    Rule(
        "R-SPEC-20",
        "a key that belongs in a seed",
        "`personal`, `networks` and `images` describe what the local cloud begins with. Personal Edition is a source "
        "of imports, networks are what instances are bound to, and neither is managed; images get into a registry by "
        "imports, replications and pushes.",
        "Remove it from the spec, or pass the file to `reconciler emulator --seed`.",
    ),
    Rule(
        "R-SPEC-22",
        "one instance under two keys",
        "Two keys with the same `id`, or the same name in the same region, are one instance in the cloud.",
        "Declare the instance under one key.",
    ),
    Rule(
        "R-SPEC-23",
        "a region with instances of several accounts",
        "Calls about networks, roles and orders name a region and no instance. Where the instances of a region belong "
        "to several accounts, nobody could say whose network or order is meant.",
        "Declare the instances of the other account in files of their own, and run the program for each.",
    ),
    Rule(
        "R-SPEC-24",
        "nothing is declared",
        "The files declare no instance and nothing else, so whatever is live would be as declared. That is a text that "
        "came out empty more often than something that somebody means; nothing is ever deleted because of it, either.",
        "Declare at least one instance, or name another path.",
    ),
    Rule(
        "R-NAME-1",
        "the name of an instance",
        "3 to 30 lower-case letters, digits and `-`, with no `-` at either end. The name is part of the registry's "
        "host name. A key that stands in for the name and cannot be one is a warning.",
        "Give a `name` of that form, or the `id`.",
        "CreateInstance of the API BssOpenApi 2017-12-14, parameter InstanceName",
    ),
    Rule(
        "R-NAME-2",
        "the name of a namespace",
        "2 to 120 lower-case letters, digits and the separators `.`, `_` and `-`, with no separator at either end.",
        "Correct the name.",
        "CreateNamespace of the API cr 2018-12-01",
    ),
    Rule(
        "R-NAME-3",
        "the name of a repository",
        "Under `instances.*.repositories` it is `namespace/name`; in a replication it is the name alone. The name is 2 "
        "to 120 lower-case letters, digits and the separators `.`, `_`, `-` and `/`, with no separator at either end.",
        "Correct the name.",
        "CreateRepository of the API cr 2018-12-01",
    ),
    Rule(
        "R-NAME-4",
        "a key of the spec",
        "Keys make up addresses: letters, digits, `-` and `_`, at most 63. The key of a replication is the rule's name "
        "in the cloud, and may hold anything but square brackets and space at its ends.",
        "Choose another key; the name in the cloud is a field of its own.",
    ),
    Rule(
        "R-NAME-5",
        "a region",
        "A region is given by its id. An id that is well formed but not in the built-in list is a warning, since "
        "regions are added without notice.",
        "Check the id of the region.",
        "document 215426 of help.aliyun.com",
    ),
    Rule(
        "R-REP-5",
        "rules of a whole instance are switched off",
        "The scope INSTANCE is newer than the rest of the API: some regions refuse it.",
        "Set `settings.replication.instance_scope: true`, or declare a rule for each namespace.",
        "CreateRepoSyncRule of the API cr 2018-12-01, parameter SyncScope",
    ),
    Rule(
        "R-IMP-1",
        "the regex of an import is not valid",
        "`imports.*.images.tags` is RE2 syntax and is matched against the whole tag.",
        "Correct the regex as the message says.",
        "https://github.com/google/re2/wiki/Syntax",
    ),
    Rule(
        "R-IMP-2",
        "how many images an import takes",
        "`latest` goes from 0, which imports settings and no image, to 1000. Without it every image is imported.",
        "Write a number from 0 to 1000, or remove `latest`.",
        "the service's own limit for image import",
    ),
)
