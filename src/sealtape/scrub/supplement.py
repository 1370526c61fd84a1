"""What the service models do not say: members that hold secrets and are not marked, and the other way round.

`tools/scrub_candidates.py` lists more of them when botocore has grown.
"""

from __future__ import annotations

from collections.abc import Mapping

_SUPPLEMENT = """
sts                 Credentials.SessionToken
cognito-identity    Credentials.SessionToken
ssm                 StartSessionResponse.TokenValue ResumeSessionResponse.TokenValue
                    CreateActivationResult.ActivationCode
ssm-contacts        ActivateContactChannelRequest.ActivationCode
ecr                 AuthorizationData.authorizationToken
ecr-public          AuthorizationData.authorizationToken
codeartifact        GetAuthorizationTokenResult.authorizationToken
apigateway          ApiKey.value CreateApiKeyRequest.value CreateDomainNameRequest.certificatePrivateKey
appsync             ApiKey.id DeleteApiKeyRequest.id UpdateApiKeyRequest.id
lambda              FunctionCodeLocation.Location LayerVersionContentOutput.Location
elbv2               AuthenticateOidcActionConfig.ClientSecret
docdb               CreateDBClusterMessage.MasterUserPassword ModifyDBClusterMessage.MasterUserPassword
                    PendingModifiedValues.MasterUserPassword
neptune             CreateDBClusterMessage.MasterUserPassword ModifyDBClusterMessage.MasterUserPassword
                    CreateDBInstanceMessage.MasterUserPassword ModifyDBInstanceMessage.MasterUserPassword
                    PendingModifiedValues.MasterUserPassword
elasticache         AuthenticationMode.Passwords CreateUserMessage.Passwords ModifyUserMessage.Passwords
                    CreateCacheClusterMessage.AuthToken ModifyCacheClusterMessage.AuthToken
                    CreateReplicationGroupMessage.AuthToken ModifyReplicationGroupMessage.AuthToken
memorydb            AuthenticationMode.Passwords
mq                  CreateUserRequest.Password UpdateUserRequest.Password User.Password
                    LdapServerMetadataInput.ServiceAccountPassword
redshift            CreateHsmConfigurationMessage.HsmPartitionPassword
redshift-serverless GetIdentityCenterAuthTokenResponse.token
emr                 KerberosAttributes.KdcAdminPassword KerberosAttributes.ADDomainJoinPassword
                    KerberosAttributes.CrossRealmTrustPrincipalPassword UsernamePassword.Password
codebuild           Webhook.secret
                    SSMSession.tokenValue
codepipeline        WebhookAuthConfiguration.SecretToken
sagemaker           StartSessionResponse.TokenValue
athena              GetSessionEndpointResponse.AuthToken CreatePresignedNotebookUrlResponse.AuthToken
eks                 ConnectorConfigResponse.activationCode
firehose            SplunkDestinationConfiguration.HECToken SplunkDestinationUpdate.HECToken
                    SplunkDestinationDescription.HECToken
gamelift            AwsCredentials.SecretAccessKey AwsCredentials.SessionToken
                    GetComputeAuthTokenOutput.AuthToken InstanceCredentials.Secret
glue                SourceControlDetails.AuthToken UpdateJobFromSourceControlRequest.AuthToken
                    UpdateSourceControlFromJobRequest.AuthToken
lakeformation       TemporaryCredentials.SecretAccessKey TemporaryCredentials.SessionToken
                    AssumeDecoratedRoleWithSAMLResponse.SecretAccessKey
                    AssumeDecoratedRoleWithSAMLResponse.SessionToken
                    GetTemporaryGluePartitionCredentialsResponse.SecretAccessKey
                    GetTemporaryGluePartitionCredentialsResponse.SessionToken
                    GetTemporaryGlueTableCredentialsResponse.SecretAccessKey
                    GetTemporaryGlueTableCredentialsResponse.SessionToken
license-manager     GetAccessTokenResponse.AccessToken CreateTokenResponse.Token
pinpoint            GCMChannelRequest.ApiKey BaiduChannelRequest.ApiKey BaiduChannelRequest.SecretKey
                    APNSChannelRequest.PrivateKey ADMChannelRequest.ClientSecret
                    APNSSandboxChannelRequest.PrivateKey APNSVoipChannelRequest.PrivateKey
                    APNSVoipSandboxChannelRequest.PrivateKey
quicksight          CredentialPair.Password AssetBundleImportJobDataSourceCredentialPair.Password
sns                 ConfirmSubscriptionInput.Token
wafv2               APIKeySummary.APIKey CreateAPIKeyResponse.APIKey
workmail            AssumeImpersonationRoleResponse.Token
s3                  Owner.ID Initiator.ID Grantee.ID
organizations       Account.Id
appflow             ConnectorOAuthRequest.authCode DynatraceConnectorProfileCredentials.apiToken
                    GoogleAnalyticsConnectorProfileCredentials.refreshToken
                    HoneycodeConnectorProfileCredentials.refreshToken
                    InforNexusConnectorProfileCredentials.secretAccessKey OAuth2Credentials.refreshToken
                    OAuthCredentials.refreshToken PardotConnectorProfileCredentials.refreshToken
                    SalesforceConnectorProfileCredentials.refreshToken
amplify             Webhook.webhookUrl
cloudformation      RecordHandlerProgressInput.BearerToken
cloudhsmv2          Cluster.PreCoPassword
inspector2          SendCisSessionHealthRequest.sessionToken SendCisSessionTelemetryRequest.sessionToken
                    StartCisSessionMessage.sessionToken StopCisSessionRequest.sessionToken
iot                 MqttContext.password
kinesis-video-signaling IceServer.Password
meteringmarketplace ResolveCustomerRequest.RegistrationToken
securityhub         AwsOpenSearchServiceDomainMasterUserOptionsDetails.MasterUserPassword
                    AwsRdsDbPendingModifiedValues.MasterUserPassword
                    AwsRedshiftClusterPendingModifiedValues.MasterUserPassword
socialmessaging     WhatsAppSignupCallback.accessToken
sns                 VerifySMSSandboxPhoneNumberInput.OneTimePassword
"""


_PAYLOADS = """
appsync             GetGraphqlApiEnvironmentVariablesResponse.environmentVariables
                    PutGraphqlApiEnvironmentVariablesRequest.environmentVariables
                    PutGraphqlApiEnvironmentVariablesResponse.environmentVariables
emr                 StartNotebookExecutionInput.EnvironmentVariables
                    NotebookExecution.EnvironmentVariables
ec2                 InstanceAttribute.UserData ScheduledInstancesLaunchSpecification.UserData
autoscaling         CreateLaunchConfigurationType.UserData LaunchConfiguration.UserData
lightsail           CreateInstancesRequest.userData CreateInstancesFromSnapshotRequest.userData
                    InstanceEntry.userData
imagebuilder        AdditionalInstanceConfiguration.userDataOverride
ecs                 KeyValuePair.value
batch               KeyValuePair.value EksContainerEnvironmentVariable.value
codebuild           EnvironmentVariable.value ExportedEnvironmentVariable.value
cloudformation      Parameter.ParameterValue Output.OutputValue
greengrassv2        LambdaExecutionParameters.environmentVariables
lightsail           Container.environment
sagemaker           ContainerDefinition.Environment ModelPackageContainerDefinition.Environment
                    CreateProcessingJobRequest.Environment DescribeProcessingJobResponse.Environment
                    CreateTrainingJobRequest.Environment DescribeTrainingJobResponse.Environment
                    CreateTransformJobRequest.Environment DescribeTransformJobResponse.Environment
                    MonitoringJobDefinition.Environment ProcessingJob.Environment TrainingJob.Environment
                    TransformJob.Environment TransformJobDefinition.Environment
                    HyperParameterTrainingJobDefinition.Environment AutoMLContainerDefinition.Environment
securityhub         AwsAutoScalingLaunchConfigurationDetails.UserData
                    AwsEc2LaunchTemplateDataDetails.UserData
amplify             AutoBranchCreationConfig.environmentVariables App.environmentVariables
                    Branch.environmentVariables
                    CreateAppRequest.environmentVariables UpdateAppRequest.environmentVariables
                    CreateBranchRequest.environmentVariables UpdateBranchRequest.environmentVariables
apprunner           CodeConfigurationValues.RuntimeEnvironmentVariables
                    ImageConfiguration.RuntimeEnvironmentVariables
synthetics          CanaryRunConfigInput.EnvironmentVariables
"""

_CONTENT = """
lambda          InvocationRequest.Payload InvocationResponse.Payload InvokeResponseStreamUpdate.Payload
                InvokeWithResponseStreamRequest.Payload EnvironmentError.Message
                FunctionCodeLocationError.Message ImageConfigError.Message
stepfunctions   StartExecutionInput.input StartSyncExecutionInput.input StartSyncExecutionOutput.input
                StartSyncExecutionOutput.output StartSyncExecutionOutput.error
                StartSyncExecutionOutput.cause DescribeExecutionOutput.input
                DescribeExecutionOutput.output DescribeExecutionOutput.error
                DescribeExecutionOutput.cause CreateStateMachineInput.definition
                UpdateStateMachineInput.definition DescribeStateMachineOutput.definition
                DescribeStateMachineOutput.description SendTaskSuccessInput.output
                SendTaskFailureInput.error SendTaskFailureInput.cause GetActivityTaskOutput.input
                ExecutionStartedEventDetails.input ExecutionSucceededEventDetails.output
                ExecutionFailedEventDetails.error ExecutionFailedEventDetails.cause
                StateEnteredEventDetails.input StateExitedEventDetails.output
                TaskScheduledEventDetails.parameters TaskSucceededEventDetails.output
                TaskFailedEventDetails.error TaskFailedEventDetails.cause
                LambdaFunctionScheduledEventDetails.input LambdaFunctionSucceededEventDetails.output
                LambdaFunctionFailedEventDetails.error LambdaFunctionFailedEventDetails.cause
                ActivityScheduledEventDetails.input ActivitySucceededEventDetails.output
                ActivityFailedEventDetails.error ActivityFailedEventDetails.cause
bedrock-runtime InvokeModelRequest.body InvokeModelResponse.body PayloadPart.bytes
                InvokeModelWithResponseStreamRequest.body ResponseStream.chunk
sagemaker-runtime InvokeEndpointInput.Body InvokeEndpointOutput.Body
ecs             KeyValuePair.name
cloudfront      CreateFunctionRequest.FunctionCode UpdateFunctionRequest.FunctionCode
rds             DownloadDBLogFilePortionDetails.LogFileData
"""


def _table(text: str) -> dict[str, frozenset[str]]:
    entries: dict[str, set[str]] = {}
    service = ""
    for line in text.strip().splitlines():
        words = line.split()
        if not line.startswith(" "):
            service, *words = words
        entries.setdefault(service, set()).update(words)
    return {name: frozenset(members) for name, members in entries.items()}


SUPPLEMENT: Mapping[str, frozenset[str]] = _table(_SUPPLEMENT)
"""By service, the members (``Shape.member``) that hold credentials and are not marked."""

PAYLOADS: Mapping[str, frozenset[str]] = _table(_PAYLOADS)
"""By service, unmarked members that often carry secrets among ordinary settings."""

CONTENT: Mapping[str, frozenset[str]] = _table(_CONTENT)
"""By service, the members that are marked but hold documents: looked into, not replaced whole."""
