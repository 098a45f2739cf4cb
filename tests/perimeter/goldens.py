"""Golden cases: what AWS decides, from its documentation.

Each was run once through another evaluator, `@cloud-copilot/iam-simulate` 0.1.173; where the two differ, a comment says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from perimeter.documents import Document, parse
from perimeter.evaluate import Policies, Request
from perimeter.patterns import Value
from perimeter.principals import Principal

HOME = "111122223333"
ABROAD = "444455556666"
BUCKET = "arn:aws:s3:::bucket"
OBJECT = f"{BUCKET}/folder/file"
KEY = f"arn:aws:kms:eu-west-1:{HOME}:key/0a1b2c3d-0000-4000-8000-000000000000"
ROLE = f"arn:aws:iam::{HOME}:role/path/Worker"
SESSION = f"arn:aws:sts::{HOME}:assumed-role/Worker/session"
USER = f"arn:aws:iam::{HOME}:user/alice"
ROOT = f"arn:aws:iam::{HOME}:root"
DEPLOYER = f"arn:aws:iam::{HOME}:role/Deployer"
FOREIGNER = f"arn:aws:iam::{ABROAD}:role/Reader"
TRUSTED = f"arn:aws:iam::{HOME}:role/Trusted"

WORKER = Principal.role(ROLE)
ALICE = Principal.user(USER)
READER = Principal.role(FOREIGNER)
LOGGING = Principal.service("logging.s3.amazonaws.com")
NOBODY = Principal.anonymous()

Part = dict[str, object]


def statement(effect: str, action: object, resource: object, **elements: object) -> Part:
    """A statement, with further elements by name."""
    return {"Effect": effect, "Action": action, **({"Resource": resource} if resource else {}), **elements}


def allow(action: object = "*", resource: object = "*", **elements: object) -> Part:
    return statement("Allow", action, resource, **elements)


def deny(action: object = "*", resource: object = "*", **elements: object) -> Part:
    return statement("Deny", action, resource, **elements)


@dataclass(frozen=True, kw_only=True)
class Decided:
    """A request, the policies by lists of statements, and the decision."""

    what: str
    allowed: bool
    by: str = ""
    principal: Principal = WORKER
    action: str = "s3:GetObject"
    resource: str = OBJECT
    account: str = HOME
    context: Mapping[str, Value | None] = field(default_factory=dict[str, "Value | None"])
    identity: Sequence[Part] = ()
    boundary: Sequence[Part] | None = None
    session: Sequence[Part] | None = None
    attached: Sequence[Part] | None = None
    endpoint: Sequence[Part] | None = None
    levels: Sequence[Sequence[Part]] = ()
    controls: Sequence[Part] = ()

    @property
    def request(self) -> Request:
        return Request(
            principal=self.principal,
            action=self.action,
            resource=self.resource,
            account=self.account,
            context=self.context,
        )

    @property
    def policies(self) -> Policies:
        return Policies(
            identity=[document(self.identity, "identity policy")] if self.identity else (),
            boundary=None if self.boundary is None else document(self.boundary, "boundary"),
            session=None if self.session is None else document(self.session, "session policy"),
            resource=None if self.attached is None else document(self.attached, "resource policy"),
            endpoint=None if self.endpoint is None else document(self.endpoint, "endpoint policy"),
            service_control=[[document(level, "service control policy")] for level in self.levels],
            resource_control=[document(self.controls, "resource control policy")] if self.controls else (),
        )


def source(statements: Sequence[Part]) -> Part:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def document(statements: Sequence[Part], name: str) -> Document:
    return parse(source(statements), name)


TAG = "aws:PrincipalTag/team"
VPCE = "aws:SourceVpce"
SUBNETS = "sagemaker:VpcSubnets"
ISOLATION = "sagemaker:NetworkIsolation"
VIA = "aws:CalledVia"
AGE = "aws:MultiFactorAuthAge"
NOW = "aws:CurrentTime"
NOON = "2026-06-01T12:00:00Z"


@dataclass(frozen=True, kw_only=True)
class Held:
    """A Condition element, a request's keys, and whether the element holds."""

    what: str
    condition: Mapping[str, Mapping[str, object]]
    context: Mapping[str, Value]
    holds: bool

    @property
    def decided(self) -> Decided:
        """The same as a request: a training job, which carries the keys of SageMaker, allowed under the condition."""
        job = f"arn:aws:sagemaker:eu-west-1:{HOME}:training-job/job"
        return Decided(
            what=self.what,
            allowed=self.holds,
            by="When" if self.holds else "",
            action="sagemaker:CreateTrainingJob",
            resource=job,
            context=self.context,
            identity=[allow(Condition=self.condition, Sid="When")],
        )


def held(
    what: str,
    operator: str,
    key: str,
    wanted: object,
    given: Value | None,
    holds: bool,
) -> Held:
    context: dict[str, Value] = {} if given is None else {key: given}
    return Held(what=what, condition={operator: {key: wanted}}, context=context, holds=holds)


T, F = True, False
CONDITIONS = [
    # A key that is missing (part 3, items 1, 4, 16, 17, 20).
    held("positive, missing", "StringEquals", VPCE, "vpce-1", None, F),
    held("negated, missing", "StringNotEquals", VPCE, "vpce-1", None, T),
    held("negated like, missing", "StringNotLike", VPCE, "vpce-*", None, T),
    held("negated ARN, missing", "ArnNotLike", "aws:SourceArn", "arn:aws:s3:::b", None, T),
    held("negated address, missing", "NotIpAddress", "aws:SourceIp", "10.0.0.0/8", None, T),
    held("negated number, missing", "NumericNotEquals", AGE, "1", None, T),
    held("negated date, missing", "DateNotEquals", "aws:TokenIssueTime", NOON, None, T),
    held("IfExists does not soften a negation", "StringNotEqualsIfExists", VPCE, "vpce-1", None, T),
    held("IfExists, missing", "StringEqualsIfExists", VPCE, "vpce-1", None, T),
    held("IfExists, present and wrong", "StringEqualsIfExists", VPCE, "vpce-1", "vpce-2", F),
    held("IfExists, present and right", "StringEqualsIfExists", VPCE, "vpce-1", "vpce-1", T),
    held("negated IfExists, present", "StringNotEqualsIfExists", VPCE, "vpce-1", "vpce-1", F),
    held("Bool false, missing", "Bool", ISOLATION, "false", None, F),
    held("BoolIfExists false, missing", "BoolIfExists", ISOLATION, "false", None, T),
    held("BoolIfExists false, true", "BoolIfExists", ISOLATION, "false", "true", F),
    held("ForAllValues, missing", "ForAllValues:StringEquals", SUBNETS, ["s-1"], None, T),
    held("ForAllValues negated, missing", "ForAllValues:StringNotEquals", SUBNETS, ["s-1"], None, T),
    held("ForAnyValue, missing", "ForAnyValue:StringEquals", SUBNETS, ["s-1"], None, F),
    held("ForAnyValue negated, missing", "ForAnyValue:StringNotEquals", SUBNETS, ["s-1"], None, F),
    held("Null true, missing", "Null", SUBNETS, "true", None, T),
    held("Null true, present", "Null", SUBNETS, "true", ["s-1"], F),
    held("Null false, missing", "Null", SUBNETS, "false", None, F),
    held("Null false, present", "Null", SUBNETS, "false", ["s-1"], T),
    held("Null as a boolean", "Null", SUBNETS, wanted=True, given=None, holds=T),
    # Several keys and operators are ANDed (items 2, 14, 21).
    Held(
        what="Null of two keys, one missing",
        condition={"Null": {SUBNETS: "true", "sagemaker:VpcSecurityGroupIds": "true"}},
        context={SUBNETS: ["s-1"]},
        holds=F,
    ),
    Held(
        what="Null of two keys, both missing",
        condition={"Null": {SUBNETS: "true", "sagemaker:VpcSecurityGroupIds": "true"}},
        context={},
        holds=T,
    ),
    Held(
        what="two operators, one fails",
        condition={"StringEquals": {VPCE: "vpce-1"}, "ArnLike": {"aws:PrincipalArn": DEPLOYER}},
        context={VPCE: "vpce-1"},
        holds=F,
    ),
    Held(
        what="header denied only when present (item 20)",
        condition={"Null": {TAG: "false"}, "StringNotEquals": {TAG: "a"}},
        context={},
        holds=F,
    ),
    # Sets (item 16).
    held("ForAllValues, all right", "ForAllValues:StringEquals", SUBNETS, ["s-1", "s-2"], ["s-2", "s-1"], T),
    held("ForAllValues, one wrong", "ForAllValues:StringEquals", SUBNETS, ["s-1"], ["s-1", "s-2"], F),
    held("ForAllValues negated fails open", "ForAllValues:StringNotEquals", SUBNETS, ["s-1"], ["s-1", "bad"], F),
    held("ForAnyValue, one right", "ForAnyValue:StringEquals", SUBNETS, ["s-1"], ["bad", "s-1"], T),
    held("ForAnyValue, none right", "ForAnyValue:StringEquals", SUBNETS, ["s-1"], ["bad"], F),
    held("ForAnyValue negated, one foreign", "ForAnyValue:StringNotEquals", SUBNETS, ["s-1"], ["s-1", "bad"], T),
    held("ForAnyValue negated, none foreign", "ForAnyValue:StringNotEquals", SUBNETS, ["s-1"], ["s-1"], F),
    held(
        "ForAnyValue of one value", "ForAnyValue:StringEquals", VIA, "athena.amazonaws.com", ["athena.amazonaws.com"], T
    ),
    held("many values without a set operator", "StringEquals", SUBNETS, "s-1", ["s-1", "s-2"], F),
    held("many values, negated without one", "StringNotEquals", SUBNETS, "s-1", ["s-2", "s-3"], F),
    # Strings.
    held("any of several values", "StringEquals", TAG, ["a", "b"], "b", T),
    held("negated: none of several", "StringNotEquals", TAG, ["a", "b"], "b", F),
    held("case of a value", "StringEquals", TAG, "Blue", "blue", F),
    held("case ignored", "StringEqualsIgnoreCase", TAG, "Blue", "bLUE", T),
    held("case ignored, negated", "StringNotEqualsIgnoreCase", TAG, "Blue", "bLUE", F),
    held("a star is a star in equals", "StringEquals", TAG, "a*", "ab", F),
    held("like", "StringLike", TAG, "a*c?", "abbbcd", T),
    held("like, case", "StringLike", TAG, "A*", "ab", F),
    held("not like", "StringNotLike", TAG, ["x*", "a*"], "ab", F),
    held("dots are dots", "StringLike", TAG, "a.c", "abc", F),
    Held(
        what="case of a key",
        condition={"StringEquals": {"AWS:sourcevpce": "vpce-1"}},
        context={VPCE: "vpce-1"},
        holds=T,
    ),
    # ARNs, segment by segment.
    held("ARN like", "ArnLike", "aws:SourceArn", "arn:aws:s3:::b*/x", "arn:aws:s3:::bucket/y/x", T),
    held("ARN star stays in its segment", "ArnLike", "aws:SourceArn", "arn:aws:*:b", "arn:aws:s3:::b", F),
    held("ARN equals is like", "ArnEquals", "aws:SourceArn", "arn:aws:s3:::b*", "arn:aws:s3:::bucket", T),
    held(
        "ARN of any account", "ArnLike", "aws:SourceArn", "arn:*:iam::*:role/x", "arn:aws:iam::444455556666:role/x", T
    ),
    held(
        "ARN last segment has colons",
        "ArnLike",
        "aws:SourceArn",
        "arn:aws:logs:*:*:log-group:*",
        f"arn:aws:logs:eu-west-1:{HOME}:log-group:/a:b",
        T,
    ),
    held("ARN against no ARN", "ArnLike", "aws:SourceArn", "*", "arn:aws:s3:::b", F),
    held("ARN not like", "ArnNotLike", "aws:SourceArn", "arn:aws:s3:::b*", "arn:aws:s3:::bucket", F),
    held("ARN not equals, another", "ArnNotEquals", "aws:SourceArn", "arn:aws:s3:::a", "arn:aws:s3:::b", T),
    # Booleans, numbers, dates, addresses.
    held("Bool", "Bool", "aws:SecureTransport", "false", "false", T),
    held("Bool, any case", "Bool", "aws:SecureTransport", "TRUE", "true", T),
    held("Bool as a boolean", "Bool", "aws:SecureTransport", wanted=False, given="false", holds=T),
    held("Bool of no boolean", "Bool", "aws:SecureTransport", "yes", "yes", F),
    held("less", "NumericLessThan", AGE, "3600", "60", T),
    held("less, equal", "NumericLessThan", AGE, "60", "60", F),
    held("less or equal", "NumericLessThanEquals", AGE, "60", "60", T),
    held("greater", "NumericGreaterThan", AGE, "9", "10", T),
    held("greater or equal", "NumericGreaterThanEquals", AGE, "10", "9", F),
    held("number as a number", "NumericEquals", AGE, 60, "60", T),
    held("number, other spelling", "NumericEquals", AGE, "60.0", "60", T),
    held("number not equal", "NumericNotEquals", AGE, "60", "61", T),
    held("no number", "NumericEquals", AGE, "many", "60", F),
    held("before", "DateLessThan", NOW, "2026-06-01T12:00:01Z", NOON, T),
    held("after", "DateGreaterThan", NOW, NOON, "2026-06-01T11:00:00Z", F),
    held("date equals", "DateEquals", NOW, NOON, NOON, T),
    held("date not equals", "DateNotEquals", NOW, NOON, NOON, F),
    held("date at most", "DateLessThanEquals", NOW, NOON, NOON, T),
    held("date at least", "DateGreaterThanEquals", NOW, NOON, NOON, T),
    held("day", "DateGreaterThan", NOW, "2026-05-31", NOON, T),
    held("address inside", "IpAddress", "aws:SourceIp", "10.0.0.0/8", "10.1.2.3", T),
    held("address alone", "IpAddress", "aws:SourceIp", "10.1.2.3", "10.1.2.3", T),
    held("address outside", "NotIpAddress", "aws:SourceIp", ["10.0.0.0/8", "192.0.2.0/24"], "192.0.2.1", F),
    held("address of the other family", "IpAddress", "aws:SourceIp", "0.0.0.0/0", "2001:db8::1", F),
    held("address of the other family, negated", "NotIpAddress", "aws:SourceIp", "10.0.0.0/8", "2001:db8::1", T),
    held("address of version 6", "IpAddress", "aws:SourceIp", "2001:db8::/32", "2001:db8::1", T),
    # Variables.
    Held(
        what="variable",
        condition={"StringEquals": {VPCE: "${aws:PrincipalTag/team}"}},
        context={VPCE: "x", TAG: "x"},
        holds=T,
    ),
    Held(
        what="variable without a value",
        condition={"StringEquals": {VPCE: "${aws:PrincipalTag/team}"}},
        context={VPCE: "x"},
        holds=F,
    ),
    Held(
        what="variable without a value, negated",
        condition={"StringNotEquals": {VPCE: "${aws:PrincipalTag/team}"}},
        context={VPCE: "x"},
        holds=F,
    ),
    Held(
        what="default of a variable",
        condition={"StringEquals": {VPCE: "${aws:PrincipalTag/team, 'x'}"}},
        context={VPCE: "x"},
        holds=T,
    ),
    Held(
        what="default not needed",
        condition={"StringEquals": {VPCE: "${aws:PrincipalTag/team, 'x'}"}},
        context={VPCE: "x", TAG: "y"},
        holds=F,
    ),
    Held(
        what="a variable's star is a star",
        condition={"StringLike": {VPCE: "${aws:PrincipalTag/team}"}},
        context={VPCE: "x", TAG: "*"},
        holds=F,
    ),
    Held(what="escaped star", condition={"StringLike": {TAG: "a${*}"}}, context={TAG: "ab"}, holds=F),
    Held(what="escaped star itself", condition={"StringLike": {TAG: "a${*}"}}, context={TAG: "a*"}, holds=T),
    Held(what="escaped question mark", condition={"StringLike": {TAG: "a${?}"}}, context={TAG: "a?"}, holds=T),
    Held(what="escaped dollar", condition={"StringLike": {TAG: "${$}x*"}}, context={TAG: "$xy"}, holds=T),
    # The other evaluator separates segments at the colon inside the variable.
    Held(
        what="variable in an ARN's account",
        condition={"ArnLike": {"aws:SourceArn": "arn:aws:iam::${aws:PrincipalTag/team}:role/x"}},
        context={"aws:SourceArn": "arn:aws:iam::1:role/x", TAG: "1"},
        holds=T,
    ),
    Held(
        what="variable in an ARN",
        condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::${aws:PrincipalTag/team}/*"}},
        context={"aws:SourceArn": "arn:aws:s3:::b/x", TAG: "b"},
        holds=T,
    ),
]

NO_SERVICE = {"aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false"}
PERIMETER: Part = deny(
    ["s3:GetObject", "s3:PutObject"],
    f"{BUCKET}/*",
    Sid="DenyNoVPC",
    Principal="*",
    Condition={
        "StringNotEquals": {VPCE: ["vpce-1", "vpce-2"]},
        "ArnNotLike": {"aws:PrincipalArn": [DEPLOYER]},
        "BoolIfExists": NO_SERVICE,
    },
)
OPEN: Part = allow("s3:*", [BUCKET, f"{BUCKET}/*"], Sid="AllowAll", Principal="*")


def perimeter(what: str, allowed: bool, principal: Principal = WORKER, **context: str) -> Decided:
    """A request for an object of a bucket that everybody may read, but for the perimeter."""
    return Decided(
        what=f"perimeter: {what}",
        allowed=allowed,
        by="AllowAll" if allowed else "DenyNoVPC",
        principal=principal,
        context={key.replace("_", ":"): value for key, value in context.items()},
        attached=[OPEN, PERIMETER],
    )


PERIMETER_CASES = [
    perimeter("through our endpoint", T, aws_SourceVpce="vpce-1"),
    perimeter("through our other endpoint", T, aws_SourceVpce="vpce-2"),
    perimeter("through a foreign endpoint", F, aws_SourceVpce="vpce-9"),
    perimeter("from the internet", F),
    perimeter("the deployer from the internet", T, Principal.role(DEPLOYER)),
    perimeter("a service for the caller", T, aws_ViaAWSService="true"),
    perimeter("a service for itself", T, LOGGING),
    perimeter("without credentials", F, NOBODY),
    perimeter("a service role from its service's network", F, Principal.role(f"arn:aws:iam::{HOME}:role/Pipeline")),
]

READS = allow("s3:GetObject", f"{BUCKET}/*", Sid="Reads")
ALL = allow(Sid="All")


def to(
    principal: object, action: str | list[str] = "s3:GetObject", resource: str | None = f"{BUCKET}/*", **more: object
) -> Part:
    """An Allow of a resource's policy."""
    return allow(action, resource, Sid="Grants", Principal=principal, **more)


on_key = partial(Decided, action="kms:Decrypt", resource=KEY)
on_role = partial(Decided, action="sts:AssumeRole", resource=TRUSTED)

DECISIONS = [
    *PERIMETER_CASES,
    # One account.
    Decided(what="nothing allows", allowed=F),
    Decided(what="identity allows", allowed=T, by="Reads", identity=[READS]),
    Decided(what="identity allows another action", allowed=F, action="s3:PutObject", identity=[READS]),
    Decided(what="identity denies", allowed=F, by="No", identity=[READS, deny("s3:Get*", Sid="No")]),
    Decided(
        what="resource denies",
        allowed=F,
        by="No",
        identity=[READS],
        attached=[deny("s3:*", f"{BUCKET}/*", Principal="*", Sid="No")],
    ),
    Decided(what="resource allows the role", allowed=T, by="Grants", attached=[to({"AWS": ROLE})]),
    Decided(what="resource allows the session", allowed=T, by="Grants", attached=[to({"AWS": SESSION})]),
    Decided(what="resource allows another session", allowed=F, attached=[to({"AWS": f"{SESSION}2"})]),
    Decided(what="resource allows everybody", allowed=T, by="Grants", attached=[to("*")]),
    Decided(what="resource allows AWS: everybody", allowed=T, by="Grants", attached=[to({"AWS": "*"})]),
    Decided(what="resource allows the account", allowed=F, attached=[to({"AWS": HOME})]),
    Decided(what="resource allows the account's root", allowed=F, attached=[to({"AWS": ROOT})]),
    Decided(what="resource allows another role", allowed=F, attached=[to({"AWS": DEPLOYER})]),
    Decided(
        what="resource denies the account",
        allowed=F,
        by="No",
        identity=[READS],
        attached=[deny("s3:*", f"{BUCKET}/*", Principal={"AWS": HOME}, Sid="No")],
    ),
    Decided(what="a service is not a role", allowed=F, attached=[to({"Service": "logging.s3.amazonaws.com"})]),
    # Boundaries: item of "Permissions boundaries" for users, roles and sessions.
    Decided(what="boundary allows", allowed=T, by="Reads", identity=[READS], boundary=[ALL]),
    Decided(what="boundary leaves it out", allowed=F, identity=[READS], boundary=[allow("sqs:*")]),
    Decided(
        what="boundary denies", allowed=F, by="No", identity=[READS], boundary=[ALL, deny("s3:GetObject", Sid="No")]
    ),
    Decided(what="boundary grants nothing", allowed=F, boundary=[ALL]),
    Decided(
        what="boundary limits a grant to the role", allowed=F, attached=[to({"AWS": ROLE})], boundary=[allow("sqs:*")]
    ),
    Decided(
        what="boundary does not limit a grant to the session",
        allowed=T,
        by="Grants",
        attached=[to({"AWS": SESSION})],
        boundary=[allow("sqs:*")],
    ),
    Decided(
        what="boundary does not limit a grant to everybody",
        allowed=T,
        by="Grants",
        attached=[to("*", Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}})],
        boundary=[allow("sqs:*")],
    ),
    Decided(
        what="boundary does not limit a grant to the user",
        allowed=T,
        by="Grants",
        principal=ALICE,
        attached=[to({"AWS": USER})],
        boundary=[allow("sqs:*")],
    ),
    Decided(
        what="boundary's deny limits a grant to the session",
        allowed=F,
        by="No",
        attached=[to({"AWS": SESSION})],
        boundary=[ALL, deny("s3:*", Sid="No")],
    ),
    Decided(
        what="boundary limits the account's grant",
        allowed=F,
        identity=[READS],
        attached=[to({"AWS": ROOT})],
        boundary=[allow("sqs:*")],
    ),
    Decided(what="session policy leaves it out", allowed=F, identity=[READS], session=[allow("sqs:*")]),
    Decided(
        what="session policy limits a grant to the role",
        allowed=F,
        attached=[to({"AWS": ROLE})],
        session=[allow("sqs:*")],
    ),
    # Across accounts (item 9).
    Decided(what="abroad: identity alone", allowed=F, principal=READER, identity=[READS], attached=[]),
    Decided(what="abroad: resource alone", allowed=F, principal=READER, attached=[to({"AWS": FOREIGNER})]),
    Decided(
        what="abroad: both",
        allowed=T,
        by="Grants",
        principal=READER,
        identity=[READS],
        attached=[to({"AWS": FOREIGNER})],
    ),
    Decided(
        what="abroad: both, by account",
        allowed=T,
        by="Grants",
        principal=READER,
        identity=[READS],
        attached=[to({"AWS": ABROAD})],
    ),
    Decided(
        what="abroad: everybody and identity",
        allowed=T,
        by="Grants",
        principal=READER,
        identity=[READS],
        attached=[to("*")],
    ),
    Decided(what="abroad: everybody alone", allowed=F, principal=READER, attached=[to("*")]),
    Decided(
        what="abroad: boundary leaves it out",
        allowed=F,
        principal=READER,
        identity=[READS],
        boundary=[allow("sqs:*")],
        attached=[to({"AWS": FOREIGNER})],
    ),
    Decided(
        what="abroad: account narrowed by role",
        allowed=T,
        by="Grants",
        principal=READER,
        identity=[READS],
        attached=[to({"AWS": ABROAD}, Condition={"ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:role/Reader"}})],
    ),
    Decided(
        what="abroad: account narrowed by another role",
        allowed=F,
        principal=READER,
        identity=[READS],
        attached=[to({"AWS": ABROAD}, Condition={"ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:role/Other"}})],
    ),
    # Endpoints.
    Decided(
        what="endpoint allows",
        allowed=T,
        by="Reads",
        identity=[READS],
        context={VPCE: "vpce-1"},
        endpoint=[allow(Principal="*")],
    ),
    Decided(
        what="endpoint leaves it out",
        allowed=F,
        identity=[READS],
        context={VPCE: "vpce-1"},
        endpoint=[allow("sqs:*", Principal="*")],
    ),
    Decided(
        what="endpoint denies",
        allowed=F,
        by="No",
        identity=[READS],
        context={VPCE: "vpce-1"},
        endpoint=[allow(Principal="*"), deny("s3:*", Principal="*", Sid="No")],
    ),
    Decided(
        what="endpoint is not on the way",
        allowed=T,
        by="Reads",
        identity=[READS],
        endpoint=[allow("sqs:*", Principal="*")],
    ),
    Decided(
        what="endpoint keeps to our accounts: foreign bucket",
        allowed=F,
        identity=[allow(Sid="Any")],
        account=ABROAD,
        attached=[to("*")],
        context={VPCE: "vpce-1"},
        endpoint=[allow(Principal="*", Condition={"StringEquals": {"aws:ResourceAccount": HOME}})],
    ),
    # The other evaluator refuses principals other than `*` in an endpoint policy.
    Decided(
        what="endpoint for the account's root only",
        allowed=F,
        identity=[READS],
        context={VPCE: "vpce-1"},
        endpoint=[allow(Principal={"AWS": ROOT})],
    ),
    # The other evaluator refuses this one too.
    Decided(
        what="endpoint for the account's root, who comes",
        allowed=T,
        principal=Principal.root(ROOT),
        context={VPCE: "vpce-1"},
        endpoint=[allow(Principal={"AWS": HOME})],
    ),
    # Services and nobody.
    Decided(
        what="service is granted",
        allowed=T,
        by="Grants",
        principal=LOGGING,
        attached=[to({"Service": "logging.s3.amazonaws.com"})],
    ),
    Decided(
        what="service is not granted",
        allowed=F,
        principal=LOGGING,
        attached=[to({"Service": "delivery.logs.amazonaws.com"})],
    ),
    Decided(
        what="service for another account's resource",
        allowed=F,
        principal=LOGGING,
        context={"aws:SourceAccount": ABROAD},
        attached=[to({"Service": "logging.s3.amazonaws.com"}, Condition={"StringEquals": {"aws:SourceAccount": HOME}})],
    ),
    Decided(what="nobody is everybody", allowed=T, by="Grants", principal=NOBODY, attached=[to("*")]),
    Decided(what="nobody is not of the account", allowed=F, principal=NOBODY, attached=[to({"AWS": HOME})]),
    Decided(
        what="nobody has no ARN",
        allowed=F,
        principal=NOBODY,
        attached=[to("*", Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}})],
    ),
    # Plain Bool lets a request without the key pass a Deny (item 4).
    Decided(
        what="nobody passes a plain Bool",
        allowed=T,
        by="AllowAll",
        principal=NOBODY,
        attached=[
            OPEN,
            deny("s3:*", f"{BUCKET}/*", Principal="*", Condition={"Bool": {"aws:PrincipalIsAWSService": "false"}}),
        ],
    ),
    Decided(
        what="nobody does not pass BoolIfExists",
        allowed=F,
        by="No",
        principal=NOBODY,
        attached=[
            OPEN,
            deny(
                "s3:*",
                f"{BUCKET}/*",
                Principal="*",
                Sid="No",
                Condition={"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
            ),
        ],
    ),
    # The principal's ARN is the role's, path included, never the session's (item 6).
    Decided(
        what="ARN of the role",
        allowed=T,
        by="All",
        identity=[allow(Sid="All", Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}})],
    ),
    Decided(
        what="ARN of the session", allowed=F, identity=[allow(Condition={"ArnEquals": {"aws:PrincipalArn": SESSION}})]
    ),
    Decided(
        what="ARN without the path",
        allowed=F,
        identity=[allow(Condition={"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{HOME}:role/Worker"}})],
    ),
    Decided(
        what="account of the resource",
        allowed=F,
        by="No",
        identity=[READS, deny("s3:*", Sid="No", Condition={"StringEquals": {"s3:ResourceAccount": HOME}})],
    ),
    # Two denies are absolute, one with two operators is narrow (item 2).
    Decided(
        what="exemptions split in two denies",
        allowed=F,
        by="Endpoint",
        principal=Principal.role(DEPLOYER),
        attached=[
            OPEN,
            deny("s3:*", f"{BUCKET}/*", Principal="*", Sid="Endpoint", Condition={"StringNotEquals": {VPCE: "vpce-1"}}),
            deny(
                "s3:*",
                f"{BUCKET}/*",
                Principal="*",
                Sid="Role",
                Condition={"ArnNotLike": {"aws:PrincipalArn": DEPLOYER}},
            ),
        ],
    ),
    # Keys and trusts: the resource's policy must allow or delegate.
    on_key(what="key: identity alone", allowed=F, attached=[], identity=[ALL]),
    on_key(
        what="key: delegated to the account",
        allowed=T,
        attached=[to({"AWS": ROOT}, "kms:*", "*")],
        identity=[ALL],
        by="Grants",
    ),
    on_key(what="key: delegated, identity does not allow", allowed=F, attached=[to({"AWS": ROOT}, "kms:*", "*")]),
    on_key(
        what="key: delegated without this action",
        allowed=F,
        attached=[to({"AWS": ROOT}, "kms:Encrypt", "*")],
        identity=[ALL],
    ),
    on_key(what="key: granted to the role", allowed=T, attached=[to({"AWS": ROLE}, "kms:Decrypt", "*")], by="Grants"),
    on_key(
        what="key: denied although delegated",
        allowed=F,
        attached=[to({"AWS": ROOT}, "kms:*", "*"), deny("kms:Decrypt", Principal="*", Sid="No")],
        identity=[ALL],
        by="No",
    ),
    on_key(
        what="key: abroad, both",
        allowed=T,
        attached=[to({"AWS": ABROAD}, "kms:*", "*")],
        identity=[ALL],
        principal=READER,
        by="Grants",
    ),
    on_key(what="key: abroad, key alone", allowed=F, attached=[to({"AWS": ABROAD}, "kms:*", "*")], principal=READER),
    on_key(
        what="key: any account, of this caller and service",
        allowed=T,
        attached=[
            to(
                {"AWS": "*"},
                "kms:Decrypt",
                "*",
                Condition={"StringEquals": {"kms:CallerAccount": HOME, "kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
            )
        ],
        context={"kms:ViaService": "s3.eu-west-1.amazonaws.com"},
        by="Grants",
    ),
    on_key(
        what="key: an alias follows identity policies",
        allowed=T,
        by="All",
        action="kms:CreateAlias",
        resource=f"arn:aws:kms:eu-west-1:{HOME}:alias/data",
        identity=[ALL],
    ),
    on_key(what="key: no key in question", allowed=T, by="All", action="kms:ListKeys", resource="*", identity=[ALL]),
    on_role(
        what="trust: identity alone",
        allowed=F,
        attached=[to({"Service": "sagemaker.amazonaws.com"}, "sts:AssumeRole", None)],
        identity=[ALL],
    ),
    on_role(
        what="trust: the account, identity allows",
        allowed=T,
        attached=[to({"AWS": ROOT}, "sts:AssumeRole", None)],
        identity=[ALL],
        by="Grants",
    ),
    on_role(
        what="trust: the account, identity does not", allowed=F, attached=[to({"AWS": ROOT}, "sts:AssumeRole", None)]
    ),
    on_role(
        what="trust: the role itself", allowed=T, attached=[to({"AWS": ROLE}, "sts:AssumeRole", None)], by="Grants"
    ),
    on_role(
        what="trust: its service",
        allowed=T,
        attached=[to({"Service": "sagemaker.amazonaws.com"}, "sts:AssumeRole", None)],
        principal=Principal.service("sagemaker.amazonaws.com"),
        by="Grants",
    ),
    on_role(
        what="trust: its service for another account",
        allowed=F,
        attached=[
            to(
                {"Service": "sagemaker.amazonaws.com"},
                "sts:AssumeRole",
                None,
                Condition={"StringEquals": {"aws:SourceAccount": HOME}},
            )
        ],
        principal=Principal.service("sagemaker.amazonaws.com"),
        context={"aws:SourceAccount": ABROAD},
    ),
    # The organisation.
    Decided(what="every level allows", allowed=T, by="Reads", identity=[READS], levels=[[ALL], [allow("s3:*")]]),
    Decided(what="one level leaves it out", allowed=F, identity=[READS], levels=[[ALL], [allow("sqs:*")]]),
    Decided(what="a level denies", allowed=F, by="No", identity=[READS], levels=[[ALL, deny("s3:*", Sid="No")]]),
    # The other evaluator binds services too.
    Decided(
        what="service control does not bind a service",
        allowed=T,
        by="Grants",
        principal=LOGGING,
        attached=[to({"Service": "logging.s3.amazonaws.com"})],
        levels=[[allow("sqs:*")]],
    ),
    Decided(
        what="resource control denies",
        allowed=F,
        by="No",
        identity=[READS],
        controls=[deny("s3:*", Principal="*", Sid="No")],
    ),
    Decided(
        what="resource control binds foreigners",
        allowed=F,
        by="No",
        principal=READER,
        identity=[READS],
        attached=[to({"AWS": FOREIGNER})],
        controls=[deny("s3:*", Principal="*", Sid="No", Condition={"StringNotEquals": {"aws:PrincipalAccount": HOME}})],
    ),
    # The other evaluator binds these too.
    Decided(
        what="service control does not bind a service-linked role",
        allowed=T,
        by="Reads",
        principal=Principal.role(f"arn:aws:iam::{HOME}:role/aws-service-role/x.amazonaws.com/Linked"),
        identity=[READS],
        levels=[[allow("sqs:*")]],
    ),
    # Patterns and the Not- elements.
    Decided(what="case of an action", allowed=T, by="Any", identity=[allow("S3:getobject", Sid="Any")]),
    Decided(what="question mark", allowed=T, by="Any", identity=[allow("s3:?etObject", Sid="Any")]),
    Decided(what="case of a resource", allowed=F, identity=[allow("s3:*", f"{BUCKET}/Folder/*")]),
    Decided(what="a bucket is not its objects", allowed=F, identity=[allow("s3:*", BUCKET)]),
    Decided(what="stars cross slashes", allowed=T, by="Any", identity=[allow("s3:*", f"{BUCKET}/f*e", Sid="Any")]),
    Decided(what="a bucket's prefix", allowed=T, by="Any", identity=[allow("s3:*", "arn:aws:s3:::buck*", Sid="Any")]),
    Decided(
        what="NotAction",
        allowed=T,
        by="Any",
        identity=[{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*", "Sid": "Any"}],
    ),
    Decided(
        what="NotAction, listed",
        allowed=F,
        identity=[{"Effect": "Allow", "NotAction": ["iam:*", "s3:Get*"], "Resource": "*"}],
    ),
    Decided(
        what="NotResource denies the rest",
        allowed=F,
        by="No",
        identity=[ALL, {"Effect": "Deny", "Action": "s3:*", "NotResource": f"{BUCKET}/other/*", "Sid": "No"}],
    ),
    Decided(
        what="NotResource spares",
        allowed=T,
        by="All",
        identity=[ALL, {"Effect": "Deny", "Action": "s3:*", "NotResource": f"{BUCKET}/folder/*"}],
    ),
    Decided(
        what="NotPrincipal denies others",
        allowed=F,
        by="No",
        identity=[ALL],
        attached=[
            {
                "Effect": "Deny",
                "Action": "s3:*",
                "Resource": f"{BUCKET}/*",
                "NotPrincipal": {"AWS": DEPLOYER},
                "Sid": "No",
            }
        ],
    ),
    Decided(
        what="NotPrincipal with a boundary denies always",
        allowed=F,
        by="No",
        identity=[ALL],
        boundary=[ALL],
        attached=[
            {
                "Effect": "Deny",
                "Action": "s3:*",
                "Resource": f"{BUCKET}/*",
                "NotPrincipal": {"AWS": [ROLE, SESSION, ROOT]},
                "Sid": "No",
            }
        ],
    ),
    Decided(
        what="variable in a resource",
        allowed=T,
        by="Any",
        principal=ALICE,
        resource=f"{BUCKET}/alice/x",
        identity=[allow("s3:*", BUCKET + "/${aws:username}/*", Sid="Any")],
    ),
    Decided(
        what="variable in a resource, no value", allowed=F, identity=[allow("s3:*", BUCKET + "/${aws:username}/*")]
    ),
    Decided(
        what="variable in a resource holds a star",
        allowed=F,
        context={TAG: "*"},
        identity=[allow("s3:*", BUCKET + "/${aws:PrincipalTag/team}/file")],
    ),
    # The root of the bucket's account repairs its policy; nobody else does.
    # The other evaluator does not know the exception.
    Decided(
        what="root repairs a bucket's policy",
        allowed=T,
        principal=Principal.root(ROOT),
        action="s3:PutBucketPolicy",
        resource=BUCKET,
        attached=[deny("s3:*", BUCKET, Principal="*")],
    ),
    Decided(
        what="root repairs nothing else",
        allowed=F,
        by="No",
        principal=Principal.root(ROOT),
        action="s3:ListBucket",
        resource=BUCKET,
        attached=[deny("s3:*", BUCKET, Principal="*", Sid="No")],
    ),
]
