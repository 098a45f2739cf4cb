"""The CloudFormation template of a stage's endpoint. Pure: plain values in, a dict out.

The model is given as image and archive rather than by ModelPackageName: so the image is pinned by its digest (a package names a tag, which
SageMaker would resolve again in every account and at every deployment), the rules that check the template see the registry and the bucket,
and what is deployed is what was hashed. The version's ARN, which would otherwise be lost, is a parameter and a tag.

Network, keys, bucket and roles differ by account. They are parameters of SSM types: a stack set hands their names on to each account, whose
CloudFormation resolves them there under the stack set's execution role (AWS's own `aws-samples/amazon-sagemaker-secure-mlops` relies on it;
CloudFormation user guide, "Systems Manager parameter types": a parameter is looked up in the caller's account). The lists are plain strings
with commas that `Fn::Split` cuts: the List types want a StringList parameter.

Alarm names are literal, so the endpoint can name the alarms that roll it back while the alarms' dimensions name the endpoint.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serving import PARAMETER
from stages import Stage

Json = dict[str, Any]

PARAMETERS: Mapping[str, str] = {
    "Subnets": "network/subnets",
    "SecurityGroups": "network/security-groups/workload",
    "DataKey": "keys/data",
    "StorageKey": "keys/storage",
    "LogsKey": "keys/logs",
    "CaptureBucket": "buckets/capture",
    "ModelRole": "roles/SageMakerModelExecutionRole",
    "MonitoringRole": "roles/MonitoringRole",
}
"""Template parameter -> path of the SSM parameter, below the environment's prefix, that every target account must have."""

VARIANT = "AllTraffic"
_CANARIES = 2
"""Instances from which on traffic is shifted by a canary: it may be half the fleet at most."""
_LOCAL = "/opt/ml/processing"
_DATA_METRICS = "aws/sagemaker/Endpoints/data-metrics"
_MODEL_METRICS = "aws/sagemaker/Endpoints/model-metrics"
_METRICS_AN_ALARM = 10
"""Metrics that one alarm's expression may use (CloudWatch user guide, "Create an alarm based on a metric math expression")."""
_HOUR = 3600
_DAY = 24 * _HOUR


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """What one stage's endpoint is made of.

    Attributes:
        prefix: The environment's.
        project_name: The project's name.
        project_id: SageMaker's id of the project.
        stage: The stage's name.
        choices: What the project chooses for the stage.
        image: The container's image, by digest.
        artifact_url: The model's archive.
        environment: The container's variables.
        baseline_url: Prefix of the registered baseline.
        features: Columns of the baseline: the label and the features.
        drift_threshold: Distance from the baseline at which a column has drifted, from the registered constraints.
        rmse_limit: Error against the ground truth from which on the model is worse than registered.
        monitor_image: Model Monitor's image; None where the region has none.
    """

    prefix: str
    project_name: str
    project_id: str
    stage: str
    choices: Stage
    image: str
    artifact_url: str
    environment: Mapping[str, str]
    baseline_url: str
    features: Sequence[str]
    drift_threshold: float
    rmse_limit: float
    monitor_image: str | None

    @property
    def name(self) -> str:
        """The endpoint's name."""
        return f"{self.project_name}-{self.project_id}-{self.stage}"

    def alarm(self, what: str) -> str:
        """An alarm's name; the rule that starts retraining matches `-drift-`."""
        return f"{self.prefix}-{self.name}-{what}"

    @property
    def tags(self) -> list[Json]:
        """Tags of everything that takes tags."""
        values = {
            "sagemaker:project-id": self.project_id,
            "sagemaker:project-name": self.project_name,
            "mlops:environment": self.prefix,
            "mlops:stage": self.stage,
        }
        return [{"Key": key, "Value": value} for key, value in values.items()]


def template(endpoint: Endpoint) -> Json:
    """The template of one stage; every account of the stage gets the same."""
    resources = {**_model(endpoint), **_endpoint(endpoint), **_alarms(endpoint)}
    if endpoint.choices.max_instances > endpoint.choices.instances:
        resources |= _scaling(endpoint)
    if endpoint.monitor_image and endpoint.choices.data_quality:
        resources |= _data_quality(endpoint, endpoint.monitor_image)
    if endpoint.monitor_image and endpoint.choices.model_quality:
        resources |= _model_quality(endpoint, endpoint.monitor_image)
    used = _references(resources)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Endpoint of the project {endpoint.project_name}, stage {endpoint.stage}",
        "Parameters": {
            PARAMETER: {"Type": "String", "Description": "The version that serves"},
            **{key: _parameter(endpoint.prefix, path) for key, path in PARAMETERS.items() if key in used},
        },
        "Resources": resources,
        "Outputs": {
            "EndpointName": {"Value": {"Fn::GetAtt": ["Endpoint", "EndpointName"]}},
            PARAMETER: {"Value": {"Ref": PARAMETER}},
        },
    }


def _parameter(prefix: str, path: str) -> Json:
    name = f"/{prefix}/{path}"
    return {"Type": "AWS::SSM::Parameter::Value<String>", "Default": name, "AllowedValues": [name]}


def _references(value: Any) -> set[str]:
    """Names of parameters that a part of the template uses."""
    if isinstance(value, list):
        return set().union(*map(_references, value))
    if isinstance(value, dict):
        if "Ref" in value:
            return {value["Ref"]}
        return set().union(*map(_references, value.values()))
    return {name for name in PARAMETERS if isinstance(value, str) and f"${{{name}}}" in value}


def _ref(name: str) -> Json:
    return {"Ref": name}


def _split(name: str) -> Json:
    return {"Fn::Split": [",", _ref(name)]}


def _vpc() -> Json:
    return {"Subnets": _split("Subnets"), "SecurityGroupIds": _split("SecurityGroups")}


# The endpoint -------------------------------------------------------------------------------------------------------------------------


def _model(endpoint: Endpoint) -> Json:
    container: Json = {"Image": endpoint.image, "ModelDataUrl": endpoint.artifact_url}
    if endpoint.environment:
        container["Environment"] = dict(endpoint.environment)
    version = {"Key": "mlops:model-package", "Value": _ref(PARAMETER)}
    return {
        "Model": {
            "Type": "AWS::SageMaker::Model",
            "Properties": {
                "ExecutionRoleArn": _ref("ModelRole"),
                "PrimaryContainer": container,
                "EnableNetworkIsolation": True,
                "VpcConfig": _vpc(),
                "Tags": [*endpoint.tags, version],
            },
        },
        # No name: every property of a configuration replaces it, and a replacement needs a name of its own.
        "EndpointConfig": {
            "Type": "AWS::SageMaker::EndpointConfig",
            "Properties": {
                "KmsKeyId": _ref("StorageKey"),
                "ProductionVariants": [
                    {
                        "VariantName": VARIANT,
                        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
                        "InstanceType": endpoint.choices.instance_type,
                        "InitialInstanceCount": endpoint.choices.instances,
                        "InitialVariantWeight": 1,
                    }
                ],
                "DataCaptureConfig": {
                    "EnableCapture": True,
                    "InitialSamplingPercentage": endpoint.choices.capture_percentage,
                    "DestinationS3Uri": _place(endpoint, "data-capture"),
                    "KmsKeyId": _ref("DataKey"),
                    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
                    "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
                },
                "Tags": [*endpoint.tags, version],
            },
        },
    }


def _place(endpoint: Endpoint, part: str) -> Json:
    """Where in the account's capture bucket something of this endpoint is."""
    return {"Fn::Sub": f"s3://${{CaptureBucket}}/{part}/{endpoint.name}"}


def _endpoint(endpoint: Endpoint) -> Json:
    rollback = ["Errors", "Latency"]
    alarms = [{"AlarmName": endpoint.alarm(what)} for what in ("5xx", "latency")]
    return {
        # Before the endpoint: SageMaker would make the group itself, without key and retention.
        "Logs": {
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {
                "LogGroupName": f"/aws/sagemaker/Endpoints/{endpoint.name}",
                "KmsKeyId": _ref("LogsKey"),
                "RetentionInDays": 365,
                "Tags": endpoint.tags,
            },
        },
        "Endpoint": {
            "Type": "AWS::SageMaker::Endpoint",
            "DependsOn": ["Logs", *rollback],
            "Properties": {
                "EndpointName": endpoint.name,
                "EndpointConfigName": {"Fn::GetAtt": ["EndpointConfig", "EndpointConfigName"]},
                # The first deployment has nothing to shift traffic from; every later one follows this.
                "DeploymentConfig": {
                    "BlueGreenUpdatePolicy": {
                        "TrafficRoutingConfiguration": _traffic(endpoint.choices.instances),
                        "TerminationWaitInSeconds": 120,
                        "MaximumExecutionTimeoutInSeconds": 3600,
                    },
                    "AutoRollbackConfiguration": {"Alarms": alarms},
                },
                # An update keeps the number of instances that scaling has reached.
                "RetainAllVariantProperties": True,
                "Tags": [*endpoint.tags, {"Key": "mlops:model-package", "Value": _ref(PARAMETER)}],
            },
        },
    }


def _traffic(instances: int) -> Json:
    """A canary on one new instance for five minutes; a single instance cannot be shared, so all traffic at once, watched as long."""
    if instances >= _CANARIES:
        return {"Type": "CANARY", "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1}, "WaitIntervalInSeconds": 300}
    return {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 300}


def _alarms(endpoint: Endpoint) -> Json:
    """What rolls a deployment back. No data is no error: nobody may be asking."""
    dimensions = [{"Name": "EndpointName", "Value": endpoint.name}, {"Name": "VariantName", "Value": VARIANT}]
    errors = {
        "AlarmDescription": "One request in a hundred or more is answered with an error of the server",
        "MetricName": "Invocation5XXErrors",
        # Its average is the share of requests that failed (SageMaker developer guide, "Endpoint invocation metrics").
        "Statistic": "Average",
        "Threshold": 0.01,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "EvaluationPeriods": 2,
        "DatapointsToAlarm": 2,
    }
    latency = {
        "AlarmDescription": f"Five requests in a hundred take longer than {endpoint.choices.latency_p95_ms} ms",
        "MetricName": "ModelLatency",
        "ExtendedStatistic": "p95",
        "Threshold": endpoint.choices.latency_p95_ms * 1000,  # the metric is in microseconds
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 3,
    }
    common = {"Namespace": "AWS/SageMaker", "Dimensions": dimensions, "Period": 60}
    return {
        "Errors": _alarm(endpoint, "5xx", {**errors, **common}),
        "Latency": _alarm(endpoint, "latency", {**latency, **common}),
    }


def _alarm(endpoint: Endpoint, what: str, properties: Json) -> Json:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": endpoint.alarm(what),
            "TreatMissingData": "notBreaching",
            **properties,
            "Tags": endpoint.tags,
        },
    }


def _scaling(endpoint: Endpoint) -> Json:
    variant = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint.name}/variant/{VARIANT}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    return {
        "ScalingTarget": {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "DependsOn": "Endpoint",
            "Properties": {
                **variant,
                "MinCapacity": endpoint.choices.instances,
                "MaxCapacity": endpoint.choices.max_instances,
                "Tags": endpoint.tags,
            },
        },
        "ScalingPolicy": {
            "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
            "DependsOn": "ScalingTarget",
            "Properties": {
                **variant,
                "PolicyName": f"{endpoint.name}-invocations",
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": {
                    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
                    "TargetValue": endpoint.choices.invocations_per_instance,
                    "ScaleInCooldown": 300,
                    "ScaleOutCooldown": 60,
                },
            },
        },
    }


# Monitoring ---------------------------------------------------------------------------------------------------------------------------


def _data_quality(endpoint: Endpoint, image: str) -> Json:
    """Requests and answers against the registered baseline, every hour."""
    schedule = f"{endpoint.name}-dq"
    return {
        "DataQuality": _job_definition(
            endpoint,
            "DataQuality",
            {
                "DataQualityAppSpecification": {
                    "ImageUri": image,
                    "Environment": {"publish_cloudwatch_metrics": "Enabled"},
                },
                "DataQualityBaselineConfig": {
                    "ConstraintsResource": {"S3Uri": f"{endpoint.baseline_url}/constraints.json"},
                    "StatisticsResource": {"S3Uri": f"{endpoint.baseline_url}/statistics.json"},
                },
                "DataQualityJobInput": {"EndpointInput": _captured(endpoint)},
            },
        ),
        "DataQualitySchedule": _schedule(endpoint, schedule, "DataQuality", "cron(0 * ? * * *)"),
        **{
            f"DataDrift{number}": _alarm(endpoint, f"drift-data-{number}", _drift(endpoint, schedule, features))
            for number, features in enumerate(_chunks(endpoint.features, _METRICS_AN_ALARM // 2), start=1)
        },
    }


def _drift(endpoint: Endpoint, schedule: str, features: Sequence[str]) -> Json:
    """The largest distance from the baseline over some columns.

    AWS documents the metric's dimensions in three ways; the two that its own code uses are asked, the one without data counts for nothing.
    Sources: developer guide, "CloudWatch Metrics" of Model Monitor; `sagemaker` 2.x, `data_quality_monitoring_dashboard`.
    """
    narrow = [{"Name": "Endpoint", "Value": endpoint.name}, {"Name": "MonitoringSchedule", "Value": schedule}]
    metrics = [
        {
            "Id": f"m{number}",
            "ReturnData": False,
            "MetricStat": {
                "Metric": {
                    "Namespace": _DATA_METRICS,
                    "MetricName": f"feature_baseline_drift_{feature}",
                    "Dimensions": dimensions,
                },
                "Period": _HOUR,
                "Stat": "Maximum",
            },
        }
        for number, (feature, dimensions) in enumerate(
            (feature, dimensions)
            for feature in features
            for dimensions in (narrow, [*narrow, {"Name": "Feature", "Value": "_"}])
        )
    ]
    largest = {
        "Id": "largest",
        "Expression": f"MAX([{', '.join(metric['Id'] for metric in metrics)}])",
        "Label": "largest drift",
    }
    return {
        "AlarmDescription": f"Drift from the registered baseline in {', '.join(features)}",
        "Metrics": [{**largest, "ReturnData": True}, *metrics],
        "Threshold": endpoint.drift_threshold,
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
    }


def _model_quality(endpoint: Endpoint, image: str) -> Json:
    """Answers against the ground truth that producers put beside the captured requests, every day."""
    schedule = f"{endpoint.name}-mq"
    return {
        "ModelQuality": _job_definition(
            endpoint,
            "ModelQuality",
            {
                "ModelQualityAppSpecification": {
                    "ImageUri": image,
                    "ProblemType": "Regression",
                    "Environment": {"publish_cloudwatch_metrics": "Enabled"},
                },
                "ModelQualityJobInput": {
                    "EndpointInput": {
                        **_captured(endpoint),
                        "InferenceAttribute": "0",
                        "StartTimeOffset": "-P1D",
                        "EndTimeOffset": "-P0D",
                    },
                    "GroundTruthS3Input": {"S3Uri": _place(endpoint, "ground-truth")},
                },
            },
        ),
        "ModelQualitySchedule": _schedule(endpoint, schedule, "ModelQuality", "cron(0 0 ? * * *)"),
        "ModelDrift": _alarm(
            endpoint,
            "drift-model",
            {
                "AlarmDescription": "The error against the ground truth is above the registered one's tolerance",
                "Namespace": _MODEL_METRICS,
                "MetricName": "rmse",
                "Dimensions": [
                    {"Name": "Endpoint", "Value": endpoint.name},
                    {"Name": "MonitoringSchedule", "Value": schedule},
                ],
                "Statistic": "Maximum",
                "Period": _DAY,
                "Threshold": endpoint.rmse_limit,
                "ComparisonOperator": "GreaterThanThreshold",
                "EvaluationPeriods": 1,
            },
        ),
    }


def _captured(endpoint: Endpoint) -> Json:
    return {
        "EndpointName": endpoint.name,
        "LocalPath": f"{_LOCAL}/input/endpoint",
        "S3DataDistributionType": "FullyReplicated",
        "S3InputMode": "File",
    }


def _job_definition(endpoint: Endpoint, kind: str, properties: Json) -> Json:
    """A monitoring job: our subnets, no network, both keys. No name: every property replaces it."""
    return {
        "Type": f"AWS::SageMaker::{kind}JobDefinition",
        "DependsOn": "Endpoint",
        "Properties": {
            **properties,
            f"{kind}JobOutputConfig": {
                "KmsKeyId": _ref("DataKey"),
                "MonitoringOutputs": [
                    {
                        "S3Output": {
                            "LocalPath": f"{_LOCAL}/output",
                            "S3Uri": _place(endpoint, "reports"),
                            "S3UploadMode": "EndOfJob",
                        }
                    }
                ],
            },
            "JobResources": {
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": endpoint.choices.monitoring_instance_type,
                    "VolumeSizeInGB": 20,
                    "VolumeKmsKeyId": _ref("StorageKey"),
                }
            },
            "NetworkConfig": {
                "EnableNetworkIsolation": True,
                "EnableInterContainerTrafficEncryption": True,
                "VpcConfig": _vpc(),
            },
            "RoleArn": _ref("MonitoringRole"),
            "StoppingCondition": {"MaxRuntimeInSeconds": 1800},
            "Tags": endpoint.tags,
        },
    }


def _schedule(endpoint: Endpoint, name: str, kind: str, when: str) -> Json:
    """A schedule by the definition's name, which is the last part of the ARN that Ref gives."""
    return {
        "Type": "AWS::SageMaker::MonitoringSchedule",
        "Properties": {
            "MonitoringScheduleName": name,
            "MonitoringScheduleConfig": {
                "MonitoringJobDefinitionName": {"Fn::Select": [1, {"Fn::Split": ["/", _ref(kind)]}]},
                "MonitoringType": kind,
                "ScheduleConfig": {"ScheduleExpression": when},
            },
            "Tags": endpoint.tags,
        },
    }


def _chunks(items: Sequence[str], size: int) -> list[Sequence[str]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
