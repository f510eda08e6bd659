"""Replication into instances of other accounts: what has to be declared, what a person there has to do, and what nobody
here can know."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.diagnostic import Diagnostic, Related, Severity
from reconciler.model.live import LiveSyncRule
from reconciler.model.place import Span
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Desired, InternetEndpoint, Level, Namespace, ReplicationRule, Repository, VpcBinding

RULES = (
    Rule(
        "R-REP-4",
        "the target in another account has no id",
        "The instances of another account cannot be listed, so a target there is known by its id alone.",
        "Declare the target instance with `id: cri-...`, which the other account can tell.",
        "service documentation, replication across accounts",
    ),
    Rule(
        "R-REP-6",
        "what is in another account cannot be known",
        "The service takes the id of the account that owns a target and never tells it again, so another id in the "
        "YAML changes nothing and cannot be seen as drift. What the target holds cannot be listed: existing images "
        "are neither compared nor backfilled there.",
        "When the account changed, delete the rule and apply again. Look at the target with the other account's key.",
        "CreateRepoSyncRule and ListRepoSyncRule of the API cr 2018-12-01, parameter TargetUserId",
    ),
    Rule(
        "R-REP-7",
        "an instance is declared as another account's and as one's own",
        "A target with `account.user_id` belongs to that account: rules of one spec name one account for it, and what "
        "lies in it is not managed from here.",
        "Give every rule to it the same `account`, and manage its content from a spec of the other account.",
    ),
)


def owners(desired: Desired) -> dict[str, str]:
    """The keys of instances that belong to other accounts, with the ids of those."""
    return {rule.target: rule.user_id for rule in desired.replications if rule.user_id is not None}


def check_declared(desired: Desired) -> Iterator[Diagnostic]:
    owned = owners(desired)
    for rule in desired.replications:
        target = desired.instance(rule.target)
        if rule.user_id is not None and target is not None and target.id is None:
            yield Diagnostic(
                "R-REP-4",
                Severity.ERROR,
                f"`{rule.target}` belongs to account {rule.user_id} and has no `id`, by which alone it can be found",
                hint=f"declare `id` of `instances.{rule.target}`; the other account can tell it",
                span=rule.places.at("target"),
                address=str(rule.address),
            )
    for key, user_id in sorted(owned.items()):
        first = next(rule for rule in desired.replications if rule.target == key and rule.user_id == user_id)
        said = Related(first.places.at("account"), f"belongs to account {user_id} by {first.address}")
        for address, span, use in _used_as_own(desired, key, user_id):
            yield Diagnostic(
                "R-REP-7",
                Severity.ERROR,
                f"`{key}` belongs to account {user_id}, and {use}",
                hint="give every rule to it the same `account`, and manage it from a spec of the other account",
                span=span,
                address=address,
                related=(said,),
            )


def _used_as_own(desired: Desired, key: str, user_id: str) -> Iterator[tuple[str, Span, str]]:
    for rule in desired.replications:
        if rule.source == key:
            yield str(rule.address), rule.places.at("source"), "it cannot be a source from here"
        if rule.target == key and rule.user_id != user_id:
            owner = "this account" if rule.user_id is None else f"account {rule.user_id}"
            yield str(rule.address), rule.places.at("target"), f"`{rule.address}` takes it for one of {owner}"
    for imported in desired.imports:
        if imported.target == key:
            yield str(imported.address), imported.places.at("target"), "nothing can be imported into it from here"
    inside: list[Namespace | Repository | InternetEndpoint | VpcBinding]
    inside = [*desired.namespaces, *desired.repositories, *desired.endpoints, *desired.vpcs]
    for resource in inside:
        if resource.instance == key:
            yield str(resource.address), resource.places.span, "what lies in it cannot be managed from here"


def prerequisites(desired: Desired) -> Iterator[tuple[ReplicationRule, str, str]]:
    """For each rule into another account what has to be done there, as a sentence and its details."""
    for rule in desired.replications:
        target = desired.instance(rule.target)
        if rule.user_id is not None and target is not None and target.id is not None:
            place = f"acs:cr:{target.region}:{rule.user_id}:repository/{target.id}/{_content(rule)}"
            summary = (
                f"account {rule.user_id} has to let the account of `{rule.source}` replicate into `{rule.target}`, "
                "with a RAM role and a policy"
            )
            yield rule, summary, f"the policy is about `{place}`; {_needed(rule)}"


def _content(rule: ReplicationRule) -> str:
    match rule.level:
        case Level.INSTANCE:
            return "*"
        case Level.NAMESPACE:
            return f"{rule.namespace}/*"
        case Level.REPOSITORY:
            return f"{rule.namespace}/{rule.repository}"


def _needed(rule: ReplicationRule) -> str:
    match rule.level:
        case Level.INSTANCE:
            return "the namespaces have to be there too, and create repositories as images arrive"
        case Level.NAMESPACE:
            return f"namespace `{rule.namespace}` has to be there too, and create repositories as images arrive"
        case Level.REPOSITORY:
            return f"repository `{rule.namespace}/{rule.repository}` has to be there too"


def unknowable(rule: ReplicationRule, live: LiveSyncRule | None) -> Iterator[Diagnostic]:
    """What neither a plan nor drift can see of a rule into another account; `live` is the rule when it exists."""
    if rule.user_id is None:
        return
    if live is not None and not live.cross_account:
        yield Diagnostic(
            "R-REP-7",
            Severity.ERROR,
            f"`{rule.target}` is declared as account {rule.user_id}'s, and the live rule is one inside this account",
            hint="remove `account`, or correct the `id` of the target",
            span=rule.places.at("account"),
            address=str(rule.address),
        )
        return
    yield Diagnostic(
        "R-REP-6",
        Severity.INFO,
        f"the service does not tell whether `{rule.address}` names account {rule.user_id}, nor what `{rule.target}` "
        "holds",
        detail="another `account.user_id` changes nothing, and images are neither compared nor backfilled there",
        hint="delete the rule and apply again when the account changed",
        span=rule.places.at("account"),
        address=str(rule.address),
    )
