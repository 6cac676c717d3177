"""Many accounts and Regions: by name, by the organisation, by role; what one refuses, the others do not."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from checker.core.errors import InputError
from checker.lint.report import Report
from checker.live.aws.access import Coverage
from tests.live.cloud import ACCOUNT, REGION, Answer, Call, Cloud, refuse
from tests.live.scene import audited, make_instance, make_topic, said_of

OTHER = "999988887777"


def topics_of(report: Report) -> set[str]:
    return {one.resource for one in report.examined if one.kind == "topic"}


def test_accounts_are_entered_by_role_and_the_callers_own_is_not(cloud: Cloud) -> None:
    topics = {make_topic(cloud, "chat", make_instance(cloud, one), account=one) for one in (ACCOUNT, OTHER)}
    cloud.calls.clear()
    coverage = Coverage(accounts=(ACCOUNT, OTHER))
    report = audited(cloud, coverage, role="audit/reader", external_id="secret")
    assert topics_of(report) == topics
    (assumed,) = [parse_qs(one.body) for one in cloud.calls if one.operation == "AssumeRole"]
    assert assumed["RoleArn"] == [f"arn:aws:iam::{OTHER}:role/audit/reader"]
    assert assumed["ExternalId"] == ["secret"]


def test_the_accounts_of_an_organisation_are_listed(cloud: Cloud) -> None:
    organizations = cloud.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    made = organizations.create_account(Email="a@example.com", AccountName="a")["CreateAccountStatus"]
    member = made["AccountId"]
    topic = make_topic(cloud, "chat", make_instance(cloud, member), account=member)
    report = audited(cloud, Coverage(organization=True), role="reader")
    assert topics_of(report) == {topic}


def test_an_account_that_lets_nobody_in_does_not_end_the_run(cloud: Cloud) -> None:
    topic = make_topic(cloud, "chat", make_instance(cloud))
    cloud.fault = refuse("AssumeRole", "AccessDenied")
    report = audited(cloud, Coverage(accounts=(OTHER, ACCOUNT)), role="reader")
    assert topics_of(report) == {topic}
    assert report.unreadable
    assert "sts:AssumeRole" in said_of(report)
    assert OTHER in said_of(report)


def test_accounts_of_others_need_a_role(cloud: Cloud) -> None:
    with pytest.raises(InputError, match="role"):
        audited(cloud, Coverage(accounts=(OTHER,)))


def test_all_regions_that_are_switched_on_are_audited(cloud: Cloud) -> None:
    regions = ("us-east-1", "eu-west-2")
    topics = {make_topic(cloud, "chat", make_instance(cloud, region=one), region=one) for one in regions}
    shown = "".join(f"<item><regionName>{one}</regionName></item>" for one in regions)
    text = f"<DescribeRegionsResponse><regionInfo>{shown}</regionInfo></DescribeRegionsResponse>"
    cloud.fault = lambda call: (200, text) if call.operation == "DescribeRegions" else None
    assert topics_of(audited(cloud, Coverage(all_regions=True))) == topics


def test_a_region_that_is_off_does_not_end_the_run(cloud: Cloud) -> None:
    topic = make_topic(cloud, "chat", make_instance(cloud))

    def off(call: Call) -> Answer:
        return (403, {"__type": "InvalidClientTokenId"}) if call.region == "af-south-1" else None

    cloud.fault = off
    report = audited(cloud, Coverage(regions=("af-south-1", REGION)))
    assert topics_of(report) == {topic}
    assert "af-south-1: the Region is disabled" in said_of(report)
    assert len([one for one in cloud.calls if one.region == "af-south-1"]) <= 3


def test_a_role_is_assumed_anew_when_its_session_is_about_to_end(cloud: Cloud) -> None:
    make_topic(cloud, "chat", account=OTHER)
    cloud.calls.clear()
    given = {
        "AccessKeyId": "a",
        "SecretAccessKey": "b",
        "SessionToken": "c",
        "Expiration": "2020-01-01T00:00:00Z",
    }
    shown = "".join(f"<{key}>{value}</{key}>" for key, value in given.items())
    text = f"<AssumeRoleResponse><AssumeRoleResult><Credentials>{shown}</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    cloud.fault = lambda call: (200, text) if call.operation == "AssumeRole" else None
    audited(cloud, Coverage(accounts=(OTHER,)), role="reader")
    assert cloud.counts()["sts:AssumeRole"] > 1


@pytest.mark.parametrize(
    ("account", "help_text"),
    [("9999-8888-7777", f"use `{OTHER}`"), ("99998888777", "an account ID has twelve digits")],
)
def test_a_wrong_account_id_is_refused_before_any_call(cloud: Cloud, account: str, help_text: str) -> None:
    cloud.calls.clear()
    with pytest.raises(InputError, match="is not a valid account ID") as error:
        audited(cloud, Coverage(accounts=(account,)), role="reader")
    assert error.value.help == help_text
    assert not cloud.calls
