"""Rules on the declared state alone: a table of small functions, so `validate` can prove them offline."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reconciler.core import building, cross_account, eligibility, graph, pairing, purchases, topology, unsettled
from reconciler.model.cloud import CloudClass, cloud_class
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.graph import Graph
from reconciler.model.live import Live
from reconciler.model.place import Span
from reconciler.model.rulebook import Rule
from reconciler.model.source import OssSource, PersonalSource
from reconciler.model.spec import Desired

RULES = (
    Rule(
        "R-IMP-3",
        "an import into the public cloud names no VPC",
        "On the public cloud image data of Personal Edition and of OSS moves through a VPC that is bound to the target "
        "instance. Other sources are no business of the service.",
        "Declare the binding under `vpcs` and name it as `vpc` of the import.",
        "service documentation, image import, step 1",
    ),
    Rule(
        "R-IMP-4",
        "several instances of a region enable the Personal Edition domain",
        "Only one Enterprise Edition instance per region can answer to the Personal Edition domain name.",
        "Leave `personal_domain: true` on one of them.",
        "service documentation, Personal Edition domain names",
    ),
    Rule(
        "R-IMP-8",
        "a step that only a person can take",
        "The service has no API for this step, so it can neither be done nor be checked from here.",
        "Take the step in the console; it is printed until the plan has nothing left to do.",
        "service documentation, image import",
    ),
    Rule(
        "R-NET-2",
        "an import uses a VPC that is bound to another instance",
        "The VPC binding that an import names has to belong to the import's target.",
        "Name a binding of the target instance.",
        "service documentation, image import, step 1",
    ),
)

Check = Callable[[Desired], Iterator[Diagnostic]]


def check(desired: Desired, dependency_graph: Graph) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with the declared state, whatever the cloud holds."""
    found = [diagnostic for rule in CHECKS for diagnostic in rule(desired)]
    laws = topology.check(topology.links(desired.replications), desired.settings.same_pair)
    found += laws
    # A topology that is illegal makes circles of its own, which the laws above describe better.
    cycle = None if laws else graph.find_cycle(dependency_graph)
    return (*found, cycle) if cycle else tuple(found)


def _import_vpc(desired: Desired) -> Iterator[Diagnostic]:
    bindings = {binding.key: binding for binding in desired.vpcs}
    for rule in desired.imports:
        target = desired.instance(rule.target)
        if target is None:
            continue
        by_service = isinstance(rule.source, PersonalSource | OssSource)
        if rule.vpc is None and by_service and cloud_class(target.region) is CloudClass.PUBLIC:
            yield Diagnostic(
                "R-IMP-3",
                Severity.ERROR,
                f"`{rule.address}` names no `vpc`, which an import in the public cloud needs",
                hint="declare a binding under `vpcs` and name it here as `vpc: <key>`",
                span=rule.places.span,
                address=str(rule.address),
            )
        binding = bindings.get(rule.vpc) if rule.vpc is not None else None
        if binding is not None and binding.instance != rule.target:
            yield Diagnostic(
                "R-NET-2",
                Severity.ERROR,
                f"VPC binding `{rule.vpc}` belongs to `{binding.instance}`, not to the import's target `{rule.target}`",
                hint=f"name a binding whose `instance` is `{rule.target}`",
                span=rule.places.at("vpc"),
                address=str(rule.address),
            )


def _personal_domain(desired: Desired) -> Iterator[Diagnostic]:
    first: dict[str, tuple[str, Span]] = {}
    for instance in desired.instances:
        if not instance.personal_domain:
            continue
        place = instance.places.at("personal_domain")
        if instance.region in first:
            key, _ = first[instance.region]
            yield Diagnostic(
                "R-IMP-4",
                Severity.ERROR,
                f"`{instance.key}` and `{key}` both enable the Personal Edition domain in `{instance.region}`",
                hint="leave `personal_domain: true` on one instance per region",
                span=place,
                address=str(instance.address),
            )
        else:
            first[instance.region] = (instance.key, place)


CHECKS: tuple[Check, ...] = (
    eligibility.check_declared,
    _import_vpc,
    _personal_domain,
    cross_account.check_declared,
    pairing.check_declared,
    purchases.undescribed,
    unsettled.check_plain_http,
    unsettled.check_one_scheme,
)


def prerequisites(desired: Desired, live: Live) -> Iterator[Diagnostic]:
    """Steps outside of any API that the declared state relies on."""
    for instance in desired.instances:
        if instance.personal_domain:
            yield _manual(
                f"enable the Personal Edition domain on `{instance.name}` ({instance.region}) in the console",
                instance.places.at("personal_domain"),
                str(instance.address),
            )
    for platform, repository in building.prerequisites(desired, live):
        name = next((i.name for i in desired.instances if i.key == repository.instance), repository.instance)
        yield _manual(
            f"bind the source-code platform {platform} to `{name}` in the console, for `{repository.name}`",
            repository.places.at("include" if repository.builds_origin else "source_code"),
            repository.builds_origin or str(repository.address),
        )
    for replication, summary, detail in cross_account.prerequisites(desired):
        yield _manual(summary, replication.places.at("account"), str(replication.address), detail)


def _manual(summary: str, span: Span, address: str, detail: str = "") -> Diagnostic:
    hint = "there is no API for this step: it can neither be done nor be checked from here"
    return Diagnostic("R-IMP-8", Severity.INFO, summary, detail, hint, span, address)
